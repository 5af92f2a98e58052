//! A small HTTP server on a loopback port, for tests: it answers as told and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What was asked. Header names are in lower case.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What to answer.
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Bytes of the body after which the connection breaks.
    cut: Option<usize>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), cut: None }
    }

    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body)
    }

    pub fn redirect(location: impl Into<String>) -> Self {
        Self::new(307, "").with("Location", location)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

/// A running server. It stops when dropped.
pub struct Fake {
    pub host: String,
    log: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
}

impl Fake {
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (log, stopped) = (Arc::new(Mutex::default()), Arc::new(AtomicBool::new(false)));
        let fake = Self { host, log: Arc::clone(&log), stopped: Arc::clone(&stopped) };
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || serve(&stream, &log, &*answer));
            }
        });
        fake
    }

    /// What was asked so far, a line for each request: method, path, and who asked, where someone said so.
    /// The look whether the port speaks TLS is left out.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(&self.host);
    }
}

fn serve(stream: &TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(&Asked) -> Reply) -> Option<()> {
    let mut first = [0];
    stream.peek(&mut first).ok()?;
    if first[0] == 0x16 {
        // A TLS handshake.
        return None;
    }
    let asked = read(stream)?;
    let probe = asked.path == "/v2/";
    let reply = if probe { Reply::ok("") } else { answer(&asked) };
    if !probe {
        let mut line = format!("{} {}", asked.method, asked.path);
        for (name, value) in [("as", "authorization"), ("range", "range"), ("if", "if-range")] {
            if !asked.header(value).is_empty() {
                line = format!("{line} {name} {}", asked.header(value));
            }
        }
        log.lock().unwrap().push(line);
    }
    write(stream, &reply)
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body).ok()?;
    Some(Asked { method, path, headers, body })
}

fn write(mut stream: &TcpStream, reply: &Reply) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", reply.status);
    if !reply.headers.iter().any(|(name, _)| name == "Content-Length") {
        head = format!("{head}Content-Length: {}\r\n", reply.body.len());
    }
    for (name, value) in &reply.headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    let end = reply.cut.unwrap_or(reply.body.len());
    stream.write_all(&reply.body[..end]).ok()
}
