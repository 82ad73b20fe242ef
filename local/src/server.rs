//! The API's HTTP server: the gateway's stage, and Lambda's Invoke API beside it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method, Response, StatusCode, Version};
use serde_json::json;
use tokio::net::TcpListener;

use crate::gateway::{Gateway, MAX_BODY};
use crate::lambda::invocation::Invoke;
use crate::lambda::invoke_api;
use crate::request_body::{self, BodyTooLarge, UnreadBody};

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

    /// The answer of the Invoke API to its paths, else of the gateway.
    async fn route(&self, parts: Parts, body: Bytes, peer: IpAddr) -> Response<Bytes> {
        match invoke_api::function_of(parts.uri.path()) {
            Some(function) if parts.method == Method::POST => {
                invoke_api::answer(&self.functions, function, &parts, body).await
            }
            _ => {
                let request = http::Request::from_parts(parts, body);
                self.gateway.answer(request, peer).await
            }
        }
    }
}

async fn answer(
    State(server): State<Server>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    if let Some(fault) = fault(&parts) {
        return bad_request(fault);
    }
    let body = match request_body::read(body, MAX_BODY).await {
        Ok(body) => body,
        Err(UnreadBody::TooLarge) => {
            parts.extensions.insert(BodyTooLarge);
            Bytes::new()
        }
        Err(UnreadBody::Incomplete) => {
            return bad_request("the body is incomplete or its chunks are malformed");
        }
    };
    // A task of its own, because the server drops this one if the caller leaves. The functions run on, as at AWS, and the
    // access log gets its line.
    let answering = tokio::spawn(async move { server.route(parts, body, peer.ip()).await });
    match answering.await {
        Ok(response) => response.map(Body::from),
        // A panic, whose message is on the terminal, or the end of the stack.
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}

/// Why a request is not one that any API can receive, whatever its routes.
fn fault(request: &Parts) -> Option<&'static str> {
    // An API opens no tunnels, and `OPTIONS *` has no path (RFC 9110, sections 9.3.6 and 7.1).
    if request.method == Method::CONNECT {
        return Some("expected another method than CONNECT");
    }
    if !request.uri.path().starts_with('/') {
        return Some("expected a request target that begins with a slash");
    }
    // RFC 9112, section 3.2. AWS finds the API by this header.
    let mut hosts = request.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => None,
        (None, None) if request.version == Version::HTTP_10 => None,
        _ => Some("expected one header Host with a host and a port"),
    }
}

fn is_host(value: &HeaderValue) -> bool {
    let authority = Authority::try_from(value.as_bytes());
    authority
        .is_ok_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
}

fn bad_request(fault: &str) -> Response<Body> {
    error(StatusCode::BAD_REQUEST, &format!("Bad Request: {fault}"))
}

fn error(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests;
