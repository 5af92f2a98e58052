//! Authentication: reads a registry's challenge, gets a token where it wants one, and keeps it.
//!
//! Basic and bearer authentication; no other scheme. <https://distribution.github.io/distribution/spec/auth/>

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::blocking::Response;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use seawall_model::limits::read_bounded;
use serde::Deserialize;

use super::RegistryError;
use super::error::chain;
use super::transport::{Request, Transport, host_of};
use crate::credentials::{Credential, CredentialStore, Lookup};
use crate::reference::Reference;

const MAX_TOKEN_BYTES: u64 = 1 << 20;
/// The life of a token that does not state one, by the specification.
const DEFAULT_LIFE: Duration = Duration::from_mins(1);
/// A token this near to its end is not used any more.
const MARGIN: Duration = Duration::from_secs(10);
/// What registries call this program in their logs.
const CLIENT_ID: &str = "seawall";

/// What is known of each repository: how to authenticate, with what, and the token in use.
pub(super) struct Authenticator {
    credentials: CredentialStore,
    sessions: Mutex<BTreeMap<String, Session>>,
}

#[derive(Default)]
struct Session {
    /// Asked for once: a helper program may take seconds.
    lookup: Option<Lookup>,
    challenge: Option<Challenge>,
    header: Option<HeaderValue>,
    expires: Option<Instant>,
}

/// One way in that a registry offers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// Both names are in use for the same thing.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Authenticator {
    pub(super) fn new(credentials: CredentialStore) -> Self {
        Self { credentials, sessions: Mutex::default() }
    }

    /// The header that worked last time. An old token is renewed before the registry refuses it.
    pub(super) fn header(
        &self,
        transport: &Transport,
        reference: &Reference,
    ) -> Result<Option<HeaderValue>, RegistryError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(session) = sessions.get_mut(&reference.name()) else { return Ok(None) };
        if session.expires.is_some_and(|expires| expires <= Instant::now()) {
            self.renew(session, transport, reference)?;
        }
        Ok(session.header.clone())
    }

    /// Answers a refusal: the header to try next. `refused` is the one that was sent.
    ///
    /// The lock is held while a token is fetched, so that several threads fetch one and not several.
    pub(super) fn answer_challenge(
        &self,
        transport: &Transport,
        reference: &Reference,
        response: &Response,
        refused: Option<&HeaderValue>,
    ) -> Result<HeaderValue, RegistryError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.entry(reference.name()).or_default();
        if let Some(header) = session.header.as_ref().filter(|header| Some(*header) != refused) {
            return Ok(header.clone());
        }
        let host = host_of(response.url());
        session.challenge = Some(choose(response.headers()).ok_or_else(|| RegistryError::Protocol {
            host,
            message: "it wants authentication and offers neither the basic nor the bearer scheme".to_owned(),
        })?);
        self.renew(session, transport, reference)?;
        match &session.header {
            Some(header) => Ok(header.clone()),
            None => Err(refusal(reference, session.lookup.as_ref())),
        }
    }

    /// The error for a refusal in spite of all that is known.
    pub(super) fn refused(&self, reference: &Reference) -> RegistryError {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        refusal(reference, sessions.get(&reference.name()).and_then(|session| session.lookup.as_ref()))
    }

    fn renew(
        &self,
        session: &mut Session,
        transport: &Transport,
        reference: &Reference,
    ) -> Result<(), RegistryError> {
        let lookup = session.lookup.get_or_insert_with(|| self.credentials.find(reference));
        (session.header, session.expires) = match (&session.challenge, &lookup.credential) {
            (_, Some(Credential::Bearer(token))) => (bearer(token.expose()), None),
            (Some(Challenge::Bearer { realm, service, scope }), _) => {
                let scope =
                    scope.clone().unwrap_or_else(|| format!("repository:{}:pull", reference.repository()));
                let question = Question { realm, service: service.as_deref(), scope: &scope };
                let (token, life) = question.ask(transport, reference, lookup)?;
                (bearer(&token), Instant::now().checked_add(life.saturating_sub(MARGIN)))
            }
            (Some(Challenge::Basic), Some(Credential::Basic { username, password })) => {
                (basic(username, password.expose()), None)
            }
            _ => (None, None),
        };
        Ok(())
    }
}

/// What a token server is asked.
struct Question<'a> {
    realm: &'a str,
    service: Option<&'a str>,
    scope: &'a str,
}

impl Question<'_> {
    fn ask(
        &self,
        transport: &Transport,
        reference: &Reference,
        lookup: &Lookup,
    ) -> Result<(String, Duration), RegistryError> {
        let realm = Url::parse(self.realm).ok().filter(|realm| transport.may_carry_secrets(realm));
        let realm = realm.ok_or_else(|| RegistryError::Protocol {
            host: reference.registry().to_owned(),
            message: format!("its token server {:?} is no HTTPS URL", without_query(self.realm)),
        })?;
        let host = host_of(&realm);
        let request = match &lookup.credential {
            Some(Credential::Identity(token)) => self.exchange(realm, token.expose()),
            Some(Credential::Basic { username, password }) => {
                let mut request = self.query(realm, Some(username));
                request.authorization = basic(username, password.expose());
                request
            }
            _ => self.query(realm, None),
        };
        let response = transport.send(&request)?.response;
        match response.status().as_u16() {
            200 => read_token(response, host),
            400 | 401 | 403 => Err(refusal(reference, Some(lookup))),
            _ => Err(RegistryError::Status {
                host,
                what: "a token".to_owned(),
                status: response.status(),
                message: String::new(),
            }),
        }
    }

    fn query(&self, mut realm: Url, account: Option<&str>) -> Request {
        {
            let mut query = realm.query_pairs_mut();
            query.extend_pairs(self.service.map(|service| ("service", service)));
            query.extend_pairs(self.scope.split_whitespace().map(|scope| ("scope", scope)));
            query.extend_pairs(account.map(|account| ("account", account)));
        }
        Request::get(realm)
    }

    /// The OAuth 2 form for refresh tokens, <https://distribution.github.io/distribution/spec/auth/oauth/>.
    fn exchange(&self, realm: Url, refresh_token: &str) -> Request {
        let mut form = realm.clone();
        form.set_query(None);
        form.query_pairs_mut()
            .extend_pairs([("grant_type", "refresh_token"), ("client_id", CLIENT_ID)])
            .extend_pairs(self.service.map(|service| ("service", service)))
            .extend_pairs([("scope", self.scope), ("refresh_token", refresh_token)]);
        Request { form: form.query().map(str::to_owned), ..Request::get(realm) }
    }
}

fn read_token(response: Response, host: String) -> Result<(String, Duration), RegistryError> {
    let protocol =
        |message: &str| RegistryError::Protocol { host: host.clone(), message: message.to_owned() };
    let bytes = read_bounded(response, MAX_TOKEN_BYTES)
        .map_err(|_| protocol("its token broke off or is larger than 1 MiB"))?;
    // The parser's own message could quote the token.
    let answer: TokenAnswer =
        serde_json::from_slice(&bytes).map_err(|_| protocol("its token is not JSON"))?;
    let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| protocol("its token server sent no token"))?;
    let life =
        answer.expires_in.map_or(DEFAULT_LIFE, |seconds| Duration::from_secs(seconds).max(DEFAULT_LIFE));
    Ok((token, life))
}

fn refusal(reference: &Reference, lookup: Option<&Lookup>) -> RegistryError {
    let reason = match lookup {
        Some(Lookup { credential: Some(_), .. }) => "the stored credentials are not accepted".to_owned(),
        Some(Lookup { problems, .. }) if !problems.is_empty() => {
            let problems: Vec<_> = problems.iter().map(|problem| chain(problem)).collect();
            format!("there are no credentials ({})", problems.join("; "))
        }
        _ => "it does not exist, or needs a login".to_owned(),
    };
    RegistryError::Unauthorized {
        host: reference.registry().to_owned(),
        what: reference.repository().to_owned(),
        reason,
        login: reference.registry().to_owned(),
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn bearer(token: &str) -> Option<HeaderValue> {
    secret_header(&format!("Bearer {token}"))
}

fn basic(username: &str, password: &str) -> Option<HeaderValue> {
    secret_header(&format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
}

/// A value that is not shown in logs of HTTP and not kept in HTTP/2's tables.
fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The best way in of those offered: a token before a password.
fn choose(headers: &HeaderMap) -> Option<Challenge> {
    let offered = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let offered: Vec<_> = offered.flat_map(challenges).collect();
    let bearer = offered.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
    bearer.or(offered.first()).cloned()
}

/// Reads one header, which may hold several challenges: <https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1>.
fn challenges(header: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = split_token(rest);
        if word.is_empty() {
            break;
        }
        let after = after.trim_start();
        if let Some(value) = after.strip_prefix('=') {
            let (value, after) = split_value(value.trim_start());
            if let Some((_, parameters)) = found.last_mut() {
                parameters.insert(word.to_ascii_lowercase(), value);
            }
            rest = after;
        } else {
            found.push((word.to_ascii_lowercase(), BTreeMap::new()));
            rest = after;
        }
    }
    found.into_iter().filter_map(|(scheme, parameters)| challenge(&scheme, parameters)).collect()
}

fn challenge(scheme: &str, mut parameters: BTreeMap<String, String>) -> Option<Challenge> {
    match scheme {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope").filter(|scope| !scope.trim().is_empty()),
        }),
        _ => None,
    }
}

fn split_token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    text.split_at(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}

/// A token or a quoted string. An unclosed quote ends with the header.
fn split_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

/// For `fuzz/`: reads any header and gives the number of challenges in it.
pub fn read_any_challenge(header: &str) -> usize {
    challenges(header).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> String {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, header.parse().unwrap());
        }
        match choose(&map) {
            None => "none".to_owned(),
            Some(Challenge::Basic) => "basic".to_owned(),
            Some(Challenge::Bearer { realm, service, scope }) => {
                format!("{realm} {} {}", service.unwrap_or_default(), scope.unwrap_or_default())
            }
        }
    }

    #[test]
    fn challenges_are_read_as_rfc_9110_writes_them() {
        for (headers, expected) in [
            (
                &[r#"Bearer realm="https://a/t",service="s",scope="repository:x:pull,push""#][..],
                "https://a/t s repository:x:pull,push",
            ),
            (&["bearer realm=https://a/t , service = s"], "https://a/t s "),
            (&[r#"Basic realm="x, Bearer realm=\"y\"""#], "basic"),
            (&[r#"Basic realm="x", Bearer realm="https://a/t""#], "https://a/t  "),
            (&["Basic realm=x", r#"Bearer realm="https://a/t""#], "https://a/t  "),
            (&["Negotiate", "Basic"], "basic"),
            (&["Negotiate abc=="], "none"),
            (&["Bearer"], "none"),
            (&[r#"Bearer realm="unclosed"#], "unclosed  "),
            (&["", ",,,", "="], "none"),
            (&[], "none"),
        ] {
            assert_eq!(read(headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn every_short_header_is_read_without_a_panic() {
        let letters = ["Bearer ", "a", "=", "\"", "\\", ",", " ", "ä"];
        let mut texts = vec![String::new()];
        for _ in 0..5 {
            texts = texts.iter().flat_map(|text| letters.map(|letter| format!("{text}{letter}"))).collect();
            for text in &texts {
                assert!(challenges(text).len() <= text.len());
            }
        }
    }
}
