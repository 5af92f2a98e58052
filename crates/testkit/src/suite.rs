//! A test binary of its own, for tests that need programs which may not be there: passed, failed, or skipped
//! and said so.
//!
//! The last line is `N passed, N failed, N skipped`, as `script/test` adds them up. `SEAWALL_REQUIRE` turns a
//! skip for want of something into a failure: `SEAWALL_REQUIRE=docker,rpm`, or `all`. A word on the command
//! line runs only the tests whose name holds it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};

/// What a test that can't run gives back: what it needs, as `SEAWALL_REQUIRE` names it, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    pub need: &'static str,
    pub why: String,
}

/// What a test may give back. It fails by panicking, as any other.
pub trait Outcome {
    /// Nothing where it has passed.
    fn skip(self) -> Option<Skip>;
}

impl Outcome for () {
    fn skip(self) -> Option<Skip> {
        None
    }
}

impl Outcome for Result<(), Skip> {
    fn skip(self) -> Option<Skip> {
        self.err()
    }
}

/// Runs tests one after the other and counts.
#[derive(Debug)]
pub struct Suite {
    name: &'static str,
    required: Vec<String>,
    filter: Option<String>,
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Suite {
    /// `name` is what the tests are about, and what all of them need.
    pub fn new(name: &'static str) -> Self {
        let required = std::env::var("SEAWALL_REQUIRE").unwrap_or_default();
        let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
        Self::with(name, &required, filter)
    }

    fn with(name: &'static str, required: &str, filter: Option<String>) -> Self {
        let required = required.split(',').map(|word| word.trim().to_owned()).collect();
        Self { name, required, filter, passed: 0, failed: 0, skipped: 0 }
    }

    /// Runs one test.
    pub fn run<R: Outcome>(&mut self, test: &str, body: impl FnOnce() -> R) {
        if self.filter.as_ref().is_some_and(|filter| !test.contains(filter.as_str())) {
            return;
        }
        match catch_unwind(AssertUnwindSafe(body)).map(Outcome::skip) {
            Ok(None) => {
                println!("test {}: {test} ... ok", self.name);
                self.passed += 1;
            }
            Ok(Some(skip)) => self.count_skip(&format!("{}: {test}", self.name), &skip),
            Err(_) => {
                println!("test {}: {test} ... FAILED", self.name);
                self.failed += 1;
            }
        }
    }

    /// Notes that something could not be tested for want of what the whole suite needs.
    pub fn skip(&mut self, why: impl Into<String>) {
        self.count_skip(self.name, &Skip { need: self.name, why: why.into() });
    }

    fn count_skip(&mut self, what: &str, Skip { need, why }: &Skip) {
        if self.required.iter().any(|word| word == need || word == "all") {
            println!("FAILED: {what}: {need} is required, but {why}");
            self.failed += 1;
        } else {
            println!("skipped: {what}: {why}");
            self.skipped += 1;
        }
    }

    /// The closing line, and how the binary ends.
    pub fn finish(self) -> ExitCode {
        println!("{}", self.sums());
        ExitCode::from(u8::from(self.failed > 0))
    }

    fn sums(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Whether a program is there, by asking it for its version.
pub fn needs(need: &'static str, program: &str) -> Result<(), Skip> {
    let started = Command::new(program).arg("--version").output();
    if started.is_ok() { Ok(()) } else { Err(Skip { need, why: format!("there is no {program}") }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(required: &str, filter: Option<&str>) -> String {
        let mut suite = Suite::with("docker", required, filter.map(str::to_owned));
        suite.run("one that passes", || ());
        suite.run("one that fails", || assert_eq!(1, 2));
        suite.run("one that needs rpm", || Err(Skip { need: "rpm", why: "there is none".to_owned() }));
        suite.run("one that has rpm", || Ok(()));
        suite.sums()
    }

    #[test]
    fn what_passes_fails_and_is_skipped_is_counted() {
        assert_eq!(run("", None), "2 passed, 1 failed, 1 skipped");
        assert_eq!(run("docker", None), "2 passed, 1 failed, 1 skipped");
        assert_eq!(run("", Some("rpm")), "1 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn what_is_required_may_not_be_skipped() {
        for required in ["rpm", "docker, rpm", "all"] {
            assert_eq!(run(required, None), "2 passed, 2 failed, 0 skipped", "{required}");
        }
        for (required, expected) in [("", 0), ("docker", 1)] {
            let mut suite = Suite::with("docker", required, None);
            suite.skip("no daemon answers");
            assert_eq!((suite.failed, suite.skipped), (expected, 1 - expected));
        }
    }
}
