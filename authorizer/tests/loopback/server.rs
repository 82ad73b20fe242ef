//! An HTTP server on loopback that answers with given bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server does on one connection after it has read the request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends these bytes and closes.
    Close(Vec<u8>),
    /// Sends these bytes and then nothing more, with the connection open until the client goes.
    Hold(Vec<u8>),
    /// Sends these bytes and closes its half only.
    HalfClose(Vec<u8>),
    /// Sends the first bytes once and the second ones for ever.
    Endless(Vec<u8>, Vec<u8>),
}

impl Reply {
    /// A well-formed answer.
    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\n\r\n");
        Self::Close(format!("{head}{body}").into_bytes())
    }

    pub fn json(body: &str) -> Self {
        Self::with(200, "Content-Type: application/json\r\n", body)
    }
}

/// What came in: the first line, the header lines and the body.
#[derive(Clone, Debug)]
pub struct Asked {
    pub line: String,
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

/// Runs until the process ends.
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || {
                    // A client that goes away is what some tests are about.
                    let _gone = serve(stream, &seen, answer.as_ref());
                });
            }
        });
        Self { address, asked }
    }

    /// One that says the same to all.
    pub fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked()
            .iter()
            .map(|asked| asked.path().to_owned())
            .collect()
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&Asked) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let asked = read(&mut stream)?;
    seen.lock().unwrap().push(asked.clone());
    match answer(&asked) {
        Reply::Close(bytes) => stream.write_all(&bytes),
        Reply::Hold(bytes) => {
            stream.write_all(&bytes)?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        Reply::HalfClose(bytes) => {
            stream.write_all(&bytes)?;
            stream.shutdown(Shutdown::Write)?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        Reply::Endless(first, again) => {
            stream.write_all(&first)?;
            loop {
                stream.write_all(&again)?;
            }
        }
    }
}

/// Reads one request: the head, and as much body as it says.
pub fn read(stream: &mut impl Read) -> std::io::Result<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
                let line = head.lines().next().unwrap_or_default().to_owned();
                return Ok(Asked { line, head, body });
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
