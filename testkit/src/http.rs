//! HTTP/1.1 on loopback, byte for byte: a parser of requests, and a server that misbehaves on demand.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use http::{Request, Response};

/// A request as a server received it.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    pub line: String,
    /// The request line and the header lines, without the empty line.
    pub head: String,
    pub body: String,
}

impl ReceivedRequest {
    /// The request at the start of `bytes`, or `None` while it is incomplete.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let mut request = Self {
            line: String::new(),
            head: String::from_utf8(bytes[..end].to_vec()).unwrap(),
            body: String::new(),
        };
        request.line = request.head.lines().next().unwrap_or_default().to_owned();
        let chunked = request.header("Transfer-Encoding");
        assert_eq!(chunked, None, "chunked bodies are not supported");
        let length = request
            .header("Content-Length")
            .map_or(0, |length| length.parse().unwrap());
        let body = bytes.get(end + 4..end + 4 + length)?;
        request.body = String::from_utf8(body.to_vec()).unwrap();
        Some(request)
    }

    /// Reads one request. The end of the stream is an error.
    pub fn read(stream: &mut impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some(request) = Self::parse(&bytes) {
                return Ok(request);
            }
            match stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => bytes.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// Converts to the types of the `http` crate.
    pub fn to_http(&self) -> Request<String> {
        let method = self.line.split(' ').next().unwrap();
        let fields = self.head.lines().skip(1);
        let fields = fields.map(|line| line.split_once(':').unwrap());
        fields
            .fold(
                Request::builder().method(method).uri(self.path()),
                |request, (name, value)| request.header(name, value.trim()),
            )
            .body(self.body.clone())
            .unwrap()
    }

    /// The request target.
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }

    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// A response with a `Content-Length`. `headers` are whole lines.
pub fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

/// A loopback address at which nothing listens.
pub fn closed_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// What the server does with a connection after it has read the request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends these bytes and closes.
    Close(Vec<u8>),
    /// Sends these bytes, then nothing, and keeps the connection open until the client closes it.
    Hold(Vec<u8>),
    /// Sends these bytes and closes only its own half of the connection.
    HalfClose(Vec<u8>),
    /// Sends the first bytes once and repeats the second ones for ever.
    Endless(Vec<u8>, Vec<u8>),
}

impl Reply {
    /// A well-formed response. It has `Connection: close`; otherwise a client could send its next request on this
    /// connection.
    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        let headers = format!("Connection: close\r\n{headers}");
        Self::Close(response(&format!("{status} Reason"), &headers, body).into_bytes())
    }

    /// A well-formed response with a JSON body.
    pub fn json(body: &str) -> Self {
        Self::with(200, "Content-Type: application/json\r\n", body)
    }
}

impl From<Response<String>> for Reply {
    fn from(response: Response<String>) -> Self {
        let mut fields = String::new();
        for (name, value) in response.headers() {
            fields.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        Self::with(response.status().as_u16(), &fields, response.body())
    }
}

/// Answers one request per connection. Runs until the process ends.
#[derive(Debug)]
pub struct LoopbackServer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl LoopbackServer {
    /// Answers each request with the result of `answer`.
    pub fn start(answer: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self::with_origin(|_| answer)
    }

    /// The same for answers that contain the server's own origin, such as `http://127.0.0.1:49152`.
    pub fn with_origin<A>(answer: impl FnOnce(&str) -> A) -> Self
    where
        A: Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (
            Arc::clone(&requests),
            Arc::new(answer(&format!("http://{address}"))),
        );
        accept(listener, move |stream| {
            // In some tests the client closes the connection early.
            let _gone = serve(stream, &seen, answer.as_ref());
        });
        Self { address, requests }
    }

    /// A server that answers every request alike.
    pub fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// The targets of the requests so far.
    pub fn paths(&self) -> Vec<String> {
        let requests = self.requests();
        let paths = requests.iter().map(ReceivedRequest::path);
        paths.map(str::to_owned).collect()
    }
}

/// Listens on a free port of loopback and serves each connection in a thread of its own.
pub(crate) fn serve_connections(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    accept(listener, serve);
    address
}

fn accept(listener: TcpListener, serve: impl Fn(TcpStream) + Send + Sync + 'static) {
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<ReceivedRequest>>,
    answer: &(dyn Fn(&ReceivedRequest) -> Reply + Send + Sync),
) -> io::Result<()> {
    let request = ReceivedRequest::read(&mut stream)?;
    seen.lock().unwrap().push(request.clone());
    match answer(&request) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_parsed_once_it_is_complete() {
        let whole = "POST /a?b HTTP/1.1\r\nHost: h\r\ncontent-length: 3\r\nX: 1: 2\r\n\r\nabc";
        for end in 0..whole.len() {
            assert!(ReceivedRequest::parse(&whole.as_bytes()[..end]).is_none());
        }
        let request = ReceivedRequest::parse(whole.as_bytes()).unwrap();
        assert_eq!((request.path(), &*request.body), ("/a?b", "abc"));
        let headers = ["x", "host", "Accept"].map(|name| request.header(name));
        assert_eq!(headers, [Some("1: 2"), Some("h"), None]);
    }
}
