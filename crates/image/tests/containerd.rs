//! Reads an image from a real containerd, started for the test.

#![expect(clippy::unwrap_used, reason = "what panics here is a failed check, and is counted as one")]

#[path = "support/mod.rs"]
mod support;

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use seawall_image::containerd::{Containerd, ContainerdImage, Settings};
use seawall_image::{BlobError, BlobSource};
use seawall_model::{Digest, Limits};
use seawall_testkit::Suite;
use seawall_testkit::process::{Server, output, program, wait_until};
use support::{Image, sha256};

const NAME: &str = "docker.io/seawall-test/containerd:1";
const NAMESPACE: &str = "seawall-test";

fn main() -> ExitCode {
    let mut suite = Suite::new("containerd");
    let (Some(containerd), Some(ctr)) = (program("containerd"), program("ctr")) else {
        suite.skip("containerd is not installed");
        return suite.finish();
    };
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let socket = home.join("containerd.sock");
    let mut command = Command::new(containerd);
    command.arg("--root").arg(home.join("root")).arg("--state").arg(home.join("state"));
    // Without a configuration file, and without the parts that need more of the machine.
    let config = home.join("config.toml");
    std::fs::write(&config, "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n").unwrap();
    let server =
        Server::start(command.arg("--config").arg(config).arg("--address").arg(&socket), &home.join("log"));
    if !wait_until(Duration::from_secs(20), || std::os::unix::net::UnixStream::connect(&socket).is_ok()) {
        let log = std::fs::read_to_string(home.join("log")).unwrap_or_default();
        suite.skip(format!("containerd does not start here: {}", log.lines().last().unwrap_or_default()));
        return suite.finish();
    }
    let image = Image::new();
    let archive = home.join("image.tar");
    image.write_archive(NAME, &archive);
    let mut import = Command::new(ctr);
    import.arg("-a").arg(&socket).args(["-n", NAMESPACE, "images", "import", "--no-unpack"]);
    output(import.arg(&archive));
    suite.run("an image is read from the content store", || whole_image(&socket, &image));
    suite.run("an image is found by digest", || by_digest(&socket));
    suite.run("what is missing is told", || missing(&socket));
    suite.run("a damaged layer is refused", || {
        let layer = sha256(&image.layers[0]).replace("sha256:", "sha256/");
        let blob = home.join("root/io.containerd.content.v1.content/blobs").join(layer);
        std::fs::set_permissions(&blob, PermissionsExt::from_mode(0o644)).unwrap();
        support::damaged_layer_is_refused(&blob, home, |cache| {
            let containerd = connect(&socket);
            let stored = found(&containerd, NAME);
            let root = stored.resolve().unwrap();
            support::scan(stored, root, Some(cache))
        });
    });
    drop(server);
    suite.finish()
}

fn connect(socket: &Path) -> Containerd {
    let namespaces = vec!["nothing-here".to_owned(), NAMESPACE.to_owned()];
    Containerd::connect(Settings { socket: socket.to_owned(), namespaces, limits: Limits::default() })
        .unwrap()
}

fn found<'c>(containerd: &'c Containerd, name: &str) -> ContainerdImage<'c> {
    containerd.image(&name.parse().unwrap()).unwrap().expect("it was imported")
}

fn read(image: &ContainerdImage<'_>, digest: &Digest, size: Option<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.open(digest, size).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn whole_image(socket: &Path, image: &Image) {
    let containerd = connect(socket);
    let stored = found(&containerd, NAME);
    assert_eq!(stored.namespace(), NAMESPACE);
    let manifest = stored.resolve().unwrap();
    assert_eq!(manifest.digest, *stored.digest());
    assert!(manifest.media_type.as_deref().is_some_and(|text| text.contains("manifest")));
    let text = String::from_utf8(manifest.bytes).unwrap();
    let config: Digest = sha256(&image.config).parse().unwrap();
    assert!(text.contains(&config.to_string()), "{text}");
    assert_eq!(read(&stored, &config, Some(image.config.len() as u64)), image.config);
    std::thread::scope(|scope| {
        for layer in image.layers.iter().chain(&image.layers) {
            let stored = &stored;
            scope.spawn(move || {
                let digest = sha256(layer).parse().unwrap();
                assert!(read(stored, &digest, None) == *layer, "the layer is the same");
            });
        }
    });
}

fn by_digest(socket: &Path) {
    let containerd = connect(socket);
    let digest = *found(&containerd, NAME).digest();
    let name = NAME.trim_end_matches(":1");
    assert_eq!(*found(&containerd, &format!("{name}@{digest}")).digest(), digest);
    assert_eq!(*found(&containerd, &format!("{NAME}@{digest}")).digest(), digest);
    let other = format!("docker.io/seawall-test/other@{digest}").parse().unwrap();
    assert!(containerd.image(&other).unwrap().is_none());
}

fn missing(socket: &Path) {
    let containerd = connect(socket);
    assert!(containerd.image(&"docker.io/seawall-test/missing:1".parse().unwrap()).unwrap().is_none());
    let stored = found(&containerd, NAME);
    let nothing = Digest::from_sha256([7; 32]);
    assert!(matches!(stored.open(&nothing, None), Err(BlobError::NotFound(digest)) if digest == nothing));
    let manifest = *stored.digest();
    assert!(matches!(stored.open(&manifest, Some(1)), Err(BlobError::WrongSize { expected: 1, .. })));
}
