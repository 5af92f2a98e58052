//! Files by their path: the form in which images and mirrors are built before they are written anywhere.

use std::collections::BTreeMap;
use std::path::Path;

/// Contents by path, which is relative and has no dots.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Writes files below a folder, which is made where it isn't there.
pub fn write_files(folder: &Path, files: &Files) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// A tar archive of files, as an image archive is one.
pub fn tar_of(files: &Files) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}
