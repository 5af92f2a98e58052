//! Other programs: found, run to their end, or started as servers that end with the test.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Finds an installed program.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let usual = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut directories = std::env::split_paths(&path).chain(usual);
    directories.find_map(|directory| Some(directory.join(name)).filter(|path| path.is_file()))
}

/// Runs a program that must succeed, and gives what it printed.
pub fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {errors}", output.status);
    output.stdout
}

/// A server as a child process, ended when dropped.
pub struct Server(Child);

impl Server {
    /// Starts it; what it says goes to the log.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = std::fs::File::create(log).unwrap();
        let error = log.try_clone().unwrap();
        Self(command.stdin(Stdio::null()).stdout(log).stderr(error).spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked first, so that it can end what it has started itself.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let ended = wait_until(Duration::from_secs(10), || matches!(self.0.try_wait(), Ok(Some(_))));
        if !ended {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Whether it became true in time.
pub fn wait_until(limit: Duration, mut is_true: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if is_true() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A port that nobody listens on at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port()
}

/// Waits until a server listens on a port of this machine.
pub fn wait_for_port(port: u16) {
    let address = format!("127.0.0.1:{port}");
    let open = wait_until(Duration::from_secs(20), || TcpStream::connect(&address).is_ok());
    assert!(open, "nothing listens on {address}");
}
