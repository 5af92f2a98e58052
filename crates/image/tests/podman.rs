//! Reads an image from Podman: from its storage on disk, and from its service.

#![expect(clippy::unwrap_used, reason = "what panics here is a failed check, and is counted as one")]

#[path = "support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use seawall_image::daemon::storage::Storage;
use seawall_image::daemon::{Address, Daemon, Kind};
use seawall_model::Limits;
use seawall_testkit::Suite;
use seawall_testkit::process::{Server, output, program, wait_until};
use support::{Image, digests_in, sha256};

const NAME: &str = "localhost/seawall-test/podman:1";

fn main() -> ExitCode {
    let mut suite = Suite::new("podman");
    let Some(podman) = program("podman") else {
        suite.skip("podman is not installed");
        return suite.finish();
    };
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let image = Image::new();
    let archive = home.join("image.tar");
    image.write_archive(NAME, &archive);
    let command = || {
        let mut command = Command::new(&podman);
        command.arg("--root").arg(home.join("root")).arg("--runroot").arg(home.join("run"));
        command
    };
    // A user without subordinate identifiers, or a kernel without overlays, can't unpack an image.
    let loaded =
        command().args(["--storage-driver", "overlay", "load", "-i"]).arg(&archive).output().unwrap();
    if !loaded.status.success() {
        suite.skip(format!(
            "podman can't load an image here: {}",
            String::from_utf8_lossy(&loaded.stderr).trim()
        ));
        return suite.finish();
    }
    suite.run("an image is read from the storage on disk", || from_storage(home, &image));
    suite.run("an image is read from the service", || {
        let socket = home.join("podman.sock");
        let address = format!("unix://{}", socket.display());
        let mut service = command();
        service.args(["--storage-driver", "overlay", "system", "service", "-t", "0", &address]);
        let _service = Server::start(&mut service, &home.join("log"));
        assert!(wait_until(Duration::from_secs(20), || socket.exists()), "the service listens");
        from_service(&socket, &image);
    });
    // Podman leaves mounts behind that keep the directory from being removed.
    output(command().args(["--storage-driver", "overlay", "rmi", "--all", "--force"]));
    let _ = Command::new("umount").arg(home.join("root/overlay")).output();
    suite.finish()
}

fn from_storage(home: &Path, image: &Image) {
    let storage = Storage::at(vec![home.join("root")], Limits::default());
    let found = storage.image(&NAME.parse().unwrap()).unwrap().expect("it was loaded");
    assert_eq!(found.names, [NAME]);
    assert_eq!(format!("sha256:{}", found.id), sha256(&found.config));
    assert!(found.manifest.is_some());
    let diff_ids: Vec<_> = found.layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    assert_eq!(diff_ids, image.diff_ids());
    let read = |layer: usize, path: &str| std::fs::read(found.layers[layer].diff_dir.join(path)).unwrap();
    assert_eq!(read(0, "etc/b"), b"two");
    assert_eq!(read(1, "c"), b"three");
    // The short name means the local image where Docker Hub's was not pulled, and so does the identifier.
    for name in ["seawall-test/podman:1", &found.id[..12], &format!("sha256:{}", found.id)] {
        assert_eq!(storage.image(&name.parse().unwrap()).unwrap().as_ref(), Some(&found), "{name}");
    }
    assert!(storage.image(&"seawall-test/podman:2".parse().unwrap()).unwrap().is_none());
}

fn from_service(socket: &Path, image: &Image) {
    let address = Address::Unix(socket.to_owned());
    let daemon = Daemon::connect(Kind::Podman, &address, Limits::default()).unwrap();
    let found =
        daemon.inspect(&"seawall-test/podman:1".parse().unwrap(), None).unwrap().expect("it was loaded");
    let diff_ids: Vec<_> = found.diff_ids.iter().map(ToString::to_string).collect();
    assert_eq!(diff_ids, image.diff_ids());
    assert_eq!(daemon.history(&found, None).unwrap()[0].created_by, "COPY two");
    let digests = digests_in(daemon.export(&found, None).unwrap());
    for diff_id in diff_ids {
        assert!(digests.contains(&diff_id), "layer {diff_id} is in the export");
    }
    assert!(daemon.inspect(&"seawall-test/missing".parse().unwrap(), None).unwrap().is_none());
}
