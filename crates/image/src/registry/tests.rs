//! The client against a server that misbehaves in every way that was thought of.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::error::chain;
use super::*;
use crate::credentials::CredentialStore;
use seawall_testkit::http::{Asked, Fake, Reply};

const MANIFEST: &str = r#"{"schemaVersion":2}"#;
const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn settings() -> Settings {
    Settings {
        backoff: Backoff { tries: 3, first: Duration::from_millis(1), longest: Duration::from_secs(2) },
        idle_timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

fn with_auths(host: &str, entry: &str) -> Settings {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.json");
    std::fs::write(&path, format!(r#"{{"auths":{{"{host}":{entry}}}}}"#)).unwrap();
    Settings { credentials: CredentialStore::from_files(&[path]).unwrap(), ..settings() }
}

fn resolve_with(settings: Settings, name: &str) -> Result<RawManifest, String> {
    let registry = Registry::new(settings).unwrap();
    let repository = registry.repository(&name.parse().unwrap()).map_err(|error| chain(&error))?;
    repository.resolve().map_err(|error| chain(&error))
}

/// The manifest of `app:1`, or the error with the host's name replaced.
fn resolve(fake: &Fake, settings: Settings) -> String {
    match resolve_with(settings, &format!("{}/app:1", fake.host)) {
        Ok(manifest) => String::from_utf8(manifest.bytes).unwrap(),
        Err(error) => error.replace(&fake.host, "HOST"),
    }
}

/// A blob of `app`, or the error.
fn blob_with(fake: &Fake, settings: Settings, of: &[u8], size: Option<u64>) -> Result<Vec<u8>, String> {
    let digest = digest_of(of);
    let shown = |text: String| text.replace(&fake.host, "HOST").replace(&digest.to_string(), "DIGEST");
    let registry = Registry::new(settings).unwrap();
    let repository = registry.repository(&format!("{}/app:1", fake.host).parse().unwrap()).unwrap();
    let mut reader = repository.open(&digest, size).map_err(|error| shown(chain(&error)))?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| shown(chain(&error)))?;
    Ok(bytes)
}

fn blob(fake: &Fake, of: &[u8]) -> Result<Vec<u8>, String> {
    blob_with(fake, settings(), of, Some(of.len() as u64))
}

type Answer = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// Answers the first requests one after the other and the rest with the last.
fn in_turn(replies: Vec<Answer>) -> Fake {
    let count = AtomicUsize::new(0);
    Fake::start(move |asked| {
        let at = count.fetch_add(1, Ordering::Relaxed).min(replies.len() - 1);
        replies[at](asked)
    })
}

fn always(status: u16) -> Fake {
    Fake::start(move |_| Reply::new(status, r#"{"errors":[{"code":"X","message":"be\u001bcause"}]}"#))
}

#[test]
fn a_manifest_comes_with_its_type_and_digest() {
    let fake = Fake::start(|asked| {
        assert!(asked.header("accept").contains(OCI) && asked.header("accept").contains("manifest.list.v2"));
        assert_eq!(asked.header("accept-encoding"), "identity");
        Reply::ok(MANIFEST).with("Content-Type", format!("{OCI}; charset=utf-8"))
    });
    let manifest = resolve_with(settings(), &format!("{}/a/b:1", fake.host)).unwrap();
    assert_eq!(manifest.digest, digest_of(MANIFEST.as_bytes()));
    assert_eq!(manifest.media_type.as_deref(), Some(OCI));
    assert_eq!(manifest.bytes, MANIFEST.as_bytes());
    assert_eq!(fake.log(), ["GET /v2/a/b/manifests/1"]);
}

#[test]
fn a_manifest_is_held_against_the_digest_asked_for_or_stated() {
    let other = digest_of(b"other");
    let stated = Fake::start(move |_| Reply::ok(MANIFEST).with("Docker-Content-Digest", other.to_string()));
    let actual = digest_of(MANIFEST.as_bytes());
    assert_eq!(
        resolve(&stated, settings()),
        format!("manifest app:1 from HOST has the digest {actual} instead of {other}")
    );
    let fake = Fake::start(|_| Reply::ok(MANIFEST));
    let error = resolve_with(settings(), &format!("{}/app@{other}", fake.host)).unwrap_err();
    assert!(error.ends_with(&format!("has the digest {actual} instead of {other}")), "{error}");
    assert!(resolve_with(settings(), &format!("{}/app:1@{actual}", fake.host)).is_ok());
    assert!(fake.log().iter().all(|line| line.contains("/manifests/sha256:")));
}

#[test]
fn an_oversize_manifest_is_not_read() {
    let mut small = settings();
    small.limits.max_manifest_bytes = 10;
    let fake = Fake::start(|_| Reply::ok("x".repeat(11)));
    assert_eq!(
        resolve(&fake, small),
        "manifest app:1 from HOST has more than 10 bytes, the limit for its kind"
    );
}

#[test]
fn an_index_that_states_another_size_is_an_error() {
    let fake = Fake::start(|_| Reply::ok(MANIFEST));
    let registry = Registry::new(settings()).unwrap();
    let repository = registry.repository(&format!("{}/app", fake.host).parse().unwrap()).unwrap();
    let digest = digest_of(MANIFEST.as_bytes());
    assert!(repository.fetch_manifest(&digest, Some(19)).is_ok());
    let error = repository.fetch_manifest(&digest, Some(20)).unwrap_err().to_string();
    assert!(error.ends_with("has 19 bytes instead of 20"), "{error}");
}

#[test]
fn statuses_become_errors_that_say_what_to_try() {
    for (status, expected, requests) in [
        (403, "HOST forbids access to manifest app:1: be\\x1bcause", 1),
        (404, "HOST has no manifest app:1: be\\x1bcause", 1),
        (400, "HOST answers 400 Bad Request for manifest app:1: be\\x1bcause", 1),
        (500, "HOST answers 500 Internal Server Error for manifest app:1: be\\x1bcause", 3),
        (503, "HOST answers 503 Service Unavailable for manifest app:1: be\\x1bcause", 3),
        (429, "HOST limits the rate of requests; a login often raises the limit", 3),
        (
            401,
            "HOST breaks the protocol: it wants authentication and offers neither the basic nor the bearer scheme",
            1,
        ),
    ] {
        let fake = always(status);
        assert_eq!(resolve(&fake, settings()), expected);
        assert_eq!(fake.log().len(), requests, "requests for {status}");
    }
}

#[test]
fn what_fails_for_a_moment_is_tried_again() {
    for status in [429, 500, 502, 503] {
        let fake =
            in_turn(vec![Box::new(move |_| Reply::new(status, "")), Box::new(|_| Reply::ok(MANIFEST))]);
        assert_eq!(resolve(&fake, settings()), MANIFEST, "{status}");
    }
    let broken =
        in_turn(vec![Box::new(|_| Reply::ok(MANIFEST).cut_after(3)), Box::new(|_| Reply::ok(MANIFEST))]);
    assert_eq!(resolve(&broken, settings()), MANIFEST);
}

#[test]
fn retry_after_is_honoured_up_to_the_longest_wait() {
    let limited = |value: &'static str| {
        in_turn(vec![
            Box::new(move |_| Reply::new(429, "").with("Retry-After", value)),
            Box::new(|_| Reply::ok(MANIFEST)),
        ])
    };
    let started = Instant::now();
    assert_eq!(resolve(&limited("1"), settings()), MANIFEST);
    assert!(started.elapsed() >= Duration::from_secs(1));
    let fake = limited("3600");
    assert_eq!(
        resolve(&fake, settings()),
        "HOST limits the rate of requests and asks to wait 3600 seconds; a login often raises the limit"
    );
    assert_eq!(fake.log().len(), 1);
    assert_eq!(resolve(&limited("Sun, 06 Nov 1994 08:49:37 GMT"), settings()), MANIFEST);
}

#[test]
fn a_host_that_is_not_there_is_named() {
    // Nobody listens on the port of a service that is gone since long.
    let error = resolve_with(settings(), "127.0.0.1:1/app").unwrap_err();
    assert!(error.starts_with("can't reach registry 127.0.0.1:1: "), "{error}");
}

#[test]
fn basic_authentication_is_sent_only_after_it_was_asked_for() {
    let answer = |asked: &Asked| match asked.header("authorization") {
        "Basic dTpw" => Reply::ok(MANIFEST),
        _ => Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"r\""),
    };
    let fake = Fake::start(answer);
    assert_eq!(resolve(&fake, with_auths(&fake.host, r#"{"auth":"dTpw"}"#)), MANIFEST);
    assert_eq!(fake.log(), ["GET /v2/app/manifests/1", "GET /v2/app/manifests/1 as Basic dTpw"]);
    assert_eq!(
        resolve(&fake, with_auths(&fake.host, r#"{"auth":"dTpxcQ=="}"#)),
        "HOST refuses access to app: the stored credentials are not accepted; try `docker login HOST`"
    );
    assert_eq!(
        resolve(&fake, settings()),
        "HOST refuses access to app: it does not exist, or needs a login; try `docker login HOST`"
    );
}

/// A registry with a token server on the same port; each token it gives out is good for so many requests.
fn token_registry(good_for: usize) -> Fake {
    let (given, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Fake::start(move |asked| {
        if asked.path.starts_with("/token") {
            used.store(0, Ordering::Relaxed);
            let number = given.fetch_add(1, Ordering::Relaxed) + 1;
            return Reply::ok(format!(r#"{{"token":"t{number}","expires_in":300,"for":"{}"}}"#, asked.body));
        }
        let current = format!("Bearer t{}", given.load(Ordering::Relaxed));
        if asked.header("authorization") == current && used.fetch_add(1, Ordering::Relaxed) < good_for {
            return Reply::ok(MANIFEST);
        }
        let realm = format!("http://{}/token?x=1", asked.header("host"));
        let challenge = format!(r#"Bearer realm="{realm}",service="s s",scope="repository:app:pull""#);
        Reply::new(401, "").with("WWW-Authenticate", challenge)
    })
}

#[test]
fn a_token_is_fetched_once_and_used_again() {
    let fake = token_registry(100);
    let registry = Registry::new(settings()).unwrap();
    let repository = registry.repository(&format!("{}/app:1", fake.host).parse().unwrap()).unwrap();
    for _ in 0..3 {
        repository.resolve().unwrap();
    }
    assert_eq!(
        fake.log(),
        [
            "GET /v2/app/manifests/1",
            "GET /token?x=1&service=s+s&scope=repository%3Aapp%3Apull",
            "GET /v2/app/manifests/1 as Bearer t1",
            "GET /v2/app/manifests/1 as Bearer t1",
            "GET /v2/app/manifests/1 as Bearer t1",
        ]
    );
}

#[test]
fn a_token_that_ends_half_way_is_renewed() {
    let fake = token_registry(2);
    let registry = Registry::new(settings()).unwrap();
    let repository = registry.repository(&format!("{}/app:1", fake.host).parse().unwrap()).unwrap();
    for _ in 0..5 {
        repository.resolve().unwrap();
    }
    assert_eq!(fake.log().iter().filter(|line| line.contains("/token")).count(), 3);
}

#[test]
fn several_threads_fetch_one_token() {
    let fake = token_registry(100);
    let registry = Registry::new(settings()).unwrap();
    let repository = registry.repository(&format!("{}/app:1", fake.host).parse().unwrap()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| repository.resolve().unwrap());
        }
    });
    assert_eq!(fake.log().iter().filter(|line| line.contains("/token")).count(), 1);
}

#[test]
fn a_password_goes_to_the_token_server_and_not_to_the_registry() {
    let fake = token_registry(100);
    assert_eq!(resolve(&fake, with_auths(&fake.host, r#"{"auth":"dTpw"}"#)), MANIFEST);
    assert_eq!(
        fake.log(),
        [
            "GET /v2/app/manifests/1",
            "GET /token?x=1&service=s+s&scope=repository%3Aapp%3Apull&account=u as Basic dTpw",
            "GET /v2/app/manifests/1 as Bearer t1",
        ]
    );
}

#[test]
fn an_identity_token_is_exchanged_by_post() {
    let body = Arc::new(std::sync::Mutex::new(String::new()));
    let seen = Arc::clone(&body);
    let fake = Fake::start(move |asked| match (asked.path.as_str(), asked.header("authorization")) {
        ("/token", _) => {
            *seen.lock().unwrap() = asked.body.clone();
            Reply::ok(r#"{"access_token":"a"}"#)
        }
        (_, "Bearer a") => Reply::ok(MANIFEST),
        _ => {
            let realm = format!("Bearer realm=\"http://{}/token\",service=\"s\"", asked.header("host"));
            Reply::new(401, "").with("WWW-Authenticate", realm)
        }
    });
    assert_eq!(resolve(&fake, with_auths(&fake.host, r#"{"identitytoken":"i&d"}"#)), MANIFEST);
    assert_eq!(fake.log()[1], "POST /token");
    assert_eq!(
        *body.lock().unwrap(),
        "grant_type=refresh_token&client_id=seawall&service=s&scope=repository%3Aapp%3Apull&refresh_token=i%26d"
    );
}

#[test]
fn a_registry_token_is_shown_as_it_is() {
    let fake = Fake::start(|asked| match asked.header("authorization") {
        "Bearer r" => Reply::ok(MANIFEST),
        _ => Reply::new(401, "").with("WWW-Authenticate", "Bearer realm=\"https://unused.invalid\""),
    });
    assert_eq!(resolve(&fake, with_auths(&fake.host, r#"{"registrytoken":"r"}"#)), MANIFEST);
}

#[test]
fn a_token_server_that_is_wrong_is_an_error() {
    let with_token = |status: u16, token: &'static str| {
        Fake::start(move |asked| {
            if asked.path == "/token?scope=repository%3Aapp%3Apull" {
                return Reply::new(status, token);
            }
            let realm = format!("Bearer realm=\"http://{}/token\"", asked.header("host"));
            Reply::new(401, "").with("WWW-Authenticate", realm)
        })
    };
    let refused = "HOST refuses access to app: it does not exist, or needs a login; try `docker login HOST`";
    for (status, token, expected) in [
        (200, "", "HOST breaks the protocol: its token is not JSON"),
        (200, "{}", "HOST breaks the protocol: its token server sent no token"),
        (200, r#"{"token":"refused"}"#, refused),
        (401, "", refused),
        (404, "", "HOST answers 404 Not Found for a token"),
    ] {
        assert_eq!(resolve(&with_token(status, token), settings()), expected, "{status} {token}");
    }
    let plain = Fake::start(|_| {
        Reply::new(401, "").with("WWW-Authenticate", "Bearer realm=\"http://token.example/t?secret\"")
    });
    let message = resolve(&plain, settings());
    assert!(message.ends_with("its token server \"http://token.example/t\" is no HTTPS URL"), "{message}");
}

#[test]
fn redirects_never_carry_credentials_to_another_host() {
    let storage = Fake::start(|_| Reply::ok("layer"));
    let target = storage.host.clone();
    let fake = Fake::start(move |asked| match asked.header("authorization") {
        "Basic dTpw" => Reply::redirect(format!("http://user:pass@{target}/storage?signature=1")),
        _ => Reply::new(401, "").with("WWW-Authenticate", "Basic"),
    });
    let settings = with_auths(&fake.host, r#"{"auth":"dTpw"}"#);
    assert_eq!(blob_with(&fake, settings, b"layer", Some(5)), Ok(b"layer".to_vec()));
    assert_eq!(storage.log(), ["GET /storage?signature=1"]);
}

#[test]
fn redirects_on_the_same_host_keep_credentials_and_coming_back_does_not_restore_them() {
    let fake = Fake::start(|asked| match (asked.path.as_str(), asked.header("authorization")) {
        ("/here", "Basic dTpw") => Reply::ok("layer"),
        (_, "Basic dTpw") => Reply::redirect("/here"),
        _ => Reply::new(401, "").with("WWW-Authenticate", "Basic"),
    });
    let settings = || with_auths(&fake.host, r#"{"auth":"dTpw"}"#);
    assert_eq!(blob_with(&fake, settings(), b"layer", Some(5)), Ok(b"layer".to_vec()));

    let home = Arc::new(std::sync::Mutex::new(String::new()));
    let back = Arc::clone(&home);
    let storage = Fake::start(move |_| Reply::redirect(format!("http://{}/back", back.lock().unwrap())));
    let away = storage.host.clone();
    let fake = Fake::start(move |asked| match (asked.path.as_str(), asked.header("authorization")) {
        ("/back", _) => Reply::ok("layer"),
        (_, "Basic dTpw") => Reply::redirect(format!("http://{away}/")),
        _ => Reply::new(401, "").with("WWW-Authenticate", "Basic"),
    });
    *home.lock().unwrap() = fake.host.clone();
    let settings = with_auths(&fake.host, r#"{"auth":"dTpw"}"#);
    assert_eq!(blob_with(&fake, settings, b"layer", Some(5)), Ok(b"layer".to_vec()));
    assert_eq!(fake.log().last().unwrap(), "GET /back");
}

#[test]
fn a_challenge_from_behind_a_redirect_is_not_answered() {
    let storage = Fake::start(|_| Reply::new(401, "").with("WWW-Authenticate", "Basic"));
    let target = storage.host.clone();
    let fake = Fake::start(move |_| Reply::redirect(format!("http://{target}/")));
    let settings = with_auths(&fake.host, r#"{"auth":"dTpw"}"#);
    let error = blob_with(&fake, settings, b"layer", None).unwrap_err();
    assert!(error.contains("answers 401"), "{error}");
    assert_eq!(storage.log(), ["GET /"]);
}

#[test]
fn redirects_that_leak_or_never_end_are_refused() {
    for (location, expected) in [
        ("http://storage.example/x", "HOST redirects to storage.example without TLS"),
        ("file:///etc/passwd", "HOST redirects to a URL of scheme \"file\""),
        ("http://", "HOST redirects to what is no URL"),
        ("/again", "HOST redirects more than 10 times"),
    ] {
        let fake = Fake::start(move |_| Reply::redirect(location));
        assert_eq!(blob(&fake, b"layer"), Err(expected.to_owned()), "{location}");
    }
    let fake = Fake::start(|_| Reply::new(302, ""));
    assert_eq!(
        blob(&fake, b"layer"),
        Err("HOST redirects to nowhere: there is no usable Location".to_owned())
    );
}

#[test]
fn a_wrong_blob_is_an_error_whatever_is_known_of_it() {
    for size in [None, Some(5)] {
        let fake = Fake::start(|_| Reply::ok("later"));
        let error = blob_with(&fake, settings(), b"layer", size).unwrap_err();
        assert!(error.starts_with("content of DIGEST has the digest sha256:"), "{error}");
    }
    let fake = Fake::start(|_| Reply::ok("layers"));
    assert_eq!(blob(&fake, b"layer"), Err("DIGEST has at least 6 bytes instead of 5".to_owned()));
    let fake = always(404);
    assert_eq!(blob(&fake, b"layer"), Err("DIGEST is not there".to_owned()));
}

/// Serves `layer` in pieces of two bytes, with ranges; each connection breaks after a piece.
fn breaking(ranges: &'static str) -> Fake {
    Fake::start(move |asked| {
        let body = b"layer";
        let start = asked.header("range").strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
        let start: usize = start.map_or(0, |start| start.parse().unwrap());
        let part = |start: usize| {
            Reply::new(206, &body[start..]).with("Content-Range", format!("bytes {start}-4/5"))
        };
        match ranges {
            "honoured" if start > 0 => part(start).cut_after(2.min(5 - start)),
            "elsewhere" if start > 0 => part(start - 1),
            "ignored" => Reply::ok(body).cut_after(5.min(start + 2)),
            "impossible" if start > 0 => Reply::new(416, ""),
            _ => Reply::ok(body).with("ETag", "\"e\"").cut_after(2),
        }
    })
}

#[test]
fn a_broken_download_goes_on_where_it_was() {
    let fake = breaking("honoured");
    assert_eq!(blob(&fake, b"layer"), Ok(b"layer".to_vec()));
    let path = format!("GET /v2/app/blobs/{}", digest_of(b"layer"));
    assert_eq!(
        fake.log(),
        [path.clone(), format!("{path} range bytes=2- if \"e\""), format!("{path} range bytes=4- if \"e\"")]
    );
}

#[test]
fn a_registry_that_ignores_ranges_is_read_from_the_start_again() {
    let fake = breaking("ignored");
    assert_eq!(blob(&fake, b"layer"), Ok(b"layer".to_vec()));
    assert_eq!(fake.log().len(), 3);
}

#[test]
fn a_wrong_range_is_an_error() {
    assert_eq!(
        blob(&breaking("elsewhere"), b"layer"),
        Err("HOST breaks the protocol: asked for DIGEST from byte 2 on, it sends another part".to_owned())
    );
    let error = blob(&breaking("impossible"), b"layer").unwrap_err();
    assert!(error.contains("HOST answers 416"), "{error}");
}

#[test]
fn a_download_that_gets_nowhere_ends() {
    let fake = Fake::start(|asked| match asked.header("range") {
        "" => Reply::ok("layer").cut_after(2),
        _ => Reply::new(206, "yer").with("Content-Range", "bytes 2-4/5").cut_after(0),
    });
    let error = blob(&fake, b"layer").unwrap_err();
    assert!(
        error.starts_with("the download of DIGEST from HOST broke off after 2 bytes, 3 times in a row"),
        "{error}"
    );
}

#[test]
fn an_empty_blob_is_read() {
    let fake = Fake::start(|_| Reply::ok(""));
    assert_eq!(blob(&fake, b""), Ok(Vec::new()));
}

#[test]
fn many_blobs_can_be_read_at_once() {
    let fake = Fake::start(|_| Reply::ok("layer".repeat(100_000)));
    let whole = "layer".repeat(100_000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(blob(&fake, whole.as_bytes()).as_deref(), Ok(whole.as_bytes())));
        }
    });
}

fn mirrored(origin: &Fake, mirrors: &[&Fake]) -> Settings {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("registries.conf");
    let mut text = format!("[[registry]]\nlocation = \"{}\"\n", origin.host);
    for mirror in mirrors {
        text = format!("{text}[[registry.mirror]]\nlocation = \"{}/copy\"\n", mirror.host);
    }
    std::fs::write(&path, text).unwrap();
    Settings { mirrors: Mirrors::from_files(&[path], &[]).unwrap(), ..settings() }
}

#[test]
fn mirrors_are_asked_in_order_and_the_origin_last() {
    let (missing, down) = (always(404), always(503));
    let origin = Fake::start(|_| Reply::ok(MANIFEST));
    assert_eq!(resolve(&origin, mirrored(&origin, &[&missing, &down])), MANIFEST);
    assert_eq!(missing.log(), ["GET /v2/copy/app/manifests/1"]);
    assert_eq!(down.log().len(), 3);
    let mirror = Fake::start(|_| Reply::ok(MANIFEST));
    let origin = always(404);
    assert_eq!(resolve(&origin, mirrored(&origin, &[&mirror])), MANIFEST);
    assert_eq!(origin.log().len(), 0);
}

#[test]
fn when_every_mirror_fails_each_is_named() {
    let (mirror, origin) = (always(403), always(404));
    let error = resolve(&origin, mirrored(&origin, &[&mirror])).replace(&mirror.host, "MIRROR");
    assert_eq!(
        error,
        "no registry gave HOST/app:1: MIRROR/copy/app (MIRROR forbids access to manifest copy/app:1: be\\x1bcause), \
         HOST/app (HOST has no manifest app:1: be\\x1bcause)"
    );
}

#[test]
fn a_blob_goes_on_at_the_next_mirror_where_one_fails_half_way() {
    let mirror =
        in_turn(vec![Box::new(|_| Reply::ok("layer").cut_after(2)), Box::new(|_| Reply::new(404, ""))]);
    let origin = Fake::start(|asked| {
        assert_eq!(asked.header("range"), "bytes=2-");
        Reply::new(206, "yer").with("Content-Range", "bytes 2-4/5")
    });
    let settings = mirrored(&origin, &[&mirror]);
    assert_eq!(blob_with(&origin, settings, b"layer", Some(5)), Ok(b"layer".to_vec()));
}

#[test]
fn a_mirror_that_failed_is_not_asked_again_for_the_same_image() {
    let mirror = always(404);
    let origin =
        Fake::start(|asked| Reply::ok(if asked.path.contains("blobs") { "layer" } else { MANIFEST }));
    let registry = Registry::new(mirrored(&origin, &[&mirror])).unwrap();
    let repository = registry.repository(&format!("{}/app:1", origin.host).parse().unwrap()).unwrap();
    let manifest = repository.resolve().unwrap();
    repository.fetch_manifest(&manifest.digest, None).unwrap();
    repository.open(&digest_of(b"layer"), None).unwrap();
    assert_eq!((mirror.log().len(), origin.log().len()), (1, 3));
}

#[test]
fn a_ca_bundle_must_hold_certificates() {
    let with = |pem: &[u8]| Registry::new(Settings { ca_certificates: pem.to_vec(), ..settings() });
    assert!(matches!(with(b"nonsense"), Err(RegistryError::NoCaCertificate)));
    let broken = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(with(broken), Err(RegistryError::CaCertificates(_))));
}
