//! What the scans of one process share: room for claimed files, and who reads which layer at this moment.
//!
//! Facts go from scan to scan through the cache of layers and are not held here. So a scan without a cache
//! waits for nobody and reads for itself.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use seawall_model::{Analyser, Digest, Limits};

use crate::held::HeldBytes;

/// Shared by all scans that run in one process, one after the other or at the same time.
pub struct Shared {
    held: HeldBytes,
    layers: Mutex<Layers>,
    released: Condvar,
}

#[derive(Default)]
struct Layers {
    in_flight: HashSet<LayerKey>,
    read: HashSet<LayerKey>,
}

/// A layer as one analyser sees it. The digest is only promised until the layer was read: it decides who waits
/// for whom, never what is believed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LayerKey {
    diff_id: Digest,
    analyser: String,
}

impl LayerKey {
    pub(crate) fn new(diff_id: &Digest, analyser: &impl Analyser) -> Self {
        Self { diff_id: *diff_id, analyser: analyser.identity() }
    }
}

impl Shared {
    /// Room for as much as the limits allow, over all scans together.
    pub fn new(limits: &Limits) -> Self {
        let held = HeldBytes::new(limits.max_held_bytes);
        Self { held, layers: Mutex::default(), released: Condvar::new() }
    }

    pub(crate) fn held(&self) -> &HeldBytes {
        &self.held
    }

    /// The right to read a layer, unless someone reads it already.
    pub(crate) fn try_claim(&self, key: &LayerKey) -> Option<Claim<'_>> {
        let is_free = self.lock().in_flight.insert(key.clone());
        is_free.then(|| Claim { shared: self, key: key.clone() })
    }

    /// The right to read a layer, once nobody else reads it.
    ///
    /// Who waits holds no other claim, so that nobody waits for himself.
    pub(crate) fn claim(&self, key: &LayerKey) -> Claim<'_> {
        let mut layers = self.lock();
        while !layers.in_flight.insert(key.clone()) {
            layers = self.released.wait(layers).unwrap_or_else(PoisonError::into_inner);
        }
        Claim { shared: self, key: key.clone() }
    }

    /// Notes that a layer was read and verified, and that its facts are in the cache.
    pub(crate) fn note_read(&self, key: LayerKey) {
        self.lock().read.insert(key);
    }

    /// Whether a layer was read by this process, and not only found in a cache.
    pub(crate) fn was_read(&self, key: &LayerKey) -> bool {
        self.lock().read.contains(key)
    }

    fn lock(&self) -> MutexGuard<'_, Layers> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to read a layer, until it is dropped.
pub(crate) struct Claim<'s> {
    shared: &'s Shared,
    key: LayerKey,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.shared.lock().in_flight.remove(&self.key);
        self.shared.released.notify_all();
    }
}
