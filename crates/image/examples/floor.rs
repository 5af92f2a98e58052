//! The least that any scan of an image must do: for each layer, SHA-256 of the blob, inflate, SHA-256 of the tar.
//!
//! With the libraries and the number of threads of a scan, and nothing of its code. `bench/run` measures a
//! scan against it. It reads an OCI layout with one image of gzip layers, compares every digest, and prints
//! how many bytes there were.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use flate2::bufread::MultiGzDecoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// A layer's blob and the digest of its tar.
struct Layer {
    blob: PathBuf,
    digest: String,
    diff_id: String,
}

fn main() -> Result<(), AnyError> {
    let layout = std::env::args_os().nth(1).ok_or("usage: floor DIR [THREADS]")?;
    let threads = match std::env::args().nth(2) {
        Some(threads) => threads.parse()?,
        None => thread::available_parallelism()?.get(),
    };
    let mut layers = layers(Path::new(&layout))?;
    // The smallest first: workers take from the end.
    layers.sort_by_key(|layer| fs::metadata(&layer.blob).map_or(0, |file| file.len()));
    let open = Mutex::new(layers);
    let next = || open.lock().ok()?.pop();
    let work = || -> Result<u64, AnyError> {
        let mut bytes = 0;
        while let Some(layer) = next() {
            bytes += check(&layer)?;
        }
        Ok(bytes)
    };
    let bytes = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a worker panicked")?)
            .sum::<Result<u64, _>>()
    })?;
    println!("{bytes} bytes of tar");
    Ok(())
}

/// The layers of the only image of a layout.
fn layers(layout: &Path) -> Result<Vec<Layer>, AnyError> {
    let blob = |digest: &Value| -> Result<PathBuf, AnyError> {
        let hex = digest.as_str().and_then(|text| text.strip_prefix("sha256:")).ok_or("no sha256 digest")?;
        Ok(layout.join("blobs/sha256").join(hex))
    };
    let json = |path: PathBuf| -> Result<Value, AnyError> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
    let index = json(layout.join("index.json"))?;
    let manifest = json(blob(&index["manifests"][0]["digest"])?)?;
    let config = json(blob(&manifest["config"]["digest"])?)?;
    let descriptors = manifest["layers"].as_array().ok_or("a manifest without layers")?;
    let diff_ids = config["rootfs"]["diff_ids"].as_array().ok_or("a configuration without layers")?;
    descriptors
        .iter()
        .zip(diff_ids)
        .map(|(descriptor, diff_id)| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Ok(Layer {
                blob: blob(&descriptor["digest"])?,
                digest: text(&descriptor["digest"]),
                diff_id: text(diff_id),
            })
        })
        .collect()
}

/// Reads a layer and compares both digests. Returns the bytes of its tar.
fn check(layer: &Layer) -> Result<u64, AnyError> {
    let blob = Hashing { inner: File::open(&layer.blob)?, hasher: Sha256::new(), bytes: 0 };
    let mut blob = BufReader::with_capacity(256 << 10, blob);
    let inflated = MultiGzDecoder::new(&mut blob);
    let mut tar = Hashing { inner: inflated, hasher: Sha256::new(), bytes: 0 };
    let mut buffer = vec![0; 1 << 20];
    while tar.read(&mut buffer)? > 0 {}
    let (diff_id, bytes) = (tar.hasher.finalize(), tar.bytes);
    let digest = blob.into_inner().hasher.finalize();
    for (what, promised, actual) in [("blob", &layer.digest, digest), ("tar", &layer.diff_id, diff_id)] {
        let actual = actual.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        if *promised != actual {
            return Err(format!("{}: the {what} has the digest {actual}", layer.blob.display()).into());
        }
    }
    Ok(bytes)
}

/// Hashes what is read through it.
struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.hasher.update(&out[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}
