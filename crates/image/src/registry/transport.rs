//! HTTP for registries: retries, redirects, and which hosts may be spoken to without TLS.
//!
//! It knows neither tokens nor manifests. Redirects are followed here and not by the HTTP library, because
//! blobs are often redirected to storage that must not see the registry's credentials.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::blocking::{Client, Response};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, IF_RANGE, LOCATION, RANGE,
    RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, StatusCode, Url};
use seawall_model::Timestamp;

use super::backoff::{Backoff, chance, retry_after};
use super::{RegistryError, Settings};

const MAX_REDIRECTS: u32 = 10;

/// The connections of one client. Several threads may use it at the same time.
pub(super) struct Transport {
    /// Honours the proxy variables.
    outward: Client,
    /// For loopback addresses, which no proxy could reach.
    local: Client,
    dangerous_plain_http: bool,
    pub(super) backoff: Backoff,
    /// The scheme found to work for hosts that may be asked without TLS.
    schemes: Mutex<BTreeMap<String, &'static str>>,
}

/// A request that can be sent again.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) url: Url,
    /// Shown to the host of `url` only.
    pub(super) authorization: Option<HeaderValue>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// A form to POST; otherwise it is a GET.
    pub(super) form: Option<String>,
}

/// A response with a status that is no redirect.
pub(super) struct Answer {
    pub(super) response: Response,
    /// Whether it is of the host that was asked, and not of one that it redirected to.
    pub(super) from_origin: bool,
}

impl Request {
    pub(super) fn get(url: Url) -> Self {
        Self { url, authorization: None, headers: Vec::new(), form: None }
    }

    pub(super) fn accept(mut self, types: &'static str) -> Self {
        self.headers.push((ACCEPT, HeaderValue::from_static(types)));
        self
    }

    /// Asks for the rest of a body, if it still is the one of that entity tag.
    pub(super) fn resume_at(mut self, offset: u64, etag: Option<&HeaderValue>) -> Self {
        if let Ok(range) = HeaderValue::from_str(&format!("bytes={offset}-")) {
            self.headers.push((RANGE, range));
            self.headers.extend(etag.map(|etag| (IF_RANGE, etag.clone())));
        }
        self
    }

    fn host(&self) -> String {
        host_of(&self.url)
    }
}

impl Transport {
    pub(super) fn new(settings: &Settings) -> Result<Self, RegistryError> {
        Ok(Self {
            outward: client(settings, false)?,
            local: client(settings, true)?,
            dangerous_plain_http: settings.dangerous_plain_http,
            backoff: settings.backoff.clone(),
            schemes: Mutex::default(),
        })
    }

    /// The root of a registry's API. TLS is always tried first, and elsewhere than on a loopback address or
    /// with the dangerous setting it is the only way.
    pub(super) fn root(&self, host: &str) -> Result<Url, RegistryError> {
        let secure = root(host, "https")?;
        if !self.dangerous_plain_http && !is_loopback(&secure) {
            return Ok(secure);
        }
        let known = self.schemes.lock().unwrap_or_else(PoisonError::into_inner).get(host).copied();
        let scheme = match known {
            Some(scheme) => scheme,
            None => self.probe(host, &secure)?,
        };
        root(host, scheme)
    }

    /// Finds out which scheme a host answers to. A wrong certificate is an answer: it must not be evaded by
    /// going without one.
    fn probe(&self, host: &str, secure: &Url) -> Result<&'static str, RegistryError> {
        let scheme = match self.exchange(secure, &Request::get(secure.clone()), false) {
            Ok(_) => "https",
            Err(error @ (RegistryError::UnknownIssuer { .. } | RegistryError::Certificate { .. })) => {
                return Err(error);
            }
            Err(_) => {
                let plain = root(host, "http")?;
                match self.exchange(&plain, &Request::get(plain.clone()), false) {
                    Ok(_) => "http",
                    // Perhaps it is only down for a moment: nothing was learned, so nothing is kept.
                    Err(_) => return Ok("https"),
                }
            }
        };
        self.schemes.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), scheme);
        Ok(scheme)
    }

    /// Sends a request, again where that can help: after a lost connection, status 429 or 5xx.
    pub(super) fn send(&self, request: &Request) -> Result<Answer, RegistryError> {
        let mut tries = 1;
        loop {
            let outcome = self.follow(request);
            let asked_wait = match verdict(&outcome) {
                Verdict::Final => return outcome,
                Verdict::Retry => None,
                Verdict::RetryAfter(wait) => Some(wait),
            };
            let wait = asked_wait.unwrap_or_else(|| self.backoff.wait(tries, chance()));
            if tries >= self.backoff.tries || wait > self.backoff.longest {
                return match outcome {
                    Ok(answer) if answer.response.status() == StatusCode::TOO_MANY_REQUESTS => {
                        Err(RegistryError::RateLimited { host: request.host(), wait: asked_wait })
                    }
                    outcome => outcome,
                };
            }
            thread::sleep(wait);
            tries += 1;
        }
    }

    /// Follows redirects. Once a request has left its host, it goes on without credentials.
    fn follow(&self, request: &Request) -> Result<Answer, RegistryError> {
        let mut url = request.url.clone();
        let mut from_origin = true;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.exchange(&url, request, from_origin)?;
            if !is_redirect(response.status()) {
                return Ok(Answer { response, from_origin });
            }
            if request.form.is_some() {
                return Err(redirect_error(&url, "a request that carries a secret"));
            }
            let next = self.target(&url, &response)?;
            from_origin = from_origin && next.origin() == request.url.origin();
            url = next;
        }
        Err(redirect_error(&request.url, "more than 10 times"))
    }

    fn target(&self, from: &Url, response: &Response) -> Result<Url, RegistryError> {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location =
            location.ok_or_else(|| redirect_error(from, "to nowhere: there is no usable Location"))?;
        let mut next = from.join(location).map_err(|_| redirect_error(from, "to what is no URL"))?;
        let local_to_local = from.scheme() == "http" && is_loopback(from) && is_loopback(&next);
        match next.scheme() {
            "https" => {}
            "http" if self.dangerous_plain_http || local_to_local => {}
            "http" => {
                let problem = format!("to {} without TLS", host_of(&next));
                return Err(redirect_error(from, &problem));
            }
            scheme => return Err(redirect_error(from, &format!("to a URL of scheme {scheme:?}"))),
        }
        // A name and password in the URL would be sent as credentials that nobody here has chosen. That a
        // URL can't carry any is as good as their removal.
        let _ = next.set_username("");
        let _ = next.set_password(None);
        Ok(next)
    }

    fn exchange(&self, url: &Url, request: &Request, with_secrets: bool) -> Result<Response, RegistryError> {
        let client = if is_loopback(url) { &self.local } else { &self.outward };
        let mut builder = match request.form.as_ref().filter(|_| with_secrets) {
            Some(form) => client
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.clone()),
            None => client.get(url.clone()),
        };
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(authorization) = request.authorization.as_ref().filter(|_| with_secrets) {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        // Digests are of the bytes as stored, so no proxy or server may compress them on the way.
        let outcome = builder.header(ACCEPT_ENCODING, "identity").send();
        outcome.map_err(|error| RegistryError::from_exchange(&host_of(url), error))
    }

    /// Whether a secret may be sent to this URL.
    pub(super) fn may_carry_secrets(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => self.dangerous_plain_http || is_loopback(url),
            _ => false,
        }
    }
}

fn client(settings: &Settings, local: bool) -> Result<Client, RegistryError> {
    let mut builder = Client::builder()
        .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect_timeout)
        // Holds for the wait for headers and for each read of the body, not for the whole transfer.
        .timeout(settings.idle_timeout);
    if !settings.ca_certificates.is_empty() {
        let certificates =
            Certificate::from_pem_bundle(&settings.ca_certificates).map_err(RegistryError::CaCertificates)?;
        if certificates.is_empty() {
            return Err(RegistryError::NoCaCertificate);
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if local {
        builder = builder.no_proxy();
    }
    builder.build().map_err(RegistryError::Client)
}

/// What becomes of a request after a try.
enum Verdict {
    /// Another try would not help.
    Final,
    /// It may help, after a wait of our choice.
    Retry,
    /// It may help, after the wait that the registry asks for.
    RetryAfter(Duration),
}

fn verdict(outcome: &Result<Answer, RegistryError>) -> Verdict {
    let response = match outcome {
        Err(RegistryError::Unreachable { .. }) => return Verdict::Retry,
        Err(_) => return Verdict::Final,
        Ok(answer) => &answer.response,
    };
    let status = response.status();
    let is_temporary = status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED);
    if !is_temporary {
        return Verdict::Final;
    }
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now()));
    wait.map_or(Verdict::Retry, Verdict::RetryAfter)
}

fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn redirect_error(from: &Url, problem: &str) -> RegistryError {
    RegistryError::Redirect { host: host_of(from), problem: problem.to_owned() }
}

fn root(host: &str, scheme: &str) -> Result<Url, RegistryError> {
    Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|_| RegistryError::Protocol {
        host: host.to_owned(),
        message: "its name makes no URL".to_owned(),
    })
}

/// Host and port as people write them.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:5000/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]:5000/", true),
            ("http://localhost/", true),
            ("http://localhost.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://10.0.0.1/", false),
            ("http://[::2]/", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
