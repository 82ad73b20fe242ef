//! The API's HTTP server: the gateway's stage, and Lambda's Invoke API beside it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use bytes::Bytes;
use http::Response;
use tokio::net::TcpListener;

use crate::gateway::{Gateway, MAX_BODY};
use crate::lambda::invocation::Invoke;
use crate::lambda::invoke_api;
use crate::unread_body::BodyTooLarge;

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) functions: Arc<dyn Invoke>,
}

impl Server {
    /// Serves until the task is aborted.
    pub(crate) async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let router = Router::new().fallback(answer).with_state(self);
        axum::serve(
            listener,
            router.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .await
    }
}

async fn answer(
    State(server): State<Server>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, MAX_BODY).await {
        Ok(body) => body,
        Err(_) => {
            parts.extensions.insert(BodyTooLarge);
            Bytes::new()
        }
    };
    let path = parts.uri.path().to_owned();
    let response = match invoke_api::function_of(&path) {
        Some(function) if parts.method == http::Method::POST => {
            invoke_api::answer(&server.functions, function, &parts, body).await
        }
        _ => {
            server
                .gateway
                .answer(http::Request::from_parts(parts, body), peer.ip())
                .await
        }
    };
    response.map(Body::from)
}
