//! Asks the semver crate, which is Cargo's. Reads `a<TAB>b` lines, prints `<`, `=` or `>` for each, `?` where it
//! refuses.

use std::cmp::Ordering;

fn main() {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let (a, b) = line.split_once('\t').unwrap_or((&line, ""));
        let order = match (semver::Version::parse(a), semver::Version::parse(b)) {
            (Ok(a), Ok(b)) => Some(a.cmp_precedence(&b)),
            _ => None,
        };
        println!(
            "{}",
            match order {
                Some(Ordering::Less) => '<',
                Some(Ordering::Equal) => '=',
                Some(Ordering::Greater) => '>',
                None => '?',
            }
        );
    }
}
