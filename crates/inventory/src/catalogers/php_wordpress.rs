//! WordPress, its plugins and its themes, as their files say it.
//!
//! `wp-includes/version.php` has the version of the core. A plugin is a PHP file in `wp-content/plugins`, or in a
//! folder there, that has `Plugin Name:` in the comment at its beginning; a theme has `Theme Name:` in its
//! `style.css`. As in WordPress, the first 8 KiB are looked at. The folder's name is the one by which the plugin is
//! known; no OSV feed lists plugins, so they are listed and not judged.
//! <https://developer.wordpress.org/plugins/plugin-basics/header-requirements/>

use seawall_model::{FilePath, PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct PhpWordpress;

/// Bytes at the beginning of a file in which WordPress looks for the comment.
const HEADER_BYTES: u64 = 8 << 10;

impl Cataloger for PhpWordpress {
    fn name(&self) -> &'static str {
        "php/wordpress"
    }

    fn target(&self) -> Target {
        Target::Everywhere
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("php"), Trigger::Name("style.css")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        Part::of(path).is_some()
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(part) = Part::of(file.path) else { return };
        let mut bytes = vec![0; file.content.size().min(HEADER_BYTES) as usize];
        if let Err(error) = file.content.read_exact_at(&mut bytes, 0) {
            return found.read_problem(&error);
        }
        let text = String::from_utf8_lossy(&bytes);
        let (name, title) = match part {
            Part::Core => return core(&text, found),
            Part::Plugin(slug) => {
                (format!("wordpress-plugin/{}", String::from_utf8_lossy(slug)), "Plugin Name")
            }
            Part::Theme(slug) => (format!("wordpress-theme/{}", String::from_utf8_lossy(slug)), "Theme Name"),
        };
        // Most files of a plugin are not the one with the comment.
        if field(&text, title).is_none() {
            return;
        }
        let Some(version) = field(&text, "Version") else {
            return found.problem(ProblemKind::Malformed, format!("{name} names no version"));
        };
        let mut package = found.package(PackageKind::Generic, name, version);
        package.vendor = field(&text, "Author").map(str::to_owned);
        package.licences.extend(field(&text, "License").map(str::to_owned));
        found.push(package);
    }
}

/// What a file may be of.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Core,
    Plugin(&'a [u8]),
    Theme(&'a [u8]),
}

impl<'a> Part<'a> {
    fn of(path: FilePath<'a>) -> Option<Self> {
        let mut parts = path.as_bytes().rsplit(|byte| *byte == b'/');
        let (file, first) = (parts.next()?, parts.next()?);
        let (second, third) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match (third, second, first, file) {
            (_, _, b"wp-includes", b"version.php") => Some(Self::Core),
            (b"wp-content", b"themes", folder, b"style.css") => Some(Self::Theme(folder)),
            (b"wp-content", b"plugins", folder, _) if is_php(file) => Some(Self::Plugin(folder)),
            (_, b"wp-content", b"plugins" | b"mu-plugins", _) if is_php(file) => {
                Some(Self::Plugin(file.get(..file.len() - 4)?))
            }
            _ => None,
        }
    }
}

fn is_php(file: &[u8]) -> bool {
    file.len() > 4 && file.ends_with(b".php")
}

/// The core: `$wp_version = '6.4.2';`.
fn core(text: &str, found: &mut Found<'_>) {
    let version = text.lines().find_map(|line| {
        let value = line.trim().strip_prefix("$wp_version")?.trim_start().strip_prefix('=')?;
        Some(value.trim().trim_end_matches(';').trim().trim_matches(['\'', '"']))
    });
    match version.filter(|version| !version.is_empty()) {
        Some(version) => found.push(found.package(PackageKind::Generic, "wordpress", version)),
        None => found.problem(ProblemKind::Malformed, "it names no version of WordPress"),
    }
}

/// The value behind `<name>:` at the beginning of a line, after the marks of a comment.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let line = line.trim_start_matches('\u{feff}').trim_start();
        let line = line.strip_prefix("<?php").unwrap_or(line);
        let line = line.trim_start_matches([' ', '\t', '/', '*', '#', '@']);
        let (key, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(':').filter(|_| key.eq_ignore_ascii_case(name))?;
        let end = ["*/", "?>"].iter().filter_map(|mark| value.find(mark)).min().unwrap_or(value.len());
        Some(value[..end].trim()).filter(|value| !value.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_files_may_be_of_wordpress() {
        for (path, expected) in [
            ("var/www/html/wp-includes/version.php", Some(Part::Core)),
            ("srv/wp-content/plugins/akismet/akismet.php", Some(Part::Plugin(b"akismet"))),
            ("wp-content/plugins/hello.php", Some(Part::Plugin(b"hello"))),
            ("wp-content/mu-plugins/loader.php", Some(Part::Plugin(b"loader"))),
            ("wp-content/themes/twenty/style.css", Some(Part::Theme(b"twenty"))),
            ("wp-content/plugins/akismet/views/stats.php", None),
            ("wp-content/plugins/akismet/style.css", None),
            ("wp-content/plugins/.php", None),
            ("plugins/akismet/akismet.php", None),
            ("version.php", None),
        ] {
            assert_eq!(Part::of(FilePath::from_normal(path.as_bytes())), expected, "{path}");
        }
    }

    #[test]
    fn fields_in_all_kinds_of_comments() {
        for (text, expected) in [
            ("<?php\n/*\nPlugin Name: One\n*/", Some("One")),
            ("<?php\n/**\n * plugin name:One */", Some("One")),
            ("<?php /* Plugin Name: One */ ?>", Some("One")),
            ("<?php // Plugin Name: One", Some("One")),
            ("<?php\n# Plugin Name:\n", None),
            ("<?php\necho 'Plugin Name: One';", None),
            ("Plugin Nam\u{e9}: One", None),
            ("", None),
        ] {
            assert_eq!(field(text, "Plugin Name"), expected, "{text}");
        }
    }
}
