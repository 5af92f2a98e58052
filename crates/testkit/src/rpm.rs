//! Databases of rpm, made by `rpmbuild` and `rpm` themselves.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// The content of `rpmdb.sqlite` with packages as name, version and release; `None` where rpm is not installed.
pub fn database(packages: &[(&str, &str, &str)], vendor: &str) -> Option<Vec<u8>> {
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !is_there("rpmbuild") || !is_there("rpm") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("fixture.spec");
    std::fs::write(&spec, spec_text(packages, vendor)).unwrap();
    let top = format!("_topdir {}", folder.path().display());
    run(Command::new("rpmbuild").args(["-bb", "--quiet", "--define", &top]).arg(&spec));
    let built: Vec<_> = std::fs::read_dir(folder.path().join("RPMS/noarch"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let database = folder.path().join("database");
    run(rpm(&database).args(["--justdb", "--nodeps", "--noscripts", "--nosignature", "-U"]).args(built));
    Some(std::fs::read(database.join("rpmdb.sqlite")).unwrap())
}

/// One specification whose sub-packages are the packages: a build of its own for each would take long.
fn spec_text(packages: &[(&str, &str, &str)], vendor: &str) -> String {
    let mut text = format!(
        "Name: fixture\nVersion: 1\nRelease: 1\nSummary: Fixture\nLicense: MIT\nBuildArch: noarch\n\
         Vendor: {vendor}\n%description\nNothing.\n"
    );
    for (name, version, release) in packages {
        let _ = write!(
            text,
            "%package -n {name}\nVersion: {version}\nRelease: {release}\nSummary: Fixture\n\
             %description -n {name}\nNothing.\n%files -n {name}\n"
        );
    }
    text
}

fn rpm(database: &Path) -> Command {
    let mut command = Command::new("rpm");
    command.args(["--define", "_db_backend sqlite", "--dbpath"]).arg(database);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
}
