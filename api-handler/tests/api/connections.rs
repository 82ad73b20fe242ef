//! The connection to the store that is opened before the first request.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    fake_store::{http, read},
    support::{Api, ask, forward},
};

/// What happened to the connection that was opened ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ahead {
    Kept,
    Closed,
    /// Nothing was listening when it was attempted.
    Refused,
}

async fn listen(address: SocketAddr) -> TcpListener {
    TcpListener::bind(address).await.unwrap()
}

/// Answers the calls of one connection from a real store.
async fn serve(mut stream: TcpStream, real: &str) {
    while let Some(call) = read(&mut stream).await {
        let (status, body) = forward(real, &call.operation, &call.input).await;
        let answer = http(status, "", &body).unwrap();
        stream.write_all(&answer).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_write_succeeds_whatever_happened_to_the_connection_opened_ahead() {
    let direct = Api::start().await;
    for ahead in [Ahead::Kept, Ahead::Closed, Ahead::Refused] {
        let listener = listen(([127, 0, 0, 1], 0).into()).await;
        let address = listener.local_addr().unwrap();
        let listener = (ahead != Ahead::Refused).then_some(listener);
        let api = Api::over(&format!("http://{address}"), &direct.table, &[]);
        api.handler.open_connection().await;
        // When this call ends, the connection has been opened or refused.
        let id = format!("{ahead:?}").to_lowercase();
        forward(&direct.endpoint, "DescribeTable", &json!({})).await;
        let mut first = None;
        let listener = match listener {
            None => listen(address).await,
            Some(listener) => {
                first = Some(listener.accept().await.unwrap().0);
                listener
            }
        };
        if ahead == Ahead::Closed {
            first = None;
            forward(&direct.endpoint, "DescribeTable", &json!({})).await;
        }
        let put = ask("PUT", &format!("/state/{id}")).by("alice").create();
        let answering = api.send(put.json(&json!({"value": 1})));
        let serving = async {
            let stream = match first {
                Some(stream) => stream,
                None => listener.accept().await.unwrap().0,
            };
            serve(stream, &direct.endpoint).await;
        };
        tokio::select! {
            reply = answering => reply.expect(201),
            () = serving => panic!("{ahead:?}: the connection was closed"),
        };
    }
}
