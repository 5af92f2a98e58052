//! Progress on a terminal for long work, and nothing anywhere else.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line on the terminal that follows counters until it is dropped.
pub(crate) struct Progress {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How far something is.
pub(crate) struct Status {
    pub(crate) done: u64,
    /// 0 where it is not known.
    pub(crate) total: u64,
    pub(crate) message: String,
    pub(crate) unit: Unit,
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Files,
}

/// Work that ends sooner shows nothing.
const DELAY: Duration = Duration::from_millis(400);
const TICK: Duration = Duration::from_millis(100);

impl Progress {
    /// Starts drawing what `status` says, if standard error is a terminal and nobody asked for quiet.
    pub(crate) fn start(quiet: bool, status: impl Fn() -> Status + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        if quiet || !std::io::stderr().is_terminal() {
            return Self { stop, thread: None };
        }
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || draw(&stopped, &status));
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn draw(stop: &AtomicBool, status: &dyn Fn() -> Status) {
    thread::park_timeout(DELAY);
    if stop.load(Ordering::Relaxed) {
        return;
    }
    let bar = ProgressBar::new(0);
    while !stop.load(Ordering::Relaxed) {
        let status = status();
        let template = match (status.unit, status.total) {
            (Unit::Bytes, 0) => "{spinner} {msg} {bytes} ({bytes_per_sec})",
            (Unit::Bytes, _) => "{spinner} {msg} [{bar:30}] {bytes}/{total_bytes} ({bytes_per_sec})",
            (Unit::Files, 0) => "{spinner} {msg} {human_pos}",
            (Unit::Files, _) => "{spinner} {msg} [{bar:30}] {human_pos}/{human_len}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_length(status.total);
        bar.set_position(status.done);
        bar.set_message(status.message);
        bar.tick();
        thread::park_timeout(TICK);
    }
    bar.finish_and_clear();
}
