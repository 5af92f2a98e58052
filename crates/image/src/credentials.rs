//! Credentials for registries, from the files and helper programs of Docker and Podman.
//!
//! It asks nobody for a password and stores none. A secret is shown by no `Debug`, `Display` or error.
//! Formats: <https://docs.docker.com/reference/cli/docker/login/#credential-stores> and
//! <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>.

mod helper;

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use seawall_model::limits::read_bounded;
use serde::Deserialize;

use crate::Environment;
use crate::reference::{DEFAULT_REGISTRY, Reference};

/// Docker's historical name of Docker Hub, by which its configuration and helpers know it.
const DOCKER_HUB_SERVER: &str = "https://index.docker.io/v1/";
const MAX_FILE_BYTES: u64 = 16 << 20;
/// A user name that says the secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// A text that is not to be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What to show a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user's name and password, or personal access token.
    Basic { username: String, password: Secret },
    /// An OAuth 2 refresh token, to be exchanged for bearer tokens.
    Identity(Secret),
    /// A bearer token for the registry itself.
    Bearer(Secret),
}

/// Why credentials can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The file is there and can't be read.
    #[error("can't read credentials in {path:?}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The file is not the JSON it should be. The parser's message could quote a secret, so it is left out.
    #[error("{path:?} is no credentials file: wrong JSON at line {line}, column {column}")]
    Malformed { path: PathBuf, line: usize, column: usize },
    /// An entry's `auth` is not the Base64 form of `name:password`.
    #[error("the entry for {server:?} in {path:?} is not the Base64 form of name:password")]
    Entry { path: PathBuf, server: String },
    /// The name could reach outside the programs that are meant to be helpers.
    #[error("credential helper {0:?} is refused: only lower-case letters, digits and '-' may be in its name")]
    HelperName(String),
    /// The program is not installed.
    #[error("credential helper docker-credential-{0} is not on PATH")]
    HelperMissing(String),
    /// The program could not be started or read from.
    #[error("can't run credential helper docker-credential-{name}")]
    HelperRun { name: String, source: std::io::Error },
    /// It did not end in time and was stopped.
    #[error("credential helper docker-credential-{name} gave no answer in {} seconds", .limit.as_secs_f32())]
    HelperTimeout { name: String, limit: Duration },
    /// It said that it failed. What it wrote is not repeated: a secret could be in it.
    #[error("credential helper docker-credential-{0} failed")]
    HelperFailed(String),
    /// It wrote no answer of the protocol, or too much.
    #[error("credential helper docker-credential-{0} gave an answer that is no credential")]
    HelperAnswer(String),
}

/// What was found, and what stood in the way: a broken helper must not keep from a public image.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The credential of the first file that has one.
    pub credential: Option<Credential>,
    /// What could not be asked.
    pub problems: Vec<CredentialError>,
}

/// The credential files of one user, in the order in which they are asked.
#[derive(Debug, Clone, Default)]
pub struct CredentialStore {
    files: Vec<CredentialFile>,
    helpers: helper::Helpers,
}

impl CredentialStore {
    /// A store that knows nothing: all access is anonymous.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads the files that the environment names, or the usual ones. Those that are not there are no error.
    pub fn load(environment: &Environment) -> Result<Self, CredentialError> {
        let mut store = Self::from_files(&credential_paths(environment))?;
        store.helpers = helper::Helpers::new(environment.search_path());
        Ok(store)
    }

    /// Reads these files, the first to be asked first.
    pub fn from_files(paths: &[PathBuf]) -> Result<Self, CredentialError> {
        let mut store = Self::default();
        for path in paths {
            store.files.extend(CredentialFile::read(path)?);
        }
        Ok(store)
    }

    /// The credential for a repository. May start a helper program, so ask once and keep the answer.
    pub fn find(&self, reference: &Reference) -> Lookup {
        let mut lookup = Lookup::default();
        for file in &self.files {
            match file.find(reference, &self.helpers) {
                Ok(Some(credential)) => {
                    lookup.credential = Some(credential);
                    break;
                }
                Ok(None) => {}
                Err(error) => lookup.problems.push(error),
            }
        }
        lookup
    }
}

/// Where credentials lie. What a variable names goes first: someone set it for this run.
fn credential_paths(environment: &Environment) -> Vec<PathBuf> {
    let docker = |directory: PathBuf| directory.join("config.json");
    let containers = |directory: PathBuf| directory.join("containers/auth.json");
    [
        environment.path("REGISTRY_AUTH_FILE"),
        environment.path("DOCKER_CONFIG").map(docker),
        environment.path("XDG_RUNTIME_DIR").map(containers),
        environment.config_home().map(containers),
        environment
            .home()
            .map(|home| docker(home.join(".docker")))
            .filter(|_| environment.path("DOCKER_CONFIG").is_none()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One `config.json` or `auth.json`.
#[derive(Debug, Clone)]
struct CredentialFile {
    path: PathBuf,
    content: Content,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Content {
    auths: BTreeMap<String, Entry>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("auths", &self.auths.keys()).finish_non_exhaustive()
    }
}

/// Some tools write `null` where others leave a key out, hence the options.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl CredentialFile {
    fn read(path: &Path) -> Result<Option<Self>, CredentialError> {
        let unreadable = |source| CredentialError::Read { path: path.to_owned(), source };
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(unreadable(error)),
        };
        let bytes = read_bounded(file, MAX_FILE_BYTES).map_err(unreadable)?;
        Self::parse(path, &bytes).map(Some)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, CredentialError> {
        let content = serde_json::from_slice(bytes).map_err(|error| CredentialError::Malformed {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        })?;
        Ok(Self { path: path.to_owned(), content })
    }

    /// A helper for this registry, then the store for all, then what the file itself holds.
    fn find(
        &self,
        reference: &Reference,
        helpers: &helper::Helpers,
    ) -> Result<Option<Credential>, CredentialError> {
        if let Some(helper) = best_match(&self.content.cred_helpers, reference) {
            return helpers.get(helper.1, &server_name(reference));
        }
        let stored = match self.content.creds_store.as_str() {
            "" => Ok(None),
            helper => helpers.get(helper, &server_name(reference)),
        };
        if let Ok(Some(credential)) = stored {
            return Ok(Some(credential));
        }
        match best_match(&self.content.auths, reference).map(|(server, entry)| self.decode(server, entry)) {
            Some(Ok(Some(credential))) => Ok(Some(credential)),
            Some(Err(error)) => Err(error),
            _ => stored,
        }
    }

    fn decode(&self, server: &str, entry: &Entry) -> Result<Option<Credential>, CredentialError> {
        let present = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = present(&entry.registrytoken) {
            return Ok(Some(Credential::Bearer(Secret(token))));
        }
        if let Some(token) = present(&entry.identitytoken) {
            return Ok(Some(Credential::Identity(Secret(token))));
        }
        if let Some(auth) = present(&entry.auth) {
            let wrong = || CredentialError::Entry { path: self.path.clone(), server: server.to_owned() };
            return decode_auth(&auth).map(Some).ok_or_else(wrong);
        }
        Ok(present(&entry.username).zip(present(&entry.password)).map(|(name, secret)| basic(name, secret)))
    }
}

fn decode_auth(auth: &str) -> Option<Credential> {
    let auth = auth.trim();
    let bytes = STANDARD.decode(auth).or_else(|_| STANDARD_NO_PAD.decode(auth)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (username, password) = text.split_once(':')?;
    // Docker pads with zero bytes.
    Some(basic(username.to_owned(), password.trim_end_matches('\0').to_owned()))
}

fn basic(username: String, password: String) -> Credential {
    match username.as_str() {
        TOKEN_USER => Credential::Identity(Secret(password)),
        _ => Credential::Basic { username, password: Secret(password) },
    }
}

/// The entry whose key is the longest part of the image's name: a repository's goes before its registry's.
fn best_match<'a, T>(entries: &'a BTreeMap<String, T>, reference: &Reference) -> Option<(&'a str, &'a T)> {
    let name = reference.name();
    entries
        .iter()
        .filter_map(|(key, entry)| {
            let scope = key_scope(key);
            let covers =
                name.strip_prefix(&scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            covers.then_some((scope.len(), key.as_str(), entry))
        })
        .max_by_key(|(length, ..)| *length)
        .map(|(_, key, entry)| (key, entry))
}

/// A key without scheme and API version, as `registry` or `registry/repository`.
fn key_scope(key: &str) -> String {
    let key = key.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key);
    match key.split_once('/').map_or((key, None), |(host, rest)| (host, Some(rest))) {
        ("index.docker.io" | "registry-1.docker.io", None) => DEFAULT_REGISTRY.to_owned(),
        ("index.docker.io" | "registry-1.docker.io", Some(rest)) => format!("{DEFAULT_REGISTRY}/{rest}"),
        _ => key.to_owned(),
    }
}

/// What a helper knows the registry by.
fn server_name(reference: &Reference) -> String {
    match reference.registry() {
        DEFAULT_REGISTRY => DOCKER_HUB_SERVER.to_owned(),
        host => host.to_owned(),
    }
}

#[doc(hidden)]
/// For `fuzz/`: reads any file and looks for some images in it, without running a helper.
pub fn read_any(bytes: &[u8]) {
    let Ok(file) = CredentialFile::parse(Path::new("config.json"), bytes) else { return };
    for reference in crate::fuzzing::references() {
        if let Some((server, entry)) = best_match(&file.content.auths, &reference) {
            let _ = file.decode(server, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str, reference: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        std::fs::write(&path, json).unwrap();
        let store = match CredentialStore::from_files(&[path]) {
            Ok(store) => store,
            Err(error) => return error.to_string().replace(directory.path().to_str().unwrap(), ""),
        };
        let lookup = store.find(&reference.parse().unwrap());
        let mut text = match lookup.credential {
            Some(Credential::Basic { username, password }) => format!("{username}:{}", password.expose()),
            Some(Credential::Identity(token)) => format!("identity {}", token.expose()),
            Some(Credential::Bearer(token)) => format!("bearer {}", token.expose()),
            None => "none".to_owned(),
        };
        for problem in lookup.problems {
            text += &format!("; {problem}").replace(directory.path().to_str().unwrap(), "");
        }
        text
    }

    #[test]
    fn keys_are_matched_as_docker_and_podman_write_them() {
        for (key, reference, expected) in [
            ("r.example", "r.example/app", "u:p"),
            ("https://r.example", "r.example/app", "u:p"),
            ("https://r.example/v2/", "r.example/app", "u:p"),
            ("r.example", "r.example:5000/app", "none"),
            ("r.example:5000", "r.example:5000/app", "u:p"),
            ("https://index.docker.io/v1/", "alpine", "u:p"),
            ("docker.io", "owner/app", "u:p"),
            ("docker.io/owner", "owner/app", "u:p"),
            ("docker.io/own", "owner/app", "none"),
            ("docker.io/owner", "other/app", "none"),
        ] {
            let json = format!(r#"{{"auths":{{"{key}":{{"auth":"dTpw"}}}}}}"#);
            assert_eq!(shown(&json, reference), expected, "{key} for {reference}");
        }
    }

    #[test]
    fn the_entry_of_a_repository_goes_before_its_registrys() {
        let json = r#"{"auths":{"quay.io":{"auth":"dTpw"},"quay.io/a/b":{"auth":"eDp5"}}}"#;
        assert_eq!(shown(json, "quay.io/a/b"), "x:y");
        assert_eq!(shown(json, "quay.io/a/c"), "u:p");
    }

    #[test]
    fn each_form_of_an_entry_is_read() {
        for (entry, expected) in [
            (r#"{"auth":"dTpw"}"#, "u:p"),
            (r#"{"auth":"dTpwOnE="}"#, "u:p:q"),
            (r#"{"auth":"dTpwOnE"}"#, "u:p:q"),
            (r#"{"auth":"dTpwAAA="}"#, "u:p"),
            (r#"{"username":"u","password":"p"}"#, "u:p"),
            (r#"{"auth":"dTpw","identitytoken":"t"}"#, "identity t"),
            (r#"{"auth":"PHRva2VuPjp0"}"#, "identity t"),
            (r#"{"registrytoken":"t"}"#, "bearer t"),
            (r#"{"auth":null,"email":"e"}"#, "none"),
            ("{}", "none"),
            (
                r#"{"auth":"!!"}"#,
                "none; the entry for \"r.example\" in \"/config.json\" is not the Base64 form of name:password",
            ),
            (
                r#"{"auth":"dQ=="}"#,
                "none; the entry for \"r.example\" in \"/config.json\" is not the Base64 form of name:password",
            ),
        ] {
            let json = format!(r#"{{"auths":{{"r.example":{entry}}}}}"#);
            assert_eq!(shown(&json, "r.example/app"), expected, "{entry}");
        }
    }

    #[test]
    fn a_wrong_file_is_an_error_that_quotes_nothing_of_it() {
        for (json, expected) in [
            ("", "\"/config.json\" is no credentials file: wrong JSON at line 1, column 0"),
            (
                "{\"auths\":{\"r\":{\"auth\":\"hunter2",
                "\"/config.json\" is no credentials file: wrong JSON at line 1, column 30",
            ),
            ("{\"auths\":7}", "\"/config.json\" is no credentials file: wrong JSON at line 1, column 10"),
        ] {
            assert_eq!(shown(json, "alpine"), expected);
        }
        assert_eq!(shown("{}", "alpine"), "none");
    }

    #[test]
    fn a_missing_file_means_no_credentials() {
        let store = CredentialStore::from_files(&["/nonexistent/config.json".into()]).unwrap();
        assert!(store.find(&"alpine".parse().unwrap()).credential.is_none());
    }

    #[test]
    fn files_are_asked_in_the_order_of_how_near_they_were_set() {
        let paths = |pairs: &[(&str, &str)]| {
            credential_paths(&Environment::of_pairs(pairs.iter().copied()))
                .into_iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(paths(&[("HOME", "/h")]), "/h/.config/containers/auth.json /h/.docker/config.json");
        assert_eq!(
            paths(&[
                ("HOME", "/h"),
                ("DOCKER_CONFIG", "/d"),
                ("XDG_RUNTIME_DIR", "/r"),
                ("REGISTRY_AUTH_FILE", "/a")
            ]),
            "/a /d/config.json /r/containers/auth.json /h/.config/containers/auth.json"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let credential = basic("user".to_owned(), "hunter2".to_owned());
        assert_eq!(format!("{credential:?}"), r#"Basic { username: "user", password: Secret(…) }"#);
        let content: Content = serde_json::from_str(r#"{"auths":{"r":{"auth":"hunter2"}}}"#).unwrap();
        assert!(!format!("{content:?}").contains("hunter2"));
    }
}
