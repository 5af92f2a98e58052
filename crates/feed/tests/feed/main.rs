//! Tests through the public interface: small OSV zips in, databases and findings out.

#![expect(clippy::unwrap_used, reason = "a test whose input can't be prepared fails")]

mod common;
mod mirror;
mod robustness;
mod semantics;
mod updates;
