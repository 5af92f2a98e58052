//! Scans of images that share layers: what is read, what is taken from the cache, and what is told of it.

use std::path::Path;
use std::time::Duration;

use seawall_testkit::{Image, Layer, Layout, Texts, write_files};

use super::*;
use crate::blobs::UnverifiedBlob;
use crate::image::{BlobImage, ImageError};
use crate::layout::{LayoutDir, Pick};
use crate::manifest::Platform;

/// An image in a folder that counts how often its layers are opened.
struct Counted {
    image: BlobImage<LayoutDir>,
    opened: AtomicUsize,
}

impl Counted {
    fn new(dir: &Path, layers: &[&Layer]) -> Self {
        let image = Image::new(layers.iter().map(|layer| (*layer).clone()));
        write_files(dir, &Layout::new([image]).files());
        let platform = Platform { os: "linux".into(), architecture: "amd64".into(), variant: None };
        let image = LayoutDir::open(dir, &Pick::Any, &platform, &Limits::default()).unwrap();
        Self { image, opened: AtomicUsize::new(0) }
    }

    fn opened(&self) -> usize {
        self.opened.swap(0, Ordering::Relaxed)
    }
}

impl ImageSource for Counted {
    fn image(&self) -> &ImageDescription {
        self.image.image()
    }

    fn open_layer(&self, layer: LayerIndex) -> Result<UnverifiedBlob<'_>, ImageError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.image.open_layer(layer)
    }
}

/// Two images upon one base, in folders, and a cache.
struct Lab {
    dir: tempfile::TempDir,
    cache: Cache,
    images: [Counted; 2],
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = Layer::new("COPY").file("etc/base", "base").file("etc/more", "more");
        let layers = ["one", "two"].map(|name| Layer::new("COPY").file(name, name));
        let images = [0, 1].map(|at| Counted::new(&dir.path().join(at.to_string()), &[&base, &layers[at]]));
        let cache = Cache::new(dir.path().join("cache"), u64::MAX);
        Self { dir, cache, images }
    }

    /// What the image holds, which of its layers came from the cache, and how many problems there are.
    fn scan(&self, image: usize, shared: &Shared, how: How) -> (String, Vec<bool>, usize) {
        let (limits, meter) = (Limits::default(), Meter::default());
        let options = ScanOptions {
            limits: &limits,
            threads: 2,
            cache: Some(&self.cache).filter(|_| how != How::WithoutCache),
            verify_blobs: how == How::VerifyBlobs,
            meter: &meter,
            shared,
        };
        let texts = Texts { pause: Duration::from_millis(30), ..Texts::default() };
        let scanned = scan_image(&self.images[image], &texts, &options);
        let from_cache = scanned.layers.iter().map(|layer| layer.from_cache).collect();
        let facts: Vec<String> = scanned.layers.into_iter().flat_map(|layer| layer.facts).collect();
        assert_eq!(meter.layers_done.into_inner(), 2);
        (facts.join(" "), from_cache, scanned.problems.len())
    }

    fn scan_both_at_once(&self, shared: &Shared, how: How) -> [(String, Vec<bool>, usize); 2] {
        thread::scope(|scope| {
            [0, 1]
                .map(|image| scope.spawn(move || self.scan(image, shared, how)))
                .map(|scan| scan.join().unwrap())
        })
    }

    fn opened(&self) -> usize {
        self.images.iter().map(Counted::opened).sum()
    }

    fn blob(&self, image: usize, layer: LayerIndex) -> std::path::PathBuf {
        let (digest, _) = self.images[image].image().layers[layer].blob.unwrap();
        self.dir.path().join(image.to_string()).join("blobs/sha256").join(digest.hex())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Usual,
    VerifyBlobs,
    WithoutCache,
}

const FIRST: &str = "etc/base=base etc/more=more one=one";
const SECOND: &str = "etc/base=base etc/more=more two=two";

fn shared() -> Shared {
    Shared::new(&Limits::default())
}

#[test]
fn a_layer_of_two_images_is_read_once_though_both_are_scanned_at_once() {
    for how in [How::Usual, How::VerifyBlobs] {
        let lab = Lab::new();
        let [first, second] = lab.scan_both_at_once(&shared(), how);
        assert_eq!(first, (FIRST.to_owned(), vec![false, false], 0));
        assert_eq!(second, (SECOND.to_owned(), vec![false, false], 0));
        assert_eq!(lab.opened(), 3);
    }
}

#[test]
fn what_is_told_does_not_depend_on_who_was_first() {
    let lab = Lab::new();
    let shared = shared();
    assert_eq!(lab.scan(0, &shared, How::Usual), (FIRST.to_owned(), vec![false, false], 0));
    assert_eq!(lab.scan(1, &shared, How::Usual), (SECOND.to_owned(), vec![false, false], 0));
    assert_eq!(lab.opened(), 3);
}

#[test]
fn another_process_takes_from_the_cache_what_it_does_not_verify() {
    let lab = Lab::new();
    lab.scan(0, &shared(), How::Usual);
    assert_eq!(lab.opened(), 2);
    assert_eq!(lab.scan(0, &shared(), How::Usual), (FIRST.to_owned(), vec![true, true], 0));
    assert_eq!(lab.opened(), 0);
    assert_eq!(lab.scan(0, &shared(), How::VerifyBlobs), (FIRST.to_owned(), vec![false, false], 0));
    assert_eq!(lab.opened(), 2);
}

#[test]
fn a_blob_that_was_replaced_since_is_found_when_blobs_are_verified() {
    let lab = Lab::new();
    lab.scan(0, &shared(), How::Usual);
    let other = std::fs::read(lab.blob(1, 1)).unwrap();
    std::fs::write(lab.blob(0, 1), other).unwrap();
    // A cached layer is trusted by its digest.
    assert_eq!(lab.scan(0, &shared(), How::Usual), (FIRST.to_owned(), vec![true, true], 0));
    let (_, from_cache, problems) = lab.scan(0, &shared(), How::VerifyBlobs);
    assert_eq!(from_cache, [false, false]);
    assert!(problems > 0);
}

#[test]
fn without_a_cache_each_scan_reads_for_itself() {
    let lab = Lab::new();
    let [first, second] = lab.scan_both_at_once(&shared(), How::WithoutCache);
    assert_eq!((first.0.as_str(), second.0.as_str()), (FIRST, SECOND));
    assert_eq!(lab.opened(), 4);
    assert_eq!(lab.cache.status().unwrap().entries, 0);
}

#[test]
fn who_waits_for_a_layer_that_turns_out_damaged_reads_it_and_says_so_too() {
    let lab = Lab::new();
    for image in [0, 1] {
        std::fs::write(lab.blob(image, 0), b"no layer at all").unwrap();
    }
    for (_, _, problems) in lab.scan_both_at_once(&shared(), How::Usual) {
        assert_eq!(problems, 1);
    }
    assert_eq!(lab.opened(), 4);
}

#[test]
fn a_layer_that_an_image_has_twice_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let layer = Layer::new("COPY").file("a", "a");
    let image = Counted::new(dir.path(), &[&layer, &layer]);
    let (limits, meter, shared) = (Limits::default(), Meter::default(), shared());
    let cache = Cache::new(dir.path().join("cache"), u64::MAX);
    let options = ScanOptions {
        limits: &limits,
        threads: 2,
        cache: Some(&cache),
        verify_blobs: false,
        meter: &meter,
        shared: &shared,
    };
    let scanned = scan_image(&image, &Texts::default(), &options);
    assert!(scanned.layers.iter().all(|layer| layer.facts == ["a=a"] && !layer.from_cache));
    assert_eq!(image.opened(), 1);
}
