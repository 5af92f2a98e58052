//! An analyser that understands nothing: it notes every file with its text.

use std::sync::atomic::{AtomicUsize, Ordering};

use seawall_model::{Analyser, Content, EntryMeta, Interest, Problem};

/// Claims every file.
#[derive(Debug, Default)]
pub struct Texts {
    /// Files that it was shown.
    pub shown: AtomicUsize,
    /// Waits this long at each file, so that others come in between.
    pub pause: std::time::Duration,
}

impl Analyser for Texts {
    /// `path=text` for each file, or what was wrong with it.
    type Facts = Vec<String>;

    fn identity(&self) -> String {
        "texts".to_owned()
    }

    fn interest(&self, _: &EntryMeta<'_>) -> Interest {
        Interest::Read
    }

    fn wants_content(&self, _: &EntryMeta<'_>, _: &[u8]) -> bool {
        true
    }

    fn analyse(&self, entry: &EntryMeta<'_>, content: Content<'_>, facts: &mut Self::Facts) {
        self.shown.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(self.pause);
        let bytes = content.bytes(u64::MAX - 1).unwrap();
        facts.push(format!("{}={}", entry.path, String::from_utf8_lossy(&bytes)));
    }

    fn unreadable(&self, problem: Problem, facts: &mut Self::Facts) {
        facts.push(problem.message);
    }

    fn fixed_paths(&self) -> &[&'static str] {
        &[]
    }

    fn encode(&self, facts: &Self::Facts) -> Vec<u8> {
        facts.join("\n").into_bytes()
    }

    fn decode(&self, bytes: &[u8]) -> Option<Self::Facts> {
        let text = String::from_utf8(bytes.to_vec()).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }
}
