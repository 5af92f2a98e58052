//! placeholder
use seawall_model::{Distro, Timestamp};
pub enum EndOfLife {}
pub fn end_of_life(_d: &Distro, _n: Timestamp) -> Option<EndOfLife> {
    None
}
