//! `seawall scan` as a user runs it: over images and advisories that the tests build.
#![expect(clippy::unwrap_used, reason = "a test fails where it can't have what it needs")]

mod cache;
mod damage;
mod exceptions;
mod exits;
mod forms;
mod lab;
mod layers;
mod sbom;
