//! Stores for tests: one answers with a function, one forwards to a real store.

use std::{
    future::Future,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use testkit::http::{ReceivedRequest, response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::support::forward;

/// A store that answers an operation and its input with the result of `respond`. `None` closes the connection.
pub async fn store<F>(respond: impl Fn(String, Value) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = Option<Vec<u8>>> + Send,
{
    store_of_calls(move |call| respond(call.operation, call.input)).await
}

/// A call of the store.
#[derive(Debug, Clone)]
pub struct Call {
    pub operation: String,
    pub input: Value,
    pub authorization: String,
    /// The store's answer, if it is recorded.
    pub output: Value,
}

/// A store that answers each call with the result of `respond`. `None` closes the connection.
pub async fn store_of_calls<F>(respond: impl Fn(Call) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = Option<Vec<u8>>> + Send,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let respond = Arc::new(respond);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let respond = Arc::clone(&respond);
            tokio::spawn(async move {
                while let Some(call) = read(&mut stream).await {
                    let Some(response) = respond(call).await else {
                        return;
                    };
                    if stream.write_all(&response).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    endpoint
}

pub async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        if let Some(request) = ReceivedRequest::parse(&bytes) {
            let (_, operation) = request.header("X-Amz-Target")?.split_once('.')?;
            return Some(Call {
                operation: operation.to_owned(),
                input: serde_json::from_str(&request.body).unwrap(),
                authorization: request.header("Authorization")?.to_owned(),
                output: Value::Null,
            });
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

pub fn http(status: u16, extra: &str, body: &str) -> Option<Vec<u8>> {
    let headers = format!("Content-Type: application/x-amz-json-1.0\r\n{extra}");
    Some(response(&format!("{status} X"), &headers, body).into_bytes())
}

impl Call {
    /// Whether the call reads one resource by id, with its value, if the caller may see it.
    pub fn is_read_of_visible(&self) -> bool {
        self.operation == "Query" && self.input["IndexName"].is_null()
    }
}

/// A proxy of a real store that records each call when it is answered.
pub async fn recording(real: &str) -> (String, Arc<Mutex<Vec<Call>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (real, recorded) = (real.to_owned(), Arc::clone(&calls));
    let endpoint = store_of_calls(move |mut call| {
        let (real, recorded) = (real.clone(), Arc::clone(&recorded));
        async move {
            let (status, body) = forward(&real, &call.operation, &call.input).await;
            call.output = serde_json::from_str(&body).unwrap();
            recorded.lock().unwrap().push(call);
            http(status, "", &body)
        }
    });
    (endpoint.await, calls)
}
