//! An issuer on loopback with answers that a test can change. By default it answers like a correct Okta custom
//! authorization server.

use std::time::Duration;

use http::Response;
use reqwest::Url;
use serde_json::{Value, json};
use testkit::http::{LoopbackServer, ReceivedRequest, Reply};
use testkit::json::changed;
use testkit::signer::Signer;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::tls::{Chain, serve_tls};

pub(crate) const CLIENT_ID: &str = "0oa1testclient";
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:8080/callback.html";
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8080";

#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn json(body: &Value) -> Self {
        Self::error(200, body)
    }

    pub(crate) fn error(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type", "text/html;charset=utf-8".to_owned())],
            body: body.to_owned(),
        }
    }

    /// A redirect to the redirect URI with an error, as the authorization endpoint sends it.
    pub(crate) fn redirect(redirect_uri: &str, parameters: &[(&str, &str)]) -> Self {
        let location = Url::parse_with_params(redirect_uri, parameters).unwrap();
        Self {
            status: 302,
            headers: vec![("location", location.into())],
            body: String::new(),
        }
    }

    /// Okta's page for an authorization request without a redirect back. The script on the page contains the request.
    pub(crate) fn okta_page(message: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html><html><head><title>Okta</title><script>var request = 'client_id redirect_uri';</script>\
             </head><body><h2>400 Bad Request</h2><p>Your request resulted in an error. {message}</p></body></html>"
        );
        Self::html(400, &page)
    }
}

/// The answers of the issuer.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) issuer: String,
    pub(crate) openid: Page,
    pub(crate) oauth: Page,
    pub(crate) keys: Page,
    pub(crate) authorize: Page,
    /// The token endpoint's answer to the doctor's made-up code.
    pub(crate) token: Page,
    /// Its answer to any other code.
    pub(crate) redeemed: Page,
    /// The origins whose pages may read its answers.
    pub(crate) trusted_origins: Vec<String>,
    /// The difference of its clock.
    pub(crate) clock_off: Duration,
    /// Whether it answers at all.
    pub(crate) silent: bool,
}

impl Script {
    /// A correct Okta custom authorization server.
    fn right(issuer: &str) -> Self {
        let metadata = Page::json(&metadata(issuer));
        let mut keys = Page::json(&json!({"keys": [jwk("k1"), jwk("k2")]}));
        keys.headers.push((
            "cache-control",
            "max-age=3832304, must-revalidate".to_owned(),
        ));
        Self {
            issuer: issuer.to_owned(),
            openid: metadata.clone(),
            oauth: metadata,
            keys,
            authorize: Page::redirect(
                REDIRECT_URI,
                &[
                    ("state", "doctor"),
                    ("error", "login_required"),
                    (
                        "error_description",
                        "The client specified not to prompt, but the user is not logged in.",
                    ),
                ],
            ),
            token: Page::error(
                400,
                &json!({"error": "invalid_grant",
                    "error_description": "The authorization code is invalid or has expired."}),
            ),
            redeemed: Page::error(400, &json!({"error": "invalid_grant"})),
            trusted_origins: vec![ORIGIN.to_owned()],
            clock_off: Duration::ZERO,
            silent: false,
        }
    }

    /// Changes both metadata documents.
    pub(crate) fn metadata(&mut self, change: impl Fn(&mut Value)) {
        for page in [&mut self.openid, &mut self.oauth] {
            let mut document = serde_json::from_str(&page.body).unwrap();
            change(&mut document);
            page.body = document.to_string();
        }
    }

    /// The authorization endpoint sends this error to the redirect URI.
    pub(crate) fn authorize_error(&mut self, error: &str, description: &str) {
        self.authorize = Page::redirect(
            REDIRECT_URI,
            &[
                ("state", "doctor"),
                ("error", error),
                ("error_description", description),
            ],
        );
    }

    /// The token endpoint sends this error.
    pub(crate) fn token_error(&mut self, status: u16, error: &str, description: &str) {
        let body = json!({"error": error, "error_description": description});
        self.token = Page::error(status, &body);
    }
}

fn metadata(issuer: &str) -> Value {
    let endpoint = |name: &str| format!("{issuer}/v1/{name}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "jwks_uri": endpoint("keys"),
        "scopes_supported": ["openid", "profile", "email", "offline_access", "state:read", "state:write"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
    })
}

/// The issuer's public key, with its algorithm as Okta publishes it.
pub(crate) fn jwk(kid: &str) -> Value {
    changed(Signer::rsa().jwk(kid), &json!({"alg": "RS256"}))
}

/// A running issuer; it ends with the test.
pub(crate) struct Issuer {
    pub(crate) url: String,
}

impl Issuer {
    /// An issuer at Okta's usual path.
    pub(crate) fn start(change: impl FnOnce(&mut Script)) -> Self {
        Self::start_at("/oauth2/default", change)
    }

    pub(crate) fn start_at(path: &'static str, change: impl FnOnce(&mut Script)) -> Self {
        let server = LoopbackServer::with_origin(|origin| {
            let mut script = Script::right(&format!("{origin}{path}"));
            change(&mut script);
            move |request| answer(path, &script, request)
        });
        Self {
            url: server.url(path),
        }
    }

    /// An issuer that presents this chain of certificates.
    pub(crate) fn start_tls(chain: &Chain) -> Self {
        const PATH: &str = "/oauth2/default";
        let origin = serve_tls(chain, |origin| {
            let script = Script::right(&format!("{origin}{PATH}"));
            move |request| answer(PATH, &script, request)
        });
        Self {
            url: format!("{origin}{PATH}"),
        }
    }
}

fn answer(path: &str, script: &Script, request: &ReceivedRequest) -> Reply {
    if script.silent {
        return Reply::Hold(Vec::new());
    }
    let is_made_up = request.body.contains("code=made-up");
    let oauth = format!("/.well-known/oauth-authorization-server{path}");
    let page = match request.to_http().uri().path() {
        found if found == oauth => script.oauth.clone(),
        found => match found.strip_prefix(path) {
            Some("/.well-known/openid-configuration") => script.openid.clone(),
            Some("/v1/keys") => script.keys.clone(),
            Some("/v1/authorize") => script.authorize.clone(),
            Some("/v1/token") if is_made_up => script.token.clone(),
            Some("/v1/token") => script.redeemed.clone(),
            _ => Page::error(404, &json!({"errorCode": "E0000022"})),
        },
    };
    let now = OffsetDateTime::now_utc() - script.clock_off;
    let date = now.format(&Rfc2822).unwrap().replace("+0000", "GMT");
    let mut response = Response::builder().status(page.status).header("date", date);
    let is_trusted = |origin: &&str| script.trusted_origins.iter().any(|known| known == origin);
    if let Some(origin) = request.header("origin").filter(is_trusted) {
        response = response.header("access-control-allow-origin", origin);
    }
    for (name, value) in page.headers {
        response = response.header(name, value);
    }
    response.body(page.body).unwrap().into()
}
