//! The body of a blob as one stream that survives broken connections.
//!
//! It does not verify the digest: who reads the [`crate::blobs::UnverifiedBlob`] around it does, over all pieces
//! together.

use std::error::Error;
use std::io::{self, Read};
use std::thread;

use reqwest::StatusCode;
use reqwest::blocking::Response;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderValue};
use seawall_model::Digest;

use super::backoff::chance;
use super::transport::host_of;
use super::{RegistryError, Repository};
use crate::BlobError;

/// What a connection must give to count as progress: a server that sends a byte at a time must not hold us
/// for ever.
const MIN_PROGRESS: u64 = 64 << 10;

/// A download in progress.
pub(super) struct Download<'r> {
    repository: &'r Repository<'r>,
    digest: Digest,
    /// Which of the repository's endpoints it comes from.
    endpoint: usize,
    response: Response,
    etag: Option<HeaderValue>,
    offset: u64,
    /// The whole length, where it is known.
    length: Option<u64>,
    /// Bytes that this connection gave.
    progress: u64,
    /// Connections in a row that gave next to nothing.
    fruitless: u32,
}

impl<'r> Download<'r> {
    /// Opens the blob at the first endpoint that has it.
    pub(super) fn start(
        repository: &'r Repository<'r>,
        digest: Digest,
        size: Option<u64>,
    ) -> Result<Self, BlobError> {
        let (endpoint, response) = repository.blob_response(&digest, repository.preferred(), 0, None)?;
        let length = response.content_length();
        if let (Some(expected), Some(actual)) = (size, length)
            && expected != actual
        {
            return Err(BlobError::WrongSize { digest, expected, actual });
        }
        let etag = strong_etag(response.headers());
        let length = size.or(length);
        Ok(Self {
            repository,
            digest,
            endpoint,
            response,
            etag,
            offset: 0,
            length,
            progress: 0,
            fruitless: 0,
        })
    }

    /// Goes on where the last connection broke off, if need be at the next mirror.
    fn resume(&mut self, mut cause: io::Error) -> Result<(), RegistryError> {
        let backoff = self.repository.backoff();
        loop {
            self.fruitless = if self.progress >= MIN_PROGRESS { 1 } else { self.fruitless + 1 };
            self.progress = 0;
            if self.fruitless >= backoff.tries {
                return Err(self.broken(cause));
            }
            thread::sleep(backoff.wait(self.fruitless, chance()));
            let (endpoint, response) = self.repository.blob_response(
                &self.digest,
                self.endpoint,
                self.offset,
                self.etag.as_ref(),
            )?;
            if endpoint != self.endpoint {
                (self.endpoint, self.etag) = (endpoint, strong_etag(response.headers()));
            }
            self.response = response;
            match self.position() {
                Ok(()) => return Ok(()),
                Err(Misplaced::Protocol(error)) => return Err(error),
                Err(Misplaced::Broken(error)) => cause = error,
            }
        }
    }

    /// Makes the response continue at the offset: it says that it does, or its beginning is skipped.
    fn position(&mut self) -> Result<(), Misplaced> {
        if self.response.status() == StatusCode::PARTIAL_CONTENT {
            return match content_range(self.response.headers()) {
                Some((start, total))
                    if start == self.offset && (total.is_none() || total == self.length.or(total)) =>
                {
                    Ok(())
                }
                _ => Err(Misplaced::Protocol(RegistryError::Protocol {
                    host: host_of(self.response.url()),
                    message: format!(
                        "asked for {} from byte {} on, it sends another part",
                        self.digest, self.offset
                    ),
                })),
            };
        }
        let skipped = io::copy(&mut (&mut self.response).take(self.offset), &mut io::sink());
        match skipped {
            Ok(count) if count == self.offset => Ok(()),
            Ok(_) => Err(Misplaced::Broken(io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(Misplaced::Broken(error)),
        }
    }

    fn broken(&self, source: io::Error) -> RegistryError {
        RegistryError::Broken {
            host: host_of(self.response.url()),
            what: self.digest.to_string(),
            received: self.offset,
            tries: self.fruitless,
            source,
        }
    }
}

enum Misplaced {
    Protocol(RegistryError),
    Broken(io::Error),
}

impl Read for Download<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let cause = match self.response.read(buffer) {
                Ok(0) if self.length.is_some_and(|length| self.offset < length) => {
                    io::ErrorKind::UnexpectedEof.into()
                }
                Ok(count) => {
                    self.offset = self.offset.saturating_add(count as u64);
                    self.progress = self.progress.saturating_add(count as u64);
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => without_url(error),
            };
            self.resume(cause).map_err(|error| io::Error::from(BlobError::from(error)))?;
        }
    }
}

/// A redirected URL may be signed and must not get into messages.
fn without_url(error: io::Error) -> io::Error {
    let kind = error.kind();
    match error.into_inner().map(<dyn Error + Send + Sync>::downcast::<reqwest::Error>) {
        Some(Ok(inner)) => io::Error::new(kind, inner.without_url()),
        Some(Err(inner)) => io::Error::new(kind, inner),
        None => kind.into(),
    }
}

/// Weak tags promise no equal bytes, so they are no condition for a range.
fn strong_etag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")).cloned()
}

/// First byte and whole length of `bytes 5-9/10` or `bytes 5-9/*`.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let value = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.trim().split_once('-')?;
    let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    (start <= end).then_some((start, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        for (value, expected) in [
            ("bytes 5-9/10", Some((5, Some(10)))),
            ("bytes 5-9/*", Some((5, None))),
            ("bytes 9-5/10", None),
            ("bytes */10", None),
            ("items 5-9/10", None),
            ("bytes 5-9", None),
            ("bytes -9/10", None),
            ("bytes 99999999999999999999-9/10", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, value.parse().unwrap());
            assert_eq!(content_range(&headers), expected, "{value:?}");
        }
    }
}
