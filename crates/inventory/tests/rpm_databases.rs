//! Packages built by `rpmbuild` and installed into databases by `rpm` itself, and into Berkeley DB by its own
//! tools: every form must tell what `rpm -qa` tells.
//!
//! A binary of its own, for it needs these programs; what is missing is skipped, and said to be.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "a test that runs other programs and reads what they made"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;

use seawall_inventory::{Facts, Inventory};
use seawall_model::analysis::ReadAt;
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Limits};
use seawall_testkit::Suite;
use seawall_testkit::process::output;
use seawall_testkit::suite::{Skip, needs};

fn main() -> ExitCode {
    let mut suite = Suite::new("rpm");
    suite.run("sqlite tells what rpm tells", sqlite);
    suite.run("sqlite with many packages and long headers", sqlite_of_many);
    suite.run("an upgraded and an erased package are not there", sqlite_after_changes);
    suite.run("a log that was not written back is seen", sqlite_log);
    suite.run("ndb tells what rpm tells", ndb);
    suite.run("berkeley db tells what rpm tells, in all page sizes and both byte orders", berkeley);
    suite.run("berkeley db is read as its own tool reads it", berkeley_dump);
    suite.run("damage neither panics nor runs away", damage);
    suite.finish()
}

/// What of a package both sides tell, a line each; sorted.
const QUERY: &str = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{ARCH} vendor=%{VENDOR} \
     licence=%{LICENSE} source=%{SOURCERPM} modularity=%{MODULARITYLABEL} files=%{FILENAMES:arraysize}\n";

/// A package; a source package of its own, or one of [`MANY`] that are built from one.
struct Spec {
    name: &'static str,
    epoch: u32,
    modularity: &'static str,
    vendor: &'static str,
    files: usize,
}

fn specs() -> Vec<Spec> {
    let spec = |name, epoch, modularity, vendor, files| Spec { name, epoch, modularity, vendor, files };
    vec![
        spec("plain", 0, "", "Fixtures", 1),
        spec("with-epoch", 32, "", "Fixtures", 2),
        spec("modular", 0, "nodejs:18:8080020230210:rhel8", "Fixtures", 3),
        spec("nobodys", 0, "", "", 1),
        // Headers that need chains of overflow pages in every form.
        spec("long", 1, "", "Fixtures", 900),
        spec("longer", 0, "", "Fixtures", 4000),
    ]
}

/// Packages built from the source `many`, every second one with an epoch.
const MANY: usize = 60;

fn text_of_many() -> String {
    let mut text =
        "Name: many\nVersion: 3\nRelease: 1\nSummary: Fixture\nLicense: MIT\nBuildArch: noarch\n".to_owned();
    text.push_str("%description\nNothing.\n%install\nmkdir -p %{buildroot}/usr/share/many\n");
    writeln!(text, "for number in $(seq 1 {MANY}); do : > %{{buildroot}}/usr/share/many/$number; done")
        .unwrap();
    for number in 1..=MANY {
        let epoch = if number % 2 == 0 { "Epoch: 7\n" } else { "" };
        write!(
            text,
            "%package -n many-{number}\nSummary: Fixture\n{epoch}%description -n many-{number}\nNothing.\n\
             %files -n many-{number}\n/usr/share/many/{number}\n"
        )
        .unwrap();
    }
    text
}

fn text_of(spec: &Spec, release: u32) -> String {
    let mut text = format!(
        "Name: {}\nVersion: 1.{release}\nRelease: {release}.el9\nSummary: Fixture\nLicense: MIT and BSD\n\
         BuildArch: noarch\n",
        spec.name
    );
    for (tag, value) in
        [("Epoch", &*spec.epoch.to_string()), ("ModularityLabel", spec.modularity), ("Vendor", spec.vendor)]
    {
        if !matches!(value, "" | "0") {
            writeln!(text, "{tag}: {value}").unwrap();
        }
    }
    let name = &spec.name;
    write!(
        text,
        "%description\nNothing.\n%install\nmkdir -p %{{buildroot}}/usr/share/{name} %{{buildroot}}/opt/{name}\n\
         for number in $(seq 1 {files}); do : > %{{buildroot}}/usr/share/{name}/a-file-of-it-$number; done\n\
         %files\n/usr/share/{name}/*\n",
        files = spec.files
    )
    .unwrap();
    text
}

/// The packages, built once for all tests. `None` where that can't be done.
struct Built {
    folder: tempfile::TempDir,
    rpms: Vec<PathBuf>,
    upgrade: PathBuf,
}

fn built() -> Result<&'static Built, Skip> {
    static BUILT: OnceLock<Built> = OnceLock::new();
    needs("rpm", "rpmbuild")?;
    needs("rpm", "rpm")?;
    Ok(BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let release = |spec: &Spec, release: u32| {
            build(folder.path(), &text_of(spec, release));
            let file = format!("rpms/noarch/{}-1.{release}-{release}.el9.noarch.rpm", spec.name);
            folder.path().join(file)
        };
        let mut rpms: Vec<_> = specs().iter().map(|spec| release(spec, 1)).collect();
        let upgrade = release(&specs()[0], 2);
        build(folder.path(), &text_of_many());
        let many = |number| folder.path().join(format!("rpms/noarch/many-{number}-3-1.noarch.rpm"));
        rpms.extend((1..=MANY).map(many));
        Built { folder, rpms, upgrade }
    }))
}

fn build(folder: &Path, text: &str) {
    let file = folder.join("fixture.spec");
    fs::write(&file, text).unwrap();
    let define = |name: &str, value: &str| ["--define".to_owned(), format!("{name} {value}")];
    let mut command = Command::new("rpmbuild");
    command.args(["-bb", "--quiet"]);
    command.args(define("_topdir", folder.to_str().unwrap()));
    command.args(define("_rpmdir", folder.join("rpms").to_str().unwrap()));
    command.args(define("_unpackaged_files_terminate_build", "0"));
    output(command.arg(&file));
}

/// An empty folder for a database.
fn folder(name: &str) -> Result<PathBuf, Skip> {
    let path = built()?.folder.path().join(name);
    fs::create_dir(&path).unwrap();
    Ok(path)
}

fn rpm(database: &Path, backend: &str) -> Command {
    let mut command = Command::new("rpm");
    command.args(["--define", &format!("_db_backend {backend}"), "--dbpath"]).arg(database);
    command
}

fn install(database: &Path, backend: &str, rpms: &[PathBuf]) {
    let mut command = rpm(database, backend);
    output(command.args(["--justdb", "--nodeps", "--noscripts", "--nosignature", "-U"]).args(rpms));
}

fn told_by_rpm(database: &Path, backend: &str) -> BTreeSet<String> {
    let text = output(rpm(database, backend).args(["-qa", "--qf", QUERY]));
    let text = String::from_utf8(text).unwrap().replace("(none)", "");
    // An epoch of 0 is none.
    text.lines().map(|line| line.replace(" 0:", " ")).collect()
}

/// Bytes in a file of their own, as large databases are.
struct Spilled(Vec<u8>);

impl ReadAt for Spilled {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        // In small pieces, as a file may give them.
        let count = buffer.len().min(1000);
        self.0.as_slice().read_at(&mut buffer[..count], offset)
    }
}

fn facts(name: &str, content: Content<'_>) -> Facts {
    let path = FilePathBuf::from(format!("var/lib/rpm/{name}").as_str());
    let entry = EntryMeta { path: path.as_path(), kind: EntryKind::File, size: content.size(), mode: 0o644 };
    let mut facts = Facts::default();
    Inventory::of_installed(Limits::default()).analyse(&entry, content, &mut facts);
    facts
}

/// In the words of [`QUERY`]; problems as lines of their own.
fn told_by_us(name: &str, bytes: &[u8]) -> BTreeSet<String> {
    let facts_of_memory = facts(name, Content::Memory(bytes));
    let spilled = Spilled(bytes.to_vec());
    assert_eq!(facts(name, Content::Spilled(&spilled)), facts_of_memory, "in memory and not");
    let mut lines = BTreeSet::new();
    for file in &facts_of_memory.files {
        lines.extend(file.problems.iter().map(|problem| format!("! {}", problem.message)));
        for (package, owned) in file.packages.iter().zip(&file.owned) {
            assert_eq!(package.name, owned.name);
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let source = package.source.as_ref().unwrap();
            let source_version = source.version.rsplit(':').next().unwrap();
            lines.insert(format!(
                "{} {} {} vendor={} licence={} source={}-{source_version}.src.rpm modularity={} files={}",
                package.name,
                package.version,
                text(&package.arch),
                text(&package.vendor),
                package.licences.join(","),
                source.name,
                text(&package.modularity),
                owned.paths.len(),
            ));
            assert_eq!(source.version, package.version, "the epoch is that of the package");
        }
    }
    lines
}

/// Compares the lines and shows only what differs.
fn assert_same(ours: &BTreeSet<String>, theirs: &BTreeSet<String>) {
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert!(ours == theirs, "only ours: {:#?}\nonly rpm's: {:#?}", only(ours, theirs), only(theirs, ours));
    println!("    {} packages agree", ours.len());
}

fn sqlite() -> Result<(), Skip> {
    let database = folder("sqlite")?;
    install(&database, "sqlite", &built()?.rpms[..4]);
    let bytes = fs::read(database.join("rpmdb.sqlite")).unwrap();
    assert_same(&told_by_us("rpmdb.sqlite", &bytes), &told_by_rpm(&database, "sqlite"));
    Ok(())
}

fn sqlite_of_many() -> Result<(), Skip> {
    let database = folder("sqlite-many")?;
    install(&database, "sqlite", &built()?.rpms);
    let bytes = fs::read(database.join("rpmdb.sqlite")).unwrap();
    let ours = told_by_us("rpmdb.sqlite", &bytes);
    assert_eq!(ours.len(), specs().len() + MANY);
    assert_same(&ours, &told_by_rpm(&database, "sqlite"));

    // The paths themselves, not only how many there are.
    let facts = facts("rpmdb.sqlite", Content::Memory(&bytes));
    let owned = facts.files[0].owned.iter().find(|owned| owned.name == "longer").unwrap();
    let listed = output(rpm(&database, "sqlite").args(["-ql", "longer"]));
    let mut hashes: Vec<u64> = String::from_utf8(listed)
        .unwrap()
        .lines()
        .map(|path| FilePathBuf::from(path).as_path().hash())
        .collect();
    hashes.sort_unstable();
    assert_eq!(owned.paths, hashes);
    Ok(())
}

fn sqlite_after_changes() -> Result<(), Skip> {
    let database = folder("sqlite-changed")?;
    install(&database, "sqlite", &built()?.rpms[..6]);
    install(&database, "sqlite", std::slice::from_ref(&built()?.upgrade));
    output(rpm(&database, "sqlite").args(["--justdb", "--nodeps", "--noscripts", "-e", "long"]));
    let bytes = fs::read(database.join("rpmdb.sqlite")).unwrap();
    let ours = told_by_us("rpmdb.sqlite", &bytes);
    assert!(ours.iter().any(|line| line.starts_with("plain 1.2-2.el9 ")), "{ours:#?}");
    assert!(!ours.iter().any(|line| line.starts_with("long ")), "{ours:#?}");
    assert_same(&ours, &told_by_rpm(&database, "sqlite"));
    Ok(())
}

fn sqlite_log() -> Result<(), Skip> {
    needs("sqlite3", "sqlite3")?;
    let database = folder("sqlite-log")?;
    install(&database, "sqlite", &built()?.rpms[..1]);
    let settled = fs::read(database.join("rpmdb.sqlite-wal")).unwrap_or_default();
    assert_eq!(told_by_us("rpmdb.sqlite-wal", &settled), BTreeSet::new(), "rpm has written all back");
    // A copy of the files while a program still holds the database, as a snapshot of a running system.
    let mut holder = Command::new("sqlite3")
        .arg(database.join("rpmdb.sqlite"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = holder.stdin.as_mut().unwrap();
    input.write_all(b"PRAGMA wal_autocheckpoint=0;\nDELETE FROM Packages;\nSELECT 'done';\n").unwrap();
    let mut answer = [0; 6];
    io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut answer).unwrap();
    let log = fs::read(database.join("rpmdb.sqlite-wal")).unwrap();
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let told = told_by_us("rpmdb.sqlite-wal", &log);
    assert!(told.iter().any(|line| line.contains("not read")), "{told:?} of {} bytes", log.len());
    Ok(())
}

fn ndb() -> Result<(), Skip> {
    let database = folder("ndb")?;
    let rpms = &built()?.rpms;
    let mut command = rpm(&database, "ndb");
    let probe = command.arg("--initdb").output().unwrap();
    if !database.join("Packages.db").exists() {
        let why = String::from_utf8_lossy(&probe.stderr).lines().next().unwrap_or("").to_owned();
        return Err(Skip { need: "rpm-ndb", why: format!("this rpm can't write it ({why})") });
    }
    install(&database, "ndb", rpms);
    install(&database, "ndb", std::slice::from_ref(&built()?.upgrade));
    output(rpm(&database, "ndb").args(["--justdb", "--nodeps", "--noscripts", "-e", "long"]));
    let bytes = fs::read(database.join("Packages.db")).unwrap();
    assert_same(&told_by_us("Packages.db", &bytes), &told_by_rpm(&database, "ndb"));
    Ok(())
}

/// The headers of a database as `rpmdb` exports them: each with eight bytes of magic in front.
fn exported(database: &Path) -> Vec<Vec<u8>> {
    let mut command = Command::new("rpmdb");
    command.args(["--define", "_db_backend sqlite", "--dbpath"]).arg(database).arg("--exportdb");
    let all = output(&mut command);
    let mut headers = Vec::new();
    let mut rest = all.as_slice();
    while let Some((magic, after)) = rest.split_at_checked(8) {
        assert_eq!(magic[..4], [0x8e, 0xad, 0xe8, 0x01]);
        let number = |at: usize| u32::from_be_bytes(after[at..at + 4].try_into().unwrap()) as usize;
        let (header, after) = after.split_at(8 + 16 * number(0) + number(4));
        headers.push(header.to_vec());
        rest = after;
    }
    headers
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A `Packages` file of these headers, made by `db_load`.
fn load(target: &Path, headers: &[Vec<u8>], order: u32, page: usize) {
    let key = |number: u32| if order == 1234 { number.to_le_bytes() } else { number.to_be_bytes() };
    let mut text = format!(
        "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize={page}\ndb_lorder={order}\nHEADER=END\n"
    );
    writeln!(text, " {}\n {}", hex(&key(0)), hex(&key(headers.len() as u32))).unwrap();
    for (index, header) in headers.iter().enumerate() {
        writeln!(text, " {}\n {}", hex(&key(index as u32 + 1)), hex(header)).unwrap();
    }
    text.push_str("DATA=END\n");
    let mut child = Command::new("db5.3_load").arg(target).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn needs_berkeley() -> Result<(), Skip> {
    let found = Command::new("db5.3_load").arg("-V").output();
    let why = || "there is no db5.3_load (package db5.3-util)".into();
    if found.is_ok() { Ok(()) } else { Err(Skip { need: "berkeley-db", why: why() }) }
}

fn berkeley() -> Result<(), Skip> {
    needs_berkeley()?;
    let source = folder("berkeley-source")?;
    install(&source, "sqlite", &built()?.rpms);
    let headers = exported(&source);
    let expected = told_by_rpm(&source, "sqlite");
    for order in [1234, 4321] {
        for page in [512, 1024, 4096, 16_384, 65_536] {
            let database = folder(&format!("berkeley-{order}-{page}"))?;
            load(&database.join("Packages"), &headers, order, page);
            let bytes = fs::read(database.join("Packages")).unwrap();
            println!("    pages of {page} bytes, byte order {order}, {} bytes:", bytes.len());
            assert_same(&told_by_us("Packages", &bytes), &expected);
            if order == 1234 {
                // rpm's own reader of the old form, in versions that have it, must agree on this file.
                let theirs = told_by_rpm(&database, "bdb_ro");
                if theirs.is_empty() {
                    println!("    this rpm does not read it");
                } else {
                    assert_eq!(theirs, expected);
                }
            }
        }
    }
    Ok(())
}

/// Values as `db_dump` prints them, against those that come out of our reader as packages: names only, but
/// of a file with deleted and rewritten records.
fn berkeley_dump() -> Result<(), Skip> {
    needs_berkeley()?;
    // The distribution's Python has the module, another one that comes first in PATH perhaps not.
    let has_module = |python: &&str| {
        let tried = Command::new(python).args(["-c", "import bsddb3"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(has_module) else {
        return Err(Skip { need: "berkeley-db", why: "there is no python3 with bsddb3".into() });
    };
    let source = folder("dump-source")?;
    install(&source, "sqlite", &built()?.rpms);
    let headers = exported(&source);
    let target = folder("dump")?.join("Packages");
    load(&target, &headers, 1234, 4096);
    // Every third record is deleted, and every fifth of the rest written anew with itself.
    let script = "import bsddb3.db as d, sys\nt=d.DB()\nt.open(sys.argv[1])\n\
         for i,k in enumerate(sorted(t.keys())):\n  v=t.get(k)\n  if k==bytes(4): continue\n  \
         if i%3==0: t.delete(k)\n  elif i%5==0:\n    t.delete(k); t.put(k,v)\nt.close()\n";
    output(Command::new(python).args(["-c", script]).arg(&target));
    let dumped = String::from_utf8(output(Command::new("db5.3_dump").arg(&target))).unwrap();
    let lines: Vec<&str> = dumped.lines().filter_map(|line| line.strip_prefix(' ')).collect();
    let values = lines.chunks(2).filter(|pair| pair[0] != "00000000").map(|pair| pair[1]);
    let bytes = fs::read(&target).unwrap();
    let ours = told_by_us("Packages", &bytes);
    let mut left: BTreeSet<&str> = values.clone().collect();
    assert_eq!(ours.len(), left.len(), "{ours:#?}");
    for name in ours.iter().map(|line| line.split(' ').next().unwrap()) {
        // A name stands in its header between the zero bytes of two strings, or at the start of the data.
        let text = hex(format!("{name}\0").as_bytes());
        let found = values.clone().find(|value| left.contains(value) && value.contains(&text));
        left.remove(found.unwrap_or_else(|| panic!("{name} is not in the dump")));
    }
    println!("    {} of {} records are left, and these are found", ours.len(), headers.len());
    Ok(())
}

fn damage() -> Result<(), Skip> {
    let rpms = &built()?.rpms[..6];
    let database = folder("damage")?;
    install(&database, "sqlite", rpms);
    let mut files = vec![("rpmdb.sqlite", fs::read(database.join("rpmdb.sqlite")).unwrap())];
    if needs_berkeley().is_ok() {
        let target = database.join("Packages");
        load(&target, &exported(&database), 1234, 512);
        files.push(("Packages", fs::read(target).unwrap()));
    }
    let mut tried = 0;
    for (name, bytes) in &files {
        let whole = told_by_us(name, bytes);
        for step in 0..400 {
            // Each place of the file in turn, one byte of it and then 64.
            let at = bytes.len() / 400 * step + step % 61;
            let mut flipped = bytes.clone();
            let end = (at + if step % 2 == 0 { 1 } else { 64 }).min(flipped.len());
            flipped[at..end].iter_mut().for_each(|byte| *byte ^= 0xff);
            for damaged in [flipped.as_slice(), &bytes[..at]] {
                let facts = facts(name, Content::Memory(damaged));
                let found: usize = facts.files.iter().map(|file| file.packages.len()).sum();
                assert!(found <= whole.len(), "{found} packages of {}", whole.len());
                let told = facts.files.iter().any(|file| !file.problems.is_empty());
                let is_cut = damaged.len() < bytes.len();
                assert!(found == whole.len() || told || !is_cut, "cut at {at} without a word");
                tried += 1;
            }
        }
    }
    println!("    {tried} damaged files");
    Ok(())
}
