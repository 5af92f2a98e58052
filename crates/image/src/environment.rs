//! The environment variables that sources of images heed, as a value that tests can make up.
//!
//! It names no variable itself: each source reads its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// A set of environment variables.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// The variables of these pairs and no others.
    pub fn of_pairs<K: Into<OsString>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { variables: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The value of a variable that is set, not empty, and text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).and_then(|value| value.to_str())
    }

    /// The value of a variable that is set and not empty, as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.raw(name).map(PathBuf::from)
    }

    /// The user's home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME")
    }

    /// The user's configuration directory by the XDG rules.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.path("XDG_CONFIG_HOME").or_else(|| Some(self.home()?.join(".config")))
    }

    /// Every directory of `PATH` that is absolute: a relative one would depend on where one stands.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let Some(path) = self.raw("PATH") else { return Vec::new() };
        std::env::split_paths(path).filter(|directory| directory.is_absolute()).collect()
    }

    fn raw(&self, name: &str) -> Option<&OsString> {
        self.variables.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment =
            Environment::of_pairs([("A", ""), ("B", "b"), ("PATH", "/bin:.:relative:/usr/bin")]);
        assert_eq!(environment.text("A"), None);
        assert_eq!(environment.text("B"), Some("b"));
        assert_eq!(environment.search_path(), [PathBuf::from("/bin"), PathBuf::from("/usr/bin")]);
    }

    #[test]
    fn the_configuration_directory_follows_xdg() {
        let environment = Environment::of_pairs([("HOME", "/home/a")]);
        assert_eq!(environment.config_home(), Some(PathBuf::from("/home/a/.config")));
        let environment = Environment::of_pairs([("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/c")]);
        assert_eq!(environment.config_home(), Some(PathBuf::from("/c")));
    }
}
