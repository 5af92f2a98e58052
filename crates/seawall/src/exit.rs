//! Exit codes: the same everywhere.

use std::process::ExitCode;

/// What the help of every command says of them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done, and nothing at or above the threshold
  1  findings at or above the threshold (--fail-on)
  2  the run could not be done
  3  done, but not everything was judged (--allow-incomplete makes it 0)";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Findings,
    NotDone,
    Incomplete,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::NotDone => 2,
            Exit::Incomplete => 3,
        })
    }
}
