//! What DLLs and programs of Windows and .NET say of themselves in their version resource, for those that no
//! `*.deps.json` lists.
//!
//! That resource has no field for the NuGet package. A .NET library counts as the package of its own name only where
//! all signs agree, because a wrong version gives wrong findings and hides right ones:
//!
//! - it is a library for .NET, and its file has the name that it was built with,
//! - `ProductVersion` is written as NuGet writes versions (`13.0.3`, `8.0.0-rc.1`, `13.0.3+<commit>`), as the SDK
//!   takes it over from the package; four numbers without a commit are the version of the file alone,
//! - `FileVersion` begins with the same two numbers.
//!
//! Everything else is a *program* with the version that it states: listed, and compared with no feed.
//! Reference assemblies (only compiled against) and translations (which lie beside their library) are left out.

use seawall_model::{FilePath, PackageKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::version_resource::{self, Texts};

pub(super) struct WindowsVersionResource;

impl Cataloger for WindowsVersionResource {
    fn name(&self) -> &'static str {
        VERSION_RESOURCE
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Executable]
    }

    fn wants_content(&self, path: FilePath<'_>, head: &[u8]) -> bool {
        head.starts_with(b"MZ") && !is_of_no_use(path.as_bytes())
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(executable) = file.executable() else { return };
        let is_managed = executable.images.iter().any(|image| image.directories.is_managed);
        let Some(texts) = version_resource::texts(executable, file.content) else { return };
        let name = String::from_utf8_lossy(file.path.file_name());
        let Some(identified) = identify(&name, &texts, is_managed) else { return };
        let mut package = found.package(identified.kind, identified.name, identified.version);
        package.vendor = texts.get("CompanyName").cloned();
        found.push(package);
    }
}

/// The name of this cataloger; [`crate::assembly`] leaves out what a `*.deps.json` lists.
pub(crate) const VERSION_RESOURCE: &str = "windows/version-resource";

fn is_of_no_use(path: &[u8]) -> bool {
    let name = path.to_ascii_lowercase();
    let contains = |part: &[u8]| memchr::memmem::find(&name, part).is_some();
    name.ends_with(b".resources.dll")
        || name.ends_with(b".mui")
        || (contains(b"packs/") && contains(b"/ref/"))
}

#[derive(Debug, PartialEq)]
struct Identified {
    kind: PackageKind,
    name: String,
    version: String,
}

fn identify(file_name: &str, texts: &Texts, is_managed: bool) -> Option<Identified> {
    let text = |name: &str| texts.get(name).map(String::as_str);
    let (stem, extension) = file_name.rsplit_once('.').unwrap_or((file_name, ""));
    let built_as = text("OriginalFilename").or(text("InternalName")).map(without_extension);
    let file_version = text("FileVersion");
    let is_own_name = built_as.is_some_and(|name| name.eq_ignore_ascii_case(stem));
    let is_library = is_managed && extension.eq_ignore_ascii_case("dll") && is_own_name;
    let package_version = text("ProductVersion")
        .and_then(nuget_version)
        .filter(|version| file_version.is_none_or(|file| first_two(file) == first_two(version)));
    if let Some(version) = package_version.filter(|_| is_library) {
        return Some(Identified { kind: PackageKind::Nuget, name: stem.to_owned(), version });
    }
    // Without a word such as `@BuiltBy: …` behind it.
    let version = text("ProductVersion").or(file_version)?.split_whitespace().next()?.to_owned();
    let name = built_as.unwrap_or(stem);
    let is_said = version.starts_with(|first: char| first.is_ascii_digit()) && !is_zero(&version);
    is_said.then(|| Identified { kind: PackageKind::Generic, name: name.to_owned(), version })
}

/// The version of the package, where it is written as one: without the commit behind it.
fn nuget_version(product_version: &str) -> Option<String> {
    let (version, commit) = match product_version.split_once('+') {
        Some((version, commit)) => (version, Some(commit)),
        None => (product_version, None),
    };
    let (numbers, label) = match version.split_once('-') {
        Some((numbers, label)) => (numbers, Some(label)),
        None => (version, None),
    };
    let is_commit = |text: &str| text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = |text: &str| {
        let is_part =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        text.split('.').all(is_part)
    };
    let count = numbers.split('.').count();
    let is_long_enough = count == 3 || (count == 4 && commit.is_some_and(is_commit));
    let is_version = is_long_enough
        && numbers.split('.').all(is_number)
        && label.is_none_or(is_label)
        && !is_zero(numbers);
    is_version.then(|| version.to_owned())
}

fn is_zero(version: &str) -> bool {
    version.split('.').all(|number| number.bytes().all(|digit| digit == b'0'))
}

fn first_two(version: &str) -> Vec<&str> {
    version.split(['.', '-', '+', ' ']).take(2).collect()
}

/// Without the extension of a program or library.
fn without_extension(name: &str) -> &str {
    let known = ["dll", "exe"];
    match name.rsplit_once('.') {
        Some((stem, extension)) if known.iter().any(|known| extension.eq_ignore_ascii_case(known)) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identified(file: &str, original: &str, product: &str, version: &str) -> String {
        let texts = [("OriginalFilename", original), ("ProductVersion", product), ("FileVersion", version)];
        let texts = texts.iter().filter(|(_, text)| !text.is_empty());
        let texts = texts.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        match identify(file, &texts, true) {
            Some(found) => format!("{} {} {}", found.kind.purl_type(), found.name, found.version),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_library_is_a_package_only_where_all_signs_agree() {
        let json = "Newtonsoft.Json.dll";
        for (file, original, product, version, expected) in [
            (json, json, "13.0.3+0a2e291c0d9c0c76", "13.0.3.27908", "nuget Newtonsoft.Json 13.0.3"),
            (json, json, "13.0.3", "13.0.3.27908", "nuget Newtonsoft.Json 13.0.3"),
            (json, json, "13.0.3-beta.1", "13.0.3.27908", "nuget Newtonsoft.Json 13.0.3-beta.1"),
            (json, json, "6.0.8.18111", "6.0.8.18111", "generic Newtonsoft.Json 6.0.8.18111"),
            (json, json, "3.7.103.20+0123456789", "3.7.103.20", "nuget Newtonsoft.Json 3.7.103.20"),
            (json, json, "4.0.0", "13.0.3.1", "generic Newtonsoft.Json 4.0.0"),
            ("Renamed.dll", json, "13.0.3", "13.0.3.1", "generic Newtonsoft.Json 13.0.3"),
            ("Shop.exe", "Shop.exe", "1.0.0", "1.0.0.0", "generic Shop 1.0.0"),
            ("a.dll", "a.dll", "4.6.26515.06 @BuiltBy: dlab", "4.6.26515.06", "generic a 4.6.26515.06"),
            ("a.dll", "a.dll", "", "2.1.0.0", "generic a 2.1.0.0"),
            ("a.dll", "", "1.2.3", "1.2.3.0", "generic a 1.2.3"),
            ("a.dll", "a.dll", "", "0.0.0.0", "nothing"),
            ("a.dll", "a.dll", "main", "main", "nothing"),
            ("a.dll", "a.dll", "", "", "nothing"),
        ] {
            assert_eq!(identified(file, original, product, version), expected, "{file} {product}");
        }
    }

    #[test]
    fn a_library_that_is_not_of_dot_net_is_a_program() {
        let texts = [("OriginalFilename", "zlib1.dll"), ("ProductVersion", "1.2.13")];
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let found = identify("zlib1.dll", &texts, false).unwrap();
        assert_eq!((found.kind, found.version.as_str()), (PackageKind::Generic, "1.2.13"));
    }

    #[test]
    fn translations_and_reference_assemblies_are_left_out() {
        for (path, expected) in [
            ("app/de/Shop.resources.dll", true),
            ("usr/share/dotnet/packs/Microsoft.NETCore.App.Ref/8.0.0/ref/net8.0/System.dll", true),
            ("usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.0/System.dll", false),
            ("app/ref/System.dll", false),
        ] {
            assert_eq!(is_of_no_use(path.as_bytes()), expected, "{path}");
        }
    }
}
