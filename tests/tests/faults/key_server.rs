//! An issuer with answers that a test chooses, and its tokens.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};
use testkit::http::{LoopbackServer, Reply};
use testkit::signer::{Signer, mint};
use tests::RunningStack;

/// An answer that replaces the key set or the metadata.
#[derive(Clone)]
pub(crate) enum Fault {
    None,
    Keys(Reply),
    SlowKeys(std::time::Duration),
    Metadata(Reply),
}

/// Serves metadata and keys, with the fault that is set.
pub(crate) struct KeyServer {
    server: LoopbackServer,
    state: Arc<Mutex<State>>,
    minted: AtomicU64,
}

struct State {
    fault: Fault,
    keys: Value,
}

impl KeyServer {
    pub(crate) fn start() -> Self {
        let keys = json!({"keys": [Signer::rsa().jwk("first")]});
        let state = Arc::new(Mutex::new(State {
            fault: Fault::None,
            keys,
        }));
        let served = Arc::clone(&state);
        let server = LoopbackServer::start(move |request| {
            let (fault, keys) = {
                let state = served.lock().unwrap_or_else(PoisonError::into_inner);
                (state.fault.clone(), state.keys.to_string())
            };
            let is_keys = request.path().ends_with("/keys");
            match fault {
                Fault::Keys(reply) if is_keys => return reply,
                Fault::Metadata(reply) if !is_keys => return reply,
                Fault::SlowKeys(time) if is_keys => std::thread::sleep(time),
                _ => {}
            }
            if is_keys {
                return Reply::with(200, "Cache-Control: max-age=3600\r\n", &keys);
            }
            let host = request.header("host").unwrap_or_default();
            let issuer = format!("http://{host}");
            Reply::json(&metadata(&issuer).to_string())
        });
        Self {
            server,
            state,
            minted: AtomicU64::new(0),
        }
    }

    pub(crate) fn issuer(&self) -> String {
        self.server.url("")
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    pub(crate) fn publish(&self, keys: Value) {
        self.lock().keys = keys;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new token, so that no cache has an answer for it.
    pub(crate) fn token(&self, kid: &str, signer: &Signer) -> String {
        let now = UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        let number = self.minted.fetch_add(1, Ordering::Relaxed);
        let claims = json!({
            "iss": self.issuer(), "aud": "api://default", "sub": "alice@example.com", "uid": "00ualice000000000000",
            "cid": "web", "scp": ["state:write"], "jti": format!("AT.{number}"), "iat": now, "exp": now + 3600,
        });
        mint(&json!({"alg": "RS256", "kid": kid}), &claims, signer)
    }

    /// A stack that trusts this issuer.
    pub(crate) fn stack(&self, name: &str, flags: &[&str]) -> RunningStack {
        RunningStack::start_with(name, |command| {
            command.args(["--issuer", &self.issuer(), "--client-id", "web"]);
            command.args(["--audience", "api://default"]).args(flags);
        })
    }
}

pub(crate) fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/keys"),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
    })
}
