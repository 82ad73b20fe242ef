//! The server at the redirect URI during a sign-in in a browser.

mod page;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use reqwest::Url;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub(super) use self::page::CallbackPage;
use crate::progress::printable;
use crate::token::AuthorizationRequest;

/// The timeout of a sign-in. The issuer's own pages expire at about the same time.
const MAX_SIGN_IN: Duration = Duration::from_secs(300);

/// The timeout for sending the last page.
const MAX_CLOSING: Duration = Duration::from_secs(1);

/// A sign-in that did not end in a token.
#[derive(Debug, thiserror::Error)]
#[error("{found}: {advice}")]
pub(super) struct SignInError {
    pub(super) found: String,
    pub(super) advice: String,
}

impl SignInError {
    pub(super) fn new(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            found: found.into(),
            advice: advice.into(),
        }
    }
}

/// The server at the redirect URI.
#[derive(Debug)]
pub(super) struct Listener {
    arrivals: mpsc::Receiver<Callback>,
    end: watch::Sender<bool>,
    servers: JoinSet<()>,
}

/// A request that arrived at the redirect URI and waits for its page.
#[derive(Debug)]
pub(super) struct Callback {
    pub(super) url: Url,
    page: oneshot::Sender<CallbackPage>,
}

impl Callback {
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let found = self.url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// The query without its secrets.
    pub(super) fn shown(&self) -> String {
        let pairs = self.url.query_pairs().map(|(name, value)| match &*name {
            "code" | "state" => format!("{name}=…"),
            _ => format!("{name}={value}"),
        });
        printable(&pairs.collect::<Vec<_>>().join("&"))
    }

    pub(super) fn answer(self, page: CallbackPage) {
        // A closed browser needs no page.
        let _ = self.page.send(page);
    }
}

#[derive(Clone)]
struct ListenerState {
    redirect_uri: Arc<Url>,
    arrivals: mpsc::Sender<Callback>,
}

impl Listener {
    /// Listens on the redirect URI, which must be on this machine.
    pub(super) async fn bind(redirect_uri: &str) -> Result<Self, SignInError> {
        let elsewhere = || {
            SignInError::new(
                format!("`{redirect_uri}` is not on this machine"),
                "register a redirect URI with http on 127.0.0.1 or localhost, such as \
                 http://127.0.0.1:8080/callback.html, and give it with --redirect-uri",
            )
        };
        let url = Url::parse(redirect_uri).map_err(|_| elsewhere())?;
        let (ips, port) = addresses(&url).ok_or_else(elsewhere)?;
        let (sender, arrivals) = mpsc::channel(8);
        let served = ListenerState {
            redirect_uri: Arc::new(url),
            arrivals: sender,
        };
        let (end, ended) = watch::channel(false);
        let mut servers = JoinSet::new();
        for ip in ips {
            let bound = TcpListener::bind(SocketAddr::new(ip, port)).await;
            // `localhost` can be either address; a machine without IPv6 has only one of them.
            let listener = match bound {
                Ok(listener) => listener,
                Err(_) if ip == IpAddr::V6(Ipv6Addr::LOCALHOST) && !servers.is_empty() => continue,
                Err(error) => {
                    return Err(SignInError::new(
                        format!("cannot listen on {ip}:{port}: {error}"),
                        "end what listens there, most likely `cargo local` with its web pages, or give another \
                         registered redirect URI with --redirect-uri",
                    ));
                }
            };
            let router = Router::new().fallback(arrive).with_state(served.clone());
            let mut ended = ended.clone();
            servers.spawn(async move {
                let end = async move {
                    let _ = ended.wait_for(|ended| *ended).await;
                };
                let served = axum::serve(listener, router).with_graceful_shutdown(end);
                let _ = served.await;
            });
        }
        Ok(Self {
            arrivals,
            end,
            servers,
        })
    }

    /// The first callback for this request. Callbacks of other requests are answered and ignored.
    pub(super) async fn wait(
        &mut self,
        request: &AuthorizationRequest,
    ) -> Result<Callback, SignInError> {
        let waiting = async {
            loop {
                let callback = self.next().await;
                if callback.parameter("state").as_deref() == Some(request.state.as_str()) {
                    return callback;
                }
                callback.answer(CallbackPage::of_another_sign_in());
            }
        };
        tokio::time::timeout(MAX_SIGN_IN, waiting).await.map_err(|_| {
            SignInError::new(
                format!("no answer at the redirect URI within {} s", MAX_SIGN_IN.as_secs()),
                "if the browser shows an error page of the issuer, its text is in docs/trouble.md",
            )
        })
    }

    /// The next request at the redirect URI.
    async fn next(&mut self) -> Callback {
        match self.arrivals.recv().await {
            Some(callback) => callback,
            // The servers run as long as this listener, so the channel is never closed.
            None => std::future::pending().await,
        }
    }

    /// Sends the last page, and ends.
    pub(super) async fn close(mut self) {
        let _ = self.end.send(true);
        let ending = async { while self.servers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(MAX_CLOSING, ending).await;
    }
}

/// The addresses to listen on for an `http` URL of this machine.
fn addresses(url: &Url) -> Option<(Vec<IpAddr>, u16)> {
    if url.scheme() != "http" {
        return None;
    }
    let (v4, v6) = (
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    );
    let host = url.host_str()?;
    let ips = if host == "localhost" {
        vec![v4, v6]
    } else {
        let ip: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
        vec![Some(ip).filter(IpAddr::is_loopback)?]
    };
    Some((ips, url.port_or_known_default()?))
}

async fn arrive(State(served): State<ListenerState>, request: Request) -> Response {
    let uri = request.uri();
    if request.method() != Method::GET || uri.path() != served.redirect_uri.path() {
        return Response::builder()
            .status(404)
            .body(Body::empty())
            .unwrap_or_default();
    }
    let mut url = (*served.redirect_uri).clone();
    url.set_query(uri.query());
    let (sender, page) = oneshot::channel();
    let callback = Callback { url, page: sender };
    let arrived = served.arrivals.send(callback).await.is_ok();
    let page = if arrived { page.await.ok() } else { None };
    let page = page.unwrap_or_else(CallbackPage::of_another_sign_in);
    Response::builder()
        .status(page.status)
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        )
        .header(CACHE_CONTROL, "no-store")
        .header("referrer-policy", "no-referrer")
        .header("connection", "close")
        .body(Body::from(page.html))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listener_accepts_only_loopback_urls() {
        let check = |url: &str, expected: Option<(usize, u16)>| {
            let found = addresses(&Url::parse(url).unwrap());
            assert_eq!(
                found.map(|(ips, port)| (ips.len(), port)),
                expected,
                "{url}"
            );
        };
        check("http://127.0.0.1:8080/callback.html", Some((1, 8080)));
        check("http://localhost:8080/callback.html", Some((2, 8080)));
        check("http://[::1]:8080/", Some((1, 8080)));
        check("http://127.0.0.1/", Some((1, 80)));
        check("https://127.0.0.1:8080/", None);
        check("http://app.example.com/", None);
        check("http://192.168.0.1:8080/", None);
    }
}
