//! The compression of a layer, told by its first bytes: media types are often wrong.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// Compressed bytes that are read at a time.
const INPUT_BYTES: usize = 256 << 10;

/// The largest window of a zstd frame that is accepted, as a power of two: what `zstd --ultra` writes.
const MAX_ZSTD_WINDOW_LOG: u32 = 27;

/// A layer's tar stream, decompressed where it was compressed.
pub(crate) enum Decoder<R: Read> {
    Plain(Peeked<R>),
    /// Of several members, as pigz and estargz write.
    Gzip(Box<MultiGzDecoder<BufReader<Peeked<R>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Peeked<R>>>>),
}

/// A reader whose first bytes were looked at already.
pub(crate) type Peeked<R> = io::Chain<Cursor<Vec<u8>>, R>;

impl<R: Read> Decoder<R> {
    /// Looks at the first bytes and chooses.
    pub(crate) fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::with_capacity(8);
        reader.by_ref().take(8).read_to_end(&mut head)?;
        let kind = Compression::of(&head);
        let peeked = Cursor::new(head).chain(reader);
        match kind {
            Compression::None => Ok(Self::Plain(peeked)),
            Compression::Gzip => {
                Ok(Self::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(INPUT_BYTES, peeked)))))
            }
            Compression::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(INPUT_BYTES, peeked))?;
                decoder.window_log_max(MAX_ZSTD_WINDOW_LOG)?;
                Ok(Self::Zstd(Box::new(decoder)))
            }
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(out),
            Self::Gzip(decoder) => decoder.read(out),
            Self::Zstd(decoder) => decoder.read(out),
        }
    }
}

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// Told by the first bytes; a zstd stream may begin with skippable frames.
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        match Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_string(&mut text)) {
            Ok(_) => text,
            Err(error) => format!("{text} error: {error}"),
        }
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_compressions_and_none() {
        assert_eq!(decoded(b"plain"), "plain");
        assert_eq!(decoded(b""), "");
        assert_eq!(decoded(&gzip("one")), "one");
        assert_eq!(decoded(&[gzip("one "), gzip("two")].concat()), "one two");
        let zstd = zstd::encode_all(&b"zstd"[..], 3).unwrap();
        assert_eq!(decoded(&zstd), "zstd");
        assert_eq!(decoded(&[zstd.clone(), zstd].concat()), "zstdzstd");
    }

    #[test]
    fn damage_is_an_error() {
        let whole = gzip("some longer text that is compressed");
        assert!(decoded(&whole[..whole.len() - 6]).contains("error"));
        let mut flipped = whole.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 0xff;
        assert!(decoded(&flipped).contains("error"), "the checksum is checked");
    }
}
