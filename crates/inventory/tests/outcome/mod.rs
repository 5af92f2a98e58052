//! Tests that need a program which may not be there: passed, failed, or skipped and said so.
//!
//! `SEAWALL_REQUIRE=rpm,pacman` (or `all`) turns a skip for want of these into a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};

/// What a test that can't run gives back: the program or thing that is missing, and why.
pub(crate) struct Skip {
    pub(crate) need: &'static str,
    pub(crate) why: String,
}

/// A test fails by panicking, as any other.
pub(crate) type Test = (&'static str, fn() -> Result<(), Skip>);

/// Runs them all, one after the other, and ends with a line of counts.
pub(crate) fn run(tests: &[Test]) -> ExitCode {
    let required = std::env::var("SEAWALL_REQUIRE").unwrap_or_default();
    let is_required = |need: &str| required.split(',').any(|word| word == need || word == "all");
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, test) in tests {
        if filter.as_ref().is_some_and(|filter| !name.contains(filter.as_str())) {
            continue;
        }
        match catch_unwind(AssertUnwindSafe(test)) {
            Ok(Ok(())) => {
                println!("passed: {name}");
                passed += 1;
            }
            Ok(Err(skip)) if is_required(skip.need) => {
                println!("failed: {name}: {} is required, but {}", skip.need, skip.why);
                failed += 1;
            }
            Ok(Err(skip)) => {
                println!("skipped: {name}: {}", skip.why);
                skipped += 1;
            }
            Err(_) => {
                println!("failed: {name}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether a program is there, by asking it for its version.
pub(crate) fn needs(need: &'static str, program: &str) -> Result<(), Skip> {
    let started = Command::new(program).arg("--version").output();
    if started.is_ok() { Ok(()) } else { Err(Skip { need, why: format!("there is no {program}") }) }
}

/// Runs a program that must succeed, and gives what it printed.
pub(crate) fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {errors}", output.status);
    output.stdout
}
