//! Answers events.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use http::{HeaderValue, Method, Response, header::X_CONTENT_TYPE_OPTIONS};
use lambda_support::{
    clock::Clock, context::AuthorizerContext, deadline::Deadline, invocation::Invocation, log::Log,
};
use serde_json::value::RawValue;

use crate::{
    caller::Caller,
    config::Settings,
    cors::Cors,
    cursor::Cursors,
    event::{Answer, EventError, Request},
    log::Invoked,
    problem::Problem,
    routes::{self, Context, PROTECTED_RESOURCE, Route},
    state::RandomError,
    store::{self, Connector, Store},
};

/// Every request is answered within this time, so that a failure of the store is reported while the caller still waits.
const MAX_ANSWER_TIME: Duration = Duration::from_millis(4500);

#[derive(Debug)]
pub struct Handler {
    settings: Settings,
    store: Store,
    connector: Connector,
    cursors: Cursors,
    clock: Arc<dyn Clock>,
    cors: Cors,
    log: Log,
    function: String,
    cold: AtomicBool,
}

/// Why the function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl Handler {
    /// Sets up the function without sending a request. `function` is its name in metrics. Fails if TLS or a random key
    /// cannot be set up.
    pub fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        log: Log,
        function: String,
    ) -> Result<Self, StartError> {
        let (store, connector) = Store::new(&settings)?;
        let cursors = Cursors::new()?;
        let cors = Cors::new(&settings.allowed_origins);
        Ok(Self {
            settings,
            store,
            connector,
            cursors,
            clock,
            cors,
            log,
            function,
            cold: AtomicBool::new(true),
        })
    }

    /// Starts to connect to DynamoDB in the background, so that the first request waits less.
    pub async fn open_connection(&self) {
        let clock = Arc::clone(&self.clock);
        store::open_connection(&self.connector, &self.settings.aws, clock).await;
    }

    /// Answers an event before the deadline of its invocation, and logs it. Fails if the event is not one of API
    /// Gateway's proxy events.
    pub async fn answer(
        &self,
        event: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<Answer, EventError> {
        let started = Instant::now();
        let now = self.clock.now();
        let mut invoked = Invoked {
            time: now,
            request_id: invocation.request_id,
            function: &self.function,
            request: None,
            status: None,
            principal: None,
            duration: Duration::ZERO,
            store: Duration::ZERO,
            cold_start: self.cold.swap(false, Ordering::Relaxed),
            cause: None,
        };
        let mut request = match Request::from_event(event.get()) {
            Ok(request) => request,
            Err(error) => {
                invoked.duration = started.elapsed();
                invoked.cause = Some(error.to_string());
                invoked.write(&self.log);
                return Err(error);
            }
        };
        // Emulators leave out API Gateway's id.
        let id_in_answer = if request.request_id.is_empty() {
            invocation.request_id
        } else {
            &request.request_id
        };
        let route = if request.is_stray {
            Route::Unknown
        } else {
            Route::of(&request.path)
        };
        let store = self.store.for_request();
        let caller = Caller::from_context(
            std::mem::replace(&mut request.authorizer, AuthorizerContext::Anonymous),
            self.settings.admin_group.as_deref(),
            now,
        );
        let base_url = self
            .settings
            .public_url
            .as_deref()
            .unwrap_or(&request.base_url);
        let budget =
            Deadline::of_invocation(invocation.deadline, now).patience(now, MAX_ANSWER_TIME);

        let sign_in = self.settings.sign_in.as_ref();
        let mut cause = None;
        let routed = async {
            if let Some(preflight) = self.cors.preflight(&request) {
                return Ok(preflight);
            }
            let caller = caller.as_ref().map_err(Clone::clone)?;
            let context = Context {
                request: &request,
                base_url,
                sign_in,
                caller,
                store: &store,
                cursors: &self.cursors,
                clock: &*self.clock,
            };
            routes::dispatch(&route, &context).await
        };
        let mut response = guard(routed, budget).await.unwrap_or_else(|problem| {
            cause = problem.cause().map(str::to_owned);
            let metadata = sign_in.map(|_| format!("{base_url}{PROTECTED_RESOURCE}"));
            problem.into_response(id_in_answer, metadata.as_deref())
        });
        self.cors.apply(&request, &mut response);
        response
            .headers_mut()
            .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if request.method == Method::HEAD {
            response.body_mut().clear();
        }

        invoked.request = Some((&request, &route));
        invoked.status = Some(response.status());
        invoked.principal = caller
            .as_ref()
            .ok()
            .and_then(|caller| Some(caller.signed_in().ok()?.principal.as_str()));
        invoked.duration = started.elapsed();
        invoked.store = store.spent();
        invoked.cause = cause;
        invoked.write(&self.log);
        Ok(response.into())
    }
}

/// Turns panics and timeouts into answers.
async fn guard(
    routed: impl Future<Output = Result<Response<String>, Problem>>,
    budget: Duration,
) -> Result<Response<String>, Problem> {
    match tokio::time::timeout(budget, AssertUnwindSafe(routed).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => {
            let text = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            Err(Problem::Internal(format!(
                "panic: {}",
                text.unwrap_or("no message")
            )))
        }
        Err(_) => Err(Problem::Unavailable(format!(
            "no answer within {} ms",
            budget.as_millis()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500() {
        let result = guard(async { panic!("at the disco") }, MAX_ANSWER_TIME).await;
        assert_eq!(
            result.unwrap_err(),
            Problem::Internal("panic: at the disco".to_owned())
        );
    }

    #[tokio::test]
    async fn a_timeout_is_a_503() {
        let result = guard(std::future::pending(), Duration::ZERO).await;
        assert_eq!(result.unwrap_err().status(), 503);
    }
}
