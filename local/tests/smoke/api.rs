//! An API on loopback with API Gateway's behaviour and one fault.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method, Response};
use serde_json::json;
use testkit::http::{LoopbackServer, ReceivedRequest, Reply};

pub(crate) const GOOD: &str = "eyJhbGciOiJSUzI1NiJ9.Z29vZA.Z29vZHNpZ25hdHVyZQ";
pub(crate) const WEAK: &str = "eyJhbGciOiJSUzI1NiJ9.d2Vhaw.d2Vha3NpZ25hdHVyZQ";
pub(crate) const EXPIRED: &str = "eyJhbGciOiJSUzI1NiJ9.b2xk.b2xkc2lnbmF0dXJl";
pub(crate) const ORIGIN: &str = "https://app.example.com";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Nothing,
    NoAuthorizer,
    /// Without a cache the authorizer is called without a token, and its policy is for anonymous callers.
    AnonymousPolicy,
    AnyTokenCounts,
    BadTokenIsAnonymous,
    /// The authorizer of the allowed call fails on a bad token.
    BadTokenFailsThere,
    ExpiredCounts,
    GoodTokenDenied,
    WeakAllowed,
    /// The policy names only the route of the first call.
    CachesOneRoute,
    /// The decision itself is cached, whatever the route.
    CachesTheVerdict,
    PreflightNeedsToken,
    PreflightWithoutHeader,
    NoCorsOn401,
    NoCorsOn403,
    NoWwwAuthenticate,
    RemappedWwwAuthenticate,
    EncodedSlashOpens,
    TrailingSlashOpens,
    FirstTokenCounts,
    LargeHeadersFail,
    LargeHeadersPass,
    NoRequestId,
    AuthorizerFails,
    IsHttpApi,
}

/// A running API; it ends with the test.
pub(crate) struct Api {
    pub(crate) url: String,
    gateway: Arc<Gateway>,
}

#[derive(Debug)]
struct Gateway {
    wrong: Wrong,
    /// Per `Authorization` value the first route, and whether it was allowed.
    cache: Mutex<HashMap<String, (String, bool)>>,
    changes: Mutex<usize>,
}

impl Api {
    pub(crate) fn start(wrong: Wrong) -> Self {
        let gateway = Arc::new(Gateway {
            wrong,
            cache: Mutex::default(),
            changes: Mutex::default(),
        });
        let served = Arc::clone(&gateway);
        let url = LoopbackServer::start(move |request| answer(&served, request)).url("/prod");
        Self { url, gateway }
    }

    /// The number of calls that changed something.
    pub(crate) fn changes(&self) -> usize {
        *self.gateway.changes.lock().unwrap()
    }
}

/// The decision about a call before it reaches the API.
enum Decision {
    Through,
    Unauthorized,
    Denied,
    Failed,
}

fn answer(gateway: &Gateway, request: &ReceivedRequest) -> Reply {
    let (head, _) = request.to_http().into_parts();
    let (method, headers) = (&head.method, &head.headers);
    let Some(path) = head.uri.path().strip_prefix("/prod") else {
        return gateway.error(403, "Missing Authentication Token");
    };
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > 10_240 {
        match gateway.wrong {
            Wrong::LargeHeadersFail => return gateway.error(500, "Internal server error"),
            Wrong::LargeHeadersPass => {}
            _ => return gateway.reply(431, Vec::new(), String::new()),
        }
    }
    if method == Method::OPTIONS {
        return gateway.preflight();
    }
    match gateway.decide(method, path, headers) {
        Decision::Unauthorized => gateway.unauthorized(),
        Decision::Denied => gateway.denied(),
        Decision::Failed => gateway.error(500, "Internal server error"),
        Decision::Through => gateway.serve(method, path, headers),
    }
}

impl Gateway {
    fn decide(&self, method: &Method, path: &str, headers: &HeaderMap) -> Decision {
        let opened = match self.wrong {
            Wrong::EncodedSlashOpens => path.contains("%2F"),
            Wrong::TrailingSlashOpens => path.ends_with('/'),
            _ => self.wrong == Wrong::NoAuthorizer,
        };
        if opened {
            return Decision::Through;
        }
        if self.wrong == Wrong::AuthorizerFails {
            return Decision::Failed;
        }
        let credentials: Vec<&str> = headers
            .get_all("authorization")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        let credential = match *credentials {
            [] if self.wrong == Wrong::AnonymousPolicy => return Decision::Denied,
            [] => return Decision::Unauthorized,
            [one] => one,
            [first, _] if matches!(self.wrong, Wrong::FirstTokenCounts | Wrong::AnyTokenCounts) => {
                first
            }
            _ => return Decision::Unauthorized,
        };
        let token = credential.split_once(' ').map_or("", |(_, token)| token);
        let is_safe = method == Method::GET;
        let may = match token {
            // Denied only on the allowed call, by which the check judges this token.
            GOOD if self.wrong == Wrong::GoodTokenDenied && is_safe => false,
            GOOD => true,
            WEAK => is_safe || self.wrong == Wrong::WeakAllowed,
            EXPIRED if self.wrong == Wrong::ExpiredCounts => true,
            _ if self.wrong == Wrong::AnyTokenCounts && token != EXPIRED => true,
            _ if self.wrong == Wrong::BadTokenIsAnonymous && is_safe => true,
            _ if self.wrong == Wrong::BadTokenFailsThere && is_safe && token != EXPIRED => {
                return Decision::Failed;
            }
            _ if self.wrong == Wrong::IsHttpApi => return Decision::Denied,
            _ => return Decision::Unauthorized,
        };
        if self.cached(credential, &format!("{method} {path}"), may) {
            Decision::Through
        } else {
            Decision::Denied
        }
    }

    /// The decision that the cache returns. Only other spellings of the scheme use the cache, so that only one check sees it.
    fn cached(&self, credential: &str, route: &str, may: bool) -> bool {
        let mut cache = self.cache.lock().unwrap();
        if credential.starts_with("Bearer") {
            return may;
        }
        let first = cache
            .entry(credential.to_owned())
            .or_insert_with(|| (route.to_owned(), may));
        match self.wrong {
            Wrong::CachesOneRoute => first.0 == route && first.1,
            Wrong::CachesTheVerdict => first.1,
            _ => may,
        }
    }

    /// The API behind the gateway.
    fn serve(&self, method: &Method, path: &str, headers: &HeaderMap) -> Reply {
        if method == Method::GET {
            return self.reply(200, self.cors(), json!({"ok": true}).to_string());
        }
        let guarded = path.replace("%2F", "/");
        if !guarded.starts_with("/state/") {
            return self.error(404, "Not Found");
        }
        if headers.contains_key("if-match") {
            return self.reply(412, self.cors(), String::new());
        }
        *self.changes.lock().unwrap() += 1;
        self.reply(200, self.cors(), String::new())
    }

    fn preflight(&self) -> Reply {
        match self.wrong {
            Wrong::PreflightNeedsToken => self.unauthorized(),
            wrong => {
                let names = if wrong == Wrong::PreflightWithoutHeader {
                    "*"
                } else {
                    "Authorization, If-Match"
                };
                let mut headers = self.cors();
                headers.push(("access-control-allow-methods", "GET, PUT".to_owned()));
                headers.push(("access-control-allow-headers", names.to_owned()));
                self.reply(204, headers, String::new())
            }
        }
    }

    fn unauthorized(&self) -> Reply {
        let mut headers = match self.wrong {
            Wrong::NoCorsOn401 => Vec::new(),
            _ => self.cors(),
        };
        match self.wrong {
            Wrong::NoWwwAuthenticate | Wrong::IsHttpApi => {}
            Wrong::RemappedWwwAuthenticate => {
                headers.push(("x-amzn-remapped-www-authenticate", "Bearer".to_owned()));
            }
            _ => headers.push(("www-authenticate", "Bearer".to_owned())),
        }
        self.reply(401, headers, json!({"message": "Unauthorized"}).to_string())
    }

    fn denied(&self) -> Reply {
        let headers = match self.wrong {
            Wrong::NoCorsOn403 => Vec::new(),
            _ => self.cors(),
        };
        let body = if self.wrong == Wrong::IsHttpApi {
            json!({"message": "Forbidden"})
        } else {
            json!({"Message": "User is not authorized to access this resource"})
        };
        self.reply(403, headers, body.to_string())
    }

    fn error(&self, status: u16, message: &str) -> Reply {
        self.reply(status, self.cors(), json!({"message": message}).to_string())
    }

    fn cors(&self) -> Vec<(&'static str, String)> {
        vec![("access-control-allow-origin", ORIGIN.to_owned())]
    }

    fn reply(&self, status: u16, headers: Vec<(&'static str, String)>, body: String) -> Reply {
        let mut response = Response::builder().status(status);
        response = match self.wrong {
            Wrong::NoRequestId => response,
            Wrong::IsHttpApi => response.header("apigw-requestid", "abc="),
            _ => response.header("x-amzn-requestid", "6f1b2f3e-0000-4000-8000-000000000000"),
        };
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(body).unwrap().into()
    }
}
