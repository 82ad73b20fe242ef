//! A Lambda Runtime API on loopback that answers as a script says. Both functions include it by path.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

/// What a function posted.
pub(crate) struct Posted {
    pub(crate) path: String,
    /// The header lines, in lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

pub(crate) struct RuntimeApi {
    pub(crate) address: String,
    posted: Receiver<Posted>,
}

struct Script {
    answers: Mutex<std::vec::IntoIter<String>>,
    /// So many requests for events wait for each other before any is answered.
    together: Barrier,
    posted: Sender<Posted>,
}

/// An answer with an event.
pub(crate) fn event(request_id: &str, payload: &str) -> String {
    let deadline = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() + 5_000;
    let headers = format!(
        "Lambda-Runtime-Aws-Request-Id: {request_id}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n"
    );
    answer("200 OK", &headers, payload)
}

/// Any answer.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

impl RuntimeApi {
    /// Answers requests for events by the script, then no more. Other requests are recorded.
    pub(crate) fn start(script: Vec<String>) -> Self {
        Self::start_with(script, 1)
    }

    /// The same, but the first answer waits until `together` requests are there.
    pub(crate) fn start_with(script: Vec<String>, together: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, posted) = channel();
        let script = Arc::new(Script {
            answers: Mutex::new(script.into_iter()),
            together: Barrier::new(together),
            posted: sender,
        });
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let script = Arc::clone(&script);
                std::thread::spawn(move || serve(&stream.unwrap(), &script));
            }
        });
        Self { address, posted }
    }

    /// The next thing that a function posts.
    pub(crate) fn posted(&self) -> Posted {
        self.posted
            .recv_timeout(Duration::from_secs(10))
            .expect("the function posts something")
    }

    /// Runs a function until it has posted `count` times, then ends it. Gives back what it posted and wrote.
    pub(crate) fn run(&self, mut function: Command, count: usize) -> (Vec<Posted>, String) {
        let mut process = function
            .env("AWS_LAMBDA_RUNTIME_API", &self.address)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let posted = (0..count).map(|_| self.posted()).collect();
        process.kill().unwrap();
        (posted, text(&process.wait_with_output().unwrap()))
    }
}

/// What a process wrote.
pub(crate) fn text(output: &Output) -> String {
    let written = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(written).unwrap()
}

fn serve(mut stream: &TcpStream, script: &Script) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let answer = if request.path.ends_with("/invocation/next") {
            script.together.wait();
            let next = script.answers.lock().unwrap().next();
            match next {
                Some(answer) => answer,
                None => loop {
                    std::thread::park();
                },
            }
        } else {
            let _test_ended = script.posted.send(request);
            answer("202 Accepted", "", "")
        };
        let _gone = stream.write_all(answer.as_bytes());
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Posted> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<String> = lines.drain(1..).map(|line| line.to_lowercase()).collect();
    let length = headers
        .iter()
        .find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Posted {
        path,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
