//! Reads an image from a real Docker daemon, where one answers.

#![expect(clippy::unwrap_used, reason = "what panics here is a failed check, and is counted as one")]

#[path = "support/mod.rs"]
mod support;

use std::process::ExitCode;

use seawall_image::Environment;
use seawall_image::daemon::Daemon;
use seawall_model::Limits;
use seawall_testkit::Suite;
use support::{Image, digests_in};

const NAME: &str = "seawall-test/docker:1";

fn main() -> ExitCode {
    let mut suite = Suite::new("docker");
    let environment = Environment::of_process();
    let daemon = match Daemon::docker(&environment, Limits::default()) {
        Ok(daemon) => daemon,
        Err(error) => {
            suite.skip(error.to_string());
            return suite.finish();
        }
    };
    let host = environment.text("DOCKER_HOST").unwrap_or("unix:///var/run/docker.sock").to_owned();
    let Some(socket) = host.strip_prefix("unix://") else {
        suite.skip("the test image is loaded over a socket only");
        return suite.finish();
    };
    let image = Image::new();
    suite.run("the test image is loaded", || load(socket, &image));
    suite.run("an image is inspected and exported", || whole_image(&daemon, &image));
    suite.run("an image is found by its identifier", || by_identifier(&daemon));
    suite.run("a missing image is none", || {
        let missing = "seawall-test/missing:1".parse().unwrap();
        assert!(daemon.inspect(&missing, None).unwrap().is_none());
    });
    let removed = client(socket).delete(format!("http://localhost/images/{NAME}")).send();
    assert!(removed.is_ok_and(|response| response.status() != 500), "the test image can be removed");
    suite.finish()
}

fn client(socket: &str) -> reqwest::blocking::Client {
    let builder = reqwest::blocking::Client::builder().unix_socket(std::path::Path::new(socket));
    builder.build().unwrap()
}

fn load(socket: &str, image: &Image) {
    let request = client(socket).post("http://localhost/images/load").body(image.archive(NAME));
    let response = request.header("content-type", "application/x-tar").send().unwrap();
    let status = response.status();
    let text = response.text().unwrap();
    assert!(status.is_success() && !text.contains("errorDetail"), "{status} {text}");
}

fn whole_image(daemon: &Daemon, image: &Image) {
    let found = daemon.inspect(&NAME.parse().unwrap(), None).unwrap().expect("it was loaded");
    let diff_ids: Vec<_> = found.diff_ids.iter().map(ToString::to_string).collect();
    assert_eq!(diff_ids, image.diff_ids());
    assert_eq!((found.os.as_str(), found.architecture.as_str()), ("linux", "amd64"));
    let history = daemon.history(&found, None).unwrap();
    let steps: Vec<_> = history.iter().map(|entry| entry.created_by.as_str()).collect();
    assert_eq!(steps, ["COPY two", "COPY one"]);
    let digests = digests_in(daemon.export(&found, None).unwrap());
    for diff_id in diff_ids {
        assert!(digests.contains(&diff_id), "layer {diff_id} is in the export");
    }
}

fn by_identifier(daemon: &Daemon) {
    let found = daemon.inspect(&NAME.parse().unwrap(), None).unwrap().expect("it was loaded");
    let by_whole = daemon.inspect(&found.id.parse().unwrap(), None).unwrap();
    assert_eq!(by_whole.as_ref(), Some(&found));
    let short = &found.id.trim_start_matches("sha256:")[..12];
    assert_eq!(daemon.inspect(&short.parse().unwrap(), None).unwrap(), Some(found.clone()));
}
