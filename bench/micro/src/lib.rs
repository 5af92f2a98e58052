//! Inputs for the benches: made here, the same every time.

use std::fmt::Write;

/// A dpkg status file of so many packages.
pub fn dpkg_status(packages: usize) -> String {
    let mut text = String::new();
    for number in 0..packages {
        let _ = write!(
            text,
            "Package: library-{number}\nStatus: install ok installed\nPriority: optional\nSection: libs\n\
             Installed-Size: 413\nMaintainer: Somebody <somebody@example.org>\nArchitecture: amd64\n\
             Source: source-{} (1.{number}-1)\nVersion: 1.{number}-1+b1\nDepends: libc6 (>= 2.34), zlib1g\n\
             Description: a library\n It does this and that.\n .\n And more.\n\n",
            number / 3
        );
    }
    text
}

/// An apk database of so many packages, with ten files each.
pub fn apk_installed(packages: usize) -> String {
    let mut text = String::new();
    for number in 0..packages {
        let _ = write!(
            text,
            "C:Q1abc=\nP:package-{number}\nV:1.{number}-r0\nA:x86_64\nL:MIT\no:origin-{}\nF:usr/lib\n",
            number / 3
        );
        for file in 0..10 {
            let _ = write!(text, "R:libpackage-{number}.so.{file}\nZ:Q1xyz=\n");
        }
        text.push('\n');
    }
    text
}

/// A package-lock of so many packages.
pub fn package_lock(packages: usize) -> String {
    let mut text =
        String::from(r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"app"}"#);
    for number in 0..packages {
        let _ = write!(
            text,
            r#","node_modules/package-{number}":{{"version":"1.{number}.0","resolved":"https://example.org/p.tgz","integrity":"sha512-abc","license":"MIT"}}"#
        );
    }
    text + "}}"
}

/// A tar archive of so many small files.
pub fn tar_of(files: usize) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for number in 0..files {
        let mut header = tar::Header::new_gnu();
        header.set_size(1000);
        header.set_mode(0o644);
        builder
            .append_data(
                &mut header,
                format!("usr/share/doc/package-{number}/changelog"),
                [b'x'; 1000].as_slice(),
            )
            .expect("memory takes everything");
    }
    builder.into_inner().expect("memory takes everything")
}
