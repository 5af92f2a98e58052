//! A token server as `docker-registry` trusts it: it signs what it grants with a key of its own.
//!
//! <https://distribution.github.io/distribution/spec/auth/jwt/>

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use seawall_testkit::http::{Asked, Fake, Reply};
use seawall_testkit::process::output;

const SERVICE: &str = "test-registry";
const ISSUER: &str = "test-issuer";
/// The registry takes a token for so many seconds after its end.
const LEEWAY: u64 = 60;

/// Signs tokens with a certificate that the registry is given as its root.
pub(crate) struct Issuer {
    openssl: PathBuf,
    key: PathBuf,
    /// The certificate without the lines around it: a chain of one.
    certificate: String,
    root: PathBuf,
    /// For how many seconds the registry shall take a token.
    life: AtomicU64,
}

impl Issuer {
    pub(crate) fn new(openssl: &Path, home: &Path) -> Arc<Self> {
        let mut command = Command::new(openssl);
        let request =
            "req -x509 -newkey rsa:2048 -nodes -keyout token.key -out token.pem -subj /CN=tokens -days 2";
        output(command.current_dir(home).args(request.split(' ')));
        let root = home.join("token.pem");
        let text = std::fs::read_to_string(&root).unwrap();
        let certificate = text.lines().filter(|line| !line.starts_with('-')).collect();
        let (openssl, key) = (openssl.to_owned(), home.join("token.key"));
        Arc::new(Self { openssl, key, certificate, root, life: AtomicU64::new(LEEWAY) })
    }

    pub(crate) fn set_life(&self, seconds: u64) {
        self.life.store(seconds, Ordering::Relaxed);
    }

    /// The section `auth` of a registry that sends its clients there.
    pub(crate) fn auth_section(&self, server: &Fake) -> String {
        format!(
            "auth:\n  token:\n    realm: http://{}/token\n    service: {SERVICE}\n    issuer: {ISSUER}\n    \
             rootcertbundle: {}\n",
            server.host,
            self.root.display()
        )
    }

    /// A token that grants these actions on one repository.
    pub(crate) fn mint(&self, repository: &str, actions: &[&str]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        // The end lies in the past by the registry's leeway, so that a token lives for seconds and no minute.
        let end = now - LEEWAY + self.life.load(Ordering::Relaxed);
        let access = if actions.is_empty() {
            serde_json::json!([])
        } else {
            serde_json::json!([{"type": "repository", "name": repository, "actions": actions}])
        };
        let header = serde_json::json!({"typ": "JWT", "alg": "RS256", "x5c": [self.certificate]});
        let claims = serde_json::json!({
            "iss": ISSUER, "sub": "tester", "aud": SERVICE, "access": access, "jti": format!("{now}"),
            "iat": now - 3600, "nbf": now - 3600, "exp": end,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let mut command = Command::new(&self.openssl);
        command.args(["dgst", "-sha256", "-sign"]).arg(&self.key);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl signs");
        output.stdout
    }

    /// Serves tokens: `pull` for who shows this password, nothing for who shows none.
    pub(crate) fn serve(self: &Arc<Self>, basic: &'static str) -> Fake {
        let issuer = Arc::clone(self);
        Fake::start(move |asked| issuer.answer(asked, basic))
    }

    fn answer(&self, asked: &Asked, basic: &str) -> Reply {
        let shown = asked.header("authorization");
        let wanted = asked.path.contains("scope=repository%3Ateam%2Fapp%3Apull");
        let actions: &[&str] = match shown {
            "" => &[],
            _ if shown == format!("Basic {basic}") && wanted => &["pull"],
            _ => return Reply::new(401, "{}"),
        };
        let token = self.mint("team/app", actions);
        Reply::ok(serde_json::json!({"token": token, "expires_in": 1}).to_string())
    }
}
