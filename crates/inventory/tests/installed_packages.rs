//! Databases that package managers keep themselves, against what these say: dpkg of this machine, and
//! pacman in a folder.
//!
//! A binary of its own, for it needs these programs; what is missing is skipped, and said to be.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "a test that runs other programs and reads what they made"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use seawall_inventory::{Assembled, Facts, Inventory, LayerFacts, assemble};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Interest, Limits};
use seawall_testkit::Suite;
use seawall_testkit::process::output;
use seawall_testkit::suite::{Skip, needs};

fn main() -> ExitCode {
    let mut suite = Suite::new("installed packages");
    suite.run("dpkg tells the same packages", dpkg);
    suite.run("dpkg tells the same files", dpkg_files);
    suite.run("python packages belong to the packages that dpkg says", dpkg_owners);
    suite.run("pacman tells the same packages", pacman);
    suite.finish()
}

/// The facts of all files of some folders below a root, as a reader of directories would offer them.
fn facts(root: &Path, folders: &[&str]) -> Facts {
    let inventory = Inventory::of_installed(Limits::default());
    let mut facts = Facts::default();
    let mut open: Vec<_> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = open.pop() {
        let kind = fs::symlink_metadata(&path).unwrap();
        if kind.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let inside = path.strip_prefix(root).unwrap().to_str().map(FilePathBuf::from);
        let Some(inside) = inside.filter(|_| kind.is_file()) else { continue };
        let entry =
            EntryMeta { path: inside.as_path(), kind: EntryKind::File, size: kind.len(), mode: 0o644 };
        if inventory.interest(&entry) == Interest::Read {
            let bytes = fs::read(&path).unwrap();
            inventory.analyse(&entry, Content::Memory(&bytes), &mut facts);
        }
    }
    facts
}

fn assembled(facts: &Facts) -> Assembled {
    assemble(&[LayerFacts { index: None, facts }], &|_, _| true)
}

fn needs_dpkg() -> Result<(), Skip> {
    needs("dpkg", "dpkg-query")?;
    let has_packages = fs::metadata("/var/lib/dpkg/status").is_ok_and(|status| status.len() > 0);
    let why = || "this machine's packages are not dpkg's".into();
    if has_packages { Ok(()) } else { Err(Skip { need: "dpkg", why: why() }) }
}

fn dpkg() -> Result<(), Skip> {
    needs_dpkg()?;
    let format =
        "${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n";
    let listed = output(Command::new("dpkg-query").args(["-W", "-f", format]));
    let theirs: BTreeSet<String> = String::from_utf8(listed)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(state, _)| !matches!(*state, "not-installed" | "config-files"))
        .map(|(_, package)| package.to_owned())
        .collect();
    let found = assembled(&facts(Path::new("/"), &["var/lib/dpkg", "etc/os-release", "etc/debian_version"]));
    let line = |package: &seawall_model::Package| {
        let (source, source_version) = package.source_or_self();
        let arch = package.arch.as_deref().unwrap_or_default();
        format!("{} {} {arch} {source} {source_version}", package.name, package.version)
    };
    let ours: BTreeSet<String> = found.packages.iter().map(line).collect();
    assert_eq!(found.problems, []);
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert!(
        ours == theirs,
        "only ours: {:#?}\nonly dpkg's: {:#?}",
        only(&ours, &theirs),
        only(&theirs, &ours)
    );
    println!("    {} packages agree", ours.len());
    Ok(())
}

fn dpkg_files() -> Result<(), Skip> {
    needs_dpkg()?;
    let facts = facts(Path::new("/"), &["var/lib/dpkg"]);
    let (mut packages, mut files) = (0, 0);
    for owned in facts.files.iter().flat_map(|file| &file.owned) {
        let name = match &owned.arch {
            Some(arch) => format!("{}:{arch}", owned.name),
            None => owned.name.clone(),
        };
        // Lines about diversions, and the root itself, are no paths of the package.
        let listed = output(Command::new("dpkg-query").args(["-L", &name]));
        let listed = String::from_utf8_lossy(&listed).into_owned();
        for path in listed.lines().filter(|line| line.starts_with('/') && *line != "/.") {
            let hash = FilePathBuf::from(path).as_path().hash();
            assert!(owned.paths.binary_search(&hash).is_ok(), "{path} of {name}");
            files += 1;
        }
        packages += 1;
    }
    assert!(packages > 0 && files > 0);
    println!("    {files} paths of {packages} packages");
    Ok(())
}

fn dpkg_owners() -> Result<(), Skip> {
    needs_dpkg()?;
    let root = Path::new("/");
    let python = "usr/lib/python3/dist-packages";
    if !root.join(python).is_dir() {
        return Err(Skip {
            need: "dpkg",
            why: "there are no Python packages of dpkg on this machine".into(),
        });
    }
    let found = assembled(&facts(root, &["var/lib/dpkg", python]));
    let mut compared = 0;
    for package in found.packages.iter().filter(|package| !package.kind.is_distribution()) {
        let path = format!("/{}", package.places[0].path);
        let asked = Command::new("dpkg-query").args(["-S", &path]).output().unwrap();
        let answer = String::from_utf8_lossy(&asked.stdout).into_owned();
        let theirs = answer.split([':', ',']).next().filter(|name| !name.is_empty());
        let ours = package.owner.as_ref().map(|owner| owner.name.as_str());
        assert_eq!(ours, theirs, "{path}");
        compared += 1;
    }
    println!("    {compared} packages agree");
    Ok(())
}

fn pacman() -> Result<(), Skip> {
    needs("pacman", "pacman")?;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("var/lib/pacman")).unwrap();
    fs::write(folder.path().join("pacman.conf"), "[options]\nArchitecture = auto\nSigLevel = Never\n")
        .unwrap();
    let mut files = Vec::new();
    for (name, base, version) in
        [("plain", "plain", "1.0-1"), ("lib-of-a-name", "name", "2:1.5.r3.gabc-2"), ("x-1", "x-1", "7-1.1")]
    {
        let package = folder.path().join(name);
        fs::create_dir_all(package.join("usr/share")).unwrap();
        fs::write(package.join("usr/share").join(name), name).unwrap();
        let info = format!(
            "pkgname = {name}\npkgbase = {base}\npkgver = {version}\narch = any\nlicense = MIT\nsize = 1\n\
             builddate = 1700000000\npackager = Fixtures\n"
        );
        fs::write(package.join(".PKGINFO"), info).unwrap();
        let file = folder.path().join(format!("{name}.pkg.tar.gz"));
        output(Command::new("tar").arg("-C").arg(&package).arg("-czf").arg(&file).args([".PKGINFO", "usr"]));
        files.push(file);
    }
    let pacman = || {
        let mut command = Command::new("pacman");
        command.arg("--config").arg(folder.path().join("pacman.conf"));
        command.arg("--root").arg(&root);
        command
    };
    // pacman changes into its root, which only root may do.
    let installed = pacman().args(["--noconfirm", "--noscriptlet", "-U"]).args(&files).output().unwrap();
    if !installed.status.success() {
        let why = String::from_utf8_lossy(&installed.stderr).lines().next().unwrap_or("").to_owned();
        return Err(Skip { need: "pacman", why: format!("pacman does not install here ({why})") });
    }
    let theirs = String::from_utf8(output(pacman().arg("-Q"))).unwrap();
    let facts = facts(&root, &["var"]);
    let found = assembled(&facts);
    let ours: Vec<_> =
        found.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
    assert_eq!(ours, theirs.lines().collect::<Vec<_>>());
    for owned in facts.files.iter().flat_map(|file| &file.owned) {
        let listed = String::from_utf8(output(pacman().args(["-Qlq", &owned.name]))).unwrap();
        let listed = listed.lines().filter(|path| !path.ends_with('/'));
        let inside = |path: &str| path.strip_prefix(root.to_str().unwrap()).unwrap_or(path).to_owned();
        let hashes: Vec<u64> =
            listed.map(|path| FilePathBuf::from(&*inside(path)).as_path().hash()).collect();
        assert_eq!(owned.paths, hashes, "{}", owned.name);
    }
    println!("    {} packages agree", found.packages.len());
    Ok(())
}
