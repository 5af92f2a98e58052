//! A reader on a thread of its own, some buffers ahead: decompressing and hashing then take two processors.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

/// Bytes of one buffer.
const BUFFER_BYTES: usize = 512 << 10;

/// Buffers on their way. When all are full the thread waits; when all are empty the reader does.
const BUFFERS: usize = 4;

/// What another thread has read.
pub(crate) struct ReadAhead {
    filled: Receiver<io::Result<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    current: Vec<u8>,
    position: usize,
    ended: bool,
}

impl ReadAhead {
    /// Starts to read. The thread ends with the reader, or soon after this is dropped.
    pub(crate) fn start<'scope, R: Read + Send + 'scope>(
        scope: &'scope Scope<'scope, '_>,
        reader: R,
    ) -> Self {
        let (filled, results) = sync_channel(BUFFERS);
        let (empty, buffers) = sync_channel(BUFFERS);
        for _ in 1..BUFFERS {
            // There is room for all of them.
            let _ = empty.try_send(Vec::new());
        }
        scope.spawn(move || fill(reader, &buffers, &filled));
        Self { filled: results, empty, current: Vec::new(), position: 0, ended: false }
    }

    /// Takes the next buffer; `false` at the end.
    fn next_buffer(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let Ok(result) = self.filled.recv() else {
            self.ended = true;
            return Err(io::Error::other("the thread that reads ahead is gone"));
        };
        let buffer = result.inspect_err(|_| self.ended = true)?;
        self.ended = buffer.is_empty();
        // The thread may have ended already; then nobody needs the old buffer.
        let _ = self.empty.try_send(std::mem::replace(&mut self.current, buffer));
        self.position = 0;
        Ok(!self.ended)
    }
}

/// Fills buffers until the reader or the interest in it ends. An empty buffer is the end.
fn fill(mut reader: impl Read, buffers: &Receiver<Vec<u8>>, filled: &SyncSender<io::Result<Vec<u8>>>) {
    while let Ok(mut buffer) = buffers.recv() {
        buffer.resize(BUFFER_BYTES, 0);
        let (count, error) = read_full(&mut reader, &mut buffer);
        buffer.truncate(count);
        // What came before an error still counts.
        let is_end = count == 0 && error.is_none();
        let nobody_listens = (count > 0 || is_end) && filled.send(Ok(buffer)).is_err();
        if is_end || nobody_listens {
            return;
        }
        if let Some(error) = error {
            let _ = filled.send(Err(error));
            return;
        }
    }
}

/// Reads until the buffer is full or the reader ends or fails.
fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut count = 0;
    while count < buffer.len() {
        match reader.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (count, Some(error)),
        }
    }
    (count, None)
}

impl Read for ReadAhead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position == self.current.len() && !self.next_buffer()? {
            return Ok(0);
        }
        let count = out.len().min(self.current.len() - self.position);
        out[..count].copy_from_slice(&self.current[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(reader: impl Read + Send) -> (usize, Option<String>) {
        std::thread::scope(|scope| {
            let mut bytes = Vec::new();
            let error = ReadAhead::start(scope, reader).read_to_end(&mut bytes).err();
            (bytes.len(), error.map(|error| error.to_string()))
        })
    }

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("it broke"))
        }
    }

    #[test]
    fn all_bytes_arrive_and_so_does_an_error_behind_them() {
        for size in [0, 1, BUFFER_BYTES, BUFFER_BYTES + 1, 10 * BUFFER_BYTES] {
            assert_eq!(read_all(io::repeat(7).take(size as u64)), (size, None));
        }
        let size = BUFFER_BYTES + 5;
        assert_eq!(
            read_all(io::repeat(7).take(size as u64).chain(Failing)),
            (size, Some("it broke".to_owned()))
        );
    }

    #[test]
    fn who_stops_early_is_not_held_up() {
        let head = std::thread::scope(|scope| {
            let mut head = [0; 3];
            ReadAhead::start(scope, io::repeat(7)).read_exact(&mut head).map(|()| head)
        });
        assert_eq!(head.unwrap(), [7; 3]);
    }
}
