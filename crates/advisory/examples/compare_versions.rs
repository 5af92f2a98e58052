//! Compares versions: reads lines of scheme, version and version, separated by tabs, and prints `<`, `=` or `>`
//! for each, or `?` where one of them is no version of the scheme.
//!
//! `script/versions/check` asks it.

use std::cmp::Ordering;
use std::io::{self, BufRead, BufWriter, Write};

use seawall_advisory::version::VersionScheme;

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        writeln!(out, "{}", answer(&String::from_utf8_lossy(&line)))?;
    }
    out.flush()
}

fn answer(line: &str) -> char {
    let mut fields = line.split('\t');
    let (Some(scheme), Some(a), Some(b)) = (fields.next(), fields.next(), fields.next()) else {
        return '?';
    };
    let Some(scheme) = VersionScheme::ALL.iter().find(|known| known.as_str() == scheme) else {
        return '?';
    };
    match scheme.compare(a, b) {
        Ok(Ordering::Less) => '<',
        Ok(Ordering::Equal) => '=',
        Ok(Ordering::Greater) => '>',
        Err(_) => '?',
    }
}
