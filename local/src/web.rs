//! The web pages, served with the same files and headers as by `CloudFront`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;

use crate::issuer::users;
use crate::stack_file::StackFile;

/// The library for OpenID Connect, as its package ships it.
const LIBRARY: &str = "node_modules/oauth4webapi/build/index.js";

#[derive(Debug)]
pub(crate) struct Pages {
    folder: PathBuf,
    config: String,
    headers: HeaderMap,
}

/// The content at a path of the site.
#[derive(Debug, PartialEq, Eq)]
enum Content {
    /// A file below the folder, and its media type.
    File(String, &'static str),
    /// The settings, which this stack writes.
    Config,
}

impl Pages {
    /// The pages in `folder`, served with `headers`, for the addresses in `stack`. With `dpop` they bind their tokens
    /// to a key.
    pub(crate) fn new(
        folder: PathBuf,
        headers: &[(String, String)],
        stack: &StackFile,
        dpop: bool,
    ) -> Self {
        let headers = headers.iter().filter_map(|(name, value)| {
            let value = HeaderValue::from_str(value).ok()?;
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
        });
        Self {
            folder,
            config: config(stack, dpop),
            headers: headers.collect(),
        }
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let router = Router::new().fallback(answer).with_state(Arc::new(self));
        axum::serve(listener, router).await
    }

    /// The answer to a request. Its body is not read.
    fn answer(&self, method: &Method, path: &str) -> Response<Vec<u8>> {
        if method != Method::GET && method != Method::HEAD {
            let mut response = self.finish(
                StatusCode::METHOD_NOT_ALLOWED,
                "text/plain; charset=utf-8",
                Vec::new(),
            );
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let found = content_of(path).and_then(|content| match content {
            Content::Config => Some((self.config.clone().into_bytes(), JAVASCRIPT)),
            Content::File(file, kind) => Some((fs::read(self.folder.join(file)).ok()?, kind)),
        });
        match found {
            Some((body, kind)) => self.finish(StatusCode::OK, kind, body),
            None => self.finish(
                StatusCode::NOT_FOUND,
                HTML,
                fs::read(self.folder.join("404.html")).unwrap_or_default(),
            ),
        }
    }

    fn finish(&self, status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.headers.clone();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }
}

async fn answer(
    State(pages): State<Arc<Pages>>,
    request: axum::extract::Request,
) -> Response<Body> {
    pages
        .answer(request.method(), request.uri().path())
        .map(Body::from)
}

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The content at a path: only the files that `web/deploy.mjs` uploads, no other file of the folder.
///
/// Every segment must be a plain name, so no path leads out of the folder: not `..`, an encoded slash or a hidden file.
fn content_of(path: &str) -> Option<Content> {
    let plain = |part: &&str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let path = path.strip_prefix('/')?;
    if path.is_empty() {
        return Some(Content::File("index.html".to_owned(), HTML));
    }
    let parts: Vec<&str> = path.split('/').collect();
    if !parts.iter().all(plain) {
        return None;
    }
    let (_, extension) = path.rsplit_once('.')?;
    match (parts.as_slice(), extension) {
        (["config.js"], _) => Some(Content::Config),
        (["vendor", "oauth4webapi.js"], _) => Some(Content::File(LIBRARY.to_owned(), JAVASCRIPT)),
        ([_], "html") => Some(Content::File(path.to_owned(), HTML)),
        ([_], "css") => Some(Content::File(path.to_owned(), "text/css; charset=utf-8")),
        ([_], "svg") => Some(Content::File(path.to_owned(), "image/svg+xml")),
        (["js", ..], "js") => Some(Content::File(path.to_owned(), JAVASCRIPT)),
        _ => None,
    }
}

/// `config.js` for this stack, in the form of `web/config.js`.
fn config(stack: &StackFile, dpop: bool) -> String {
    // The users of a real issuer are unknown.
    let local = stack.issuer_pid.is_some();
    let users: Vec<_> = users()
        .iter()
        .filter(|_| local)
        .map(|user| user.name.as_str())
        .collect();
    let config = json!({
        "origin": stack.web,
        "issuer": stack.issuer,
        "clientId": stack.client_id,
        "apiBase": stack.api,
        "scopes": {"signIn": "openid profile offline_access", "write": "state:write"},
        "dpop": dpop,
        "users": users,
    });
    format!("export default {config:#};\n")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn pages() -> Pages {
        let stack = StackFile {
            pid: 1,
            api: "http://127.0.0.1:3000/prod".to_owned(),
            lambda: "http://127.0.0.1:3000".to_owned(),
            function: "authorizer".to_owned(),
            database: "http://127.0.0.1:8000".to_owned(),
            web: "http://127.0.0.1:8080".to_owned(),
            issuer: "http://127.0.0.1:9000/oauth2/default".to_owned(),
            issuer_pid: Some(2),
            client_id: "web".to_owned(),
            audience: "api://default".to_owned(),
        };
        let headers = [("x-frame-options".to_owned(), "DENY".to_owned())];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
        Pages::new(folder, &headers, &stack, false)
    }

    #[test]
    fn paths_lead_only_to_files_of_the_site() {
        fn check(path: &str, expected: Option<&str>) {
            let file = content_of(path).map(|content| match content {
                Content::File(file, _) => file,
                Content::Config => "(config)".to_owned(),
            });
            assert_eq!(file.as_deref(), expected, "{path}");
        }
        check("/", Some("index.html"));
        check("/state.html", Some("state.html"));
        check("/js/pages/index.js", Some("js/pages/index.js"));
        check("/config.js", Some("(config)"));
        check("/vendor/oauth4webapi.js", Some(LIBRARY));
        for outside in [
            "",
            "state.html",
            "//state.html",
            "/js/../../Cargo.toml",
            "/js/..%2f..%2fdeploy.mjs",
            "/js/%2e%2e/config.js",
            "/..\\..\\Cargo.toml",
            "/.gitignore",
            "/package.json",
            "/deploy.mjs",
            "/template.yaml",
            "/tests/run.mjs",
            "/node_modules/oauth4webapi/build/index.js",
            "/js/",
            "/js",
            "/vendor/other.js",
        ] {
            check(outside, None);
        }
    }

    #[test]
    fn every_answer_has_the_headers_of_the_policy() {
        for (method, path, expected) in [
            (Method::GET, "/", StatusCode::OK),
            (Method::HEAD, "/config.js", StatusCode::OK),
            (Method::GET, "/nowhere.html", StatusCode::NOT_FOUND),
            (Method::POST, "/", StatusCode::METHOD_NOT_ALLOWED),
        ] {
            let answer = pages().answer(&method, path);
            assert_eq!(answer.status(), expected, "{method} {path}");
            assert_eq!(
                answer.headers()["x-frame-options"],
                "DENY",
                "{method} {path}"
            );
        }
    }

    #[test]
    fn the_settings_have_the_addresses_of_the_stack() {
        let config = config_of(&pages());
        assert!(config.starts_with("export default {"), "{config}");
        for part in [
            "http://127.0.0.1:8080",
            "http://127.0.0.1:9000/oauth2/default",
            "http://127.0.0.1:3000/prod",
            "alice",
        ] {
            assert!(config.contains(part), "{part} in {config}");
        }
    }

    fn config_of(pages: &Pages) -> String {
        String::from_utf8(pages.answer(&Method::GET, "/config.js").into_body()).unwrap()
    }
}
