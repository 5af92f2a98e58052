//! Docker's credential helpers: the one place of Seawall where another program is started.
//!
//! Only `docker-credential-NAME get` is run, without a shell, from an absolute directory of `PATH`, for at most
//! ten seconds. Protocol: <https://github.com/docker/docker-credential-helpers#development>.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use seawall_model::limits::read_bounded;
use serde::Deserialize;

use super::{Credential, CredentialError, basic};

const MAX_ANSWER_BYTES: u64 = 64 << 10;
const TIME_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
/// What helpers print, by the protocol, where they know no credential.
const NOT_FOUND: &[u8] = b"credentials not found";

/// The programs that may be asked.
#[derive(Debug, Clone)]
pub(super) struct Helpers {
    directories: Vec<PathBuf>,
    time_limit: Duration,
}

impl Default for Helpers {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    secret: String,
}

impl Helpers {
    pub(super) fn new(directories: Vec<PathBuf>) -> Self {
        Self { directories, time_limit: TIME_LIMIT }
    }

    /// Asks a helper for the credential of a server; `None` where it has none.
    pub(super) fn get(&self, name: &str, server: &str) -> Result<Option<Credential>, CredentialError> {
        let program = self.find(name)?;
        let run_error = |source| CredentialError::HelperRun { name: name.to_owned(), source };
        let mut child = start(&program).map_err(run_error)?;
        let deadline = Instant::now() + self.time_limit;
        let output = converse(&mut child, server, deadline);
        let status = wait(&mut child, deadline);
        stop(&mut child, output.is_none());
        let timeout = || CredentialError::HelperTimeout { name: name.to_owned(), limit: self.time_limit };
        let succeeded = status.map_err(run_error)?.ok_or_else(timeout)?;
        let output = output.ok_or_else(timeout)?.map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => CredentialError::HelperAnswer(name.to_owned()),
            _ => run_error(error),
        })?;
        if succeeded {
            return decode(&output).map(Some).ok_or_else(|| CredentialError::HelperAnswer(name.to_owned()));
        }
        if output.starts_with(NOT_FOUND) {
            Ok(None)
        } else {
            Err(CredentialError::HelperFailed(name.to_owned()))
        }
    }

    fn find(&self, name: &str) -> Result<PathBuf, CredentialError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(CredentialError::HelperName(name.to_owned()));
        }
        self.directories
            .iter()
            .map(|directory| directory.join(format!("docker-credential-{name}")))
            .find(|path| {
                path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
            })
            .ok_or_else(|| CredentialError::HelperMissing(name.to_owned()))
    }
}

/// The helper gets a process group of its own, so that what it starts can be stopped with it.
fn start(program: &std::path::Path) -> io::Result<Child> {
    Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

/// Sends the server's name and collects the answer; `None` where that takes too long.
fn converse(child: &mut Child, server: &str, deadline: Instant) -> Option<io::Result<Vec<u8>>> {
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input still may answer. The name is short enough for the pipe.
        let _ = writeln!(stdin, "{server}");
    }
    let stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    // A thread of its own: a child of the helper can hold the pipe open for longer than we wait.
    thread::spawn(move || {
        let _ = sender.send(read_all(stdout));
    });
    receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

fn read_all(stdout: impl Read) -> io::Result<Vec<u8>> {
    read_bounded(stdout, MAX_ANSWER_BYTES)
}

/// Whether it succeeded; `None` where it did not end in time.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<bool>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// Ends the helper, and where its pipe is still open also what it has started and left behind. Errors mean that
/// they are gone.
fn stop(child: &mut Child, pipe_is_open: bool) {
    let has_ended = matches!(child.try_wait(), Ok(Some(_)));
    if has_ended && !pipe_is_open {
        return;
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    if !has_ended {
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn decode(output: &[u8]) -> Option<Credential> {
    let answer: Answer = serde_json::from_slice(output).ok()?;
    Some(basic(answer.username, answer.secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Installs a shell script as the helper `test` and asks it for `r.example`.
    fn ask(script: &str) -> String {
        ask_for(script, TIME_LIMIT)
    }

    fn ask_for(script: &str, time_limit: Duration) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker-credential-test");
        // Written by another process image than the one that runs it, so that it can't be "text file busy".
        let staged = directory.path().join("staged");
        std::fs::write(&staged, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&staged, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(&staged, &path).unwrap();
        let helpers = Helpers { directories: vec![directory.path().to_owned()], time_limit };
        for _ in 0..50 {
            match helpers.get("test", "r.example") {
                // Another test's fork can hold the script open for a moment.
                Err(CredentialError::HelperRun { source, .. })
                    if source.kind() == io::ErrorKind::ExecutableFileBusy =>
                {
                    thread::sleep(POLL);
                }
                Ok(Some(Credential::Basic { username, password })) => {
                    return format!("{username}:{}", password.expose());
                }
                Ok(Some(other)) => return format!("{other:?}"),
                Ok(None) => return "none".to_owned(),
                Err(error) => return error.to_string(),
            }
        }
        "busy".to_owned()
    }

    #[test]
    fn a_helper_gets_the_server_and_gives_name_and_secret() {
        assert_eq!(
            ask(
                r#"read server; [ "$1" = get ] && echo "{\"ServerURL\":\"$server\",\"Username\":\"$server\",\"Secret\":\"s\"}""#
            ),
            "r.example:s"
        );
        assert_eq!(ask(r#"echo '{"Username":"<token>","Secret":"s"}'"#), "Identity(Secret(…))");
    }

    #[test]
    fn a_helper_without_a_credential_is_no_error() {
        assert_eq!(ask("echo credentials not found in native keychain; exit 1"), "none");
    }

    #[test]
    fn failures_never_repeat_what_the_helper_wrote() {
        for (script, expected) in [
            ("echo hunter2; exit 3", "credential helper docker-credential-test failed"),
            ("echo hunter2", "credential helper docker-credential-test gave an answer that is no credential"),
            (":", "credential helper docker-credential-test gave an answer that is no credential"),
            ("yes", "credential helper docker-credential-test gave an answer that is no credential"),
        ] {
            assert_eq!(ask(script), expected, "{script}");
        }
    }

    #[test]
    fn a_helper_that_hangs_is_stopped() {
        let started = Instant::now();
        let limit = Duration::from_secs(1);
        let timeout = "credential helper docker-credential-test gave no answer in 1 seconds";
        assert_eq!(ask_for("sleep 60", limit), timeout);
        assert_eq!(ask_for("exec >&-; sleep 60", limit), timeout);
        assert_eq!(ask_for("sleep 60 & echo x", limit), timeout);
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn only_plain_names_are_run() {
        let helpers = Helpers::new(vec!["/usr/bin".into()]);
        for name in ["", "../x", "a/b", "A", "a b", "a;b", "a.b"] {
            assert!(matches!(helpers.get(name, "r"), Err(CredentialError::HelperName(_))), "{name:?}");
        }
        assert!(matches!(helpers.get("not-installed", "r"), Err(CredentialError::HelperMissing(_))));
    }
}
