//! From an event to its answer, whatever happens between.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use http::{HeaderValue, Method, Response, header::X_CONTENT_TYPE_OPTIONS};
use serde_json::Value;

use crate::{
    caller::Caller,
    clock::Clock,
    config::Config,
    cors::Cors,
    event::{Answer, BadEvent, Request},
    log::{Line, Log},
    problem::Problem,
    routes::{self, Context, Route},
    store::Store,
};

/// Every request is answered within this, so that a store that fails is told of while the caller still waits.
const BUDGET: Duration = Duration::from_millis(4500);

/// What is kept of the function's own time limit to write the answer.
const MARGIN: Duration = Duration::from_millis(300);

/// The function.
#[derive(Debug)]
pub struct Handler {
    config: Config,
    store: Store,
    clock: Clock,
    cors: Cors,
    log: Log,
    cold: AtomicBool,
}

impl Handler {
    /// Sets the function up. Nothing is sent yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: Config, clock: Clock, log: Log) -> Result<Self, rustls::Error> {
        let store = Store::new(&config)?;
        let cors = Cors::new(&config.allowed_origins);
        Ok(Self {
            config,
            store,
            clock,
            cors,
            log,
            cold: AtomicBool::new(true),
        })
    }

    /// Answers an event within `remaining`, the time until the function is ended, if that is known.
    ///
    /// # Errors
    /// When the event is not one of API Gateway's proxy events.
    pub async fn answer(
        &self,
        event: Value,
        remaining: Option<Duration>,
    ) -> Result<Answer, BadEvent> {
        let started = Instant::now();
        let request = Request::from_event(event)?;
        let route = if request.is_stray {
            Route::Unknown
        } else {
            Route::of(&request.path)
        };
        let store = self.store.for_request();
        let now = self.clock.now();
        let caller = Caller::from_context(
            request.authorizer.as_ref(),
            self.config.admin_group.as_deref(),
            now,
        );
        let budget = remaining.map_or(BUDGET, |remaining| {
            remaining.saturating_sub(MARGIN).min(BUDGET)
        });

        let mut cause = None;
        let respond = async {
            let routed = async {
                let caller = caller.as_ref().map_err(Clone::clone)?;
                let context = Context {
                    request: &request,
                    caller,
                    store: &store,
                    clock: &self.clock,
                };
                // Boxed, for the SDK's futures nest too deep for the compiler to lay out in one.
                Box::pin(routes::dispatch(&route, &context)).await
            };
            guard(routed, budget).await.unwrap_or_else(|problem| {
                cause = problem.cause().map(str::to_owned);
                problem.into_response(&request.request_id)
            })
        };
        let mut response = self.cors.apply(&request, respond).await;
        response
            .headers_mut()
            .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if request.method == Method::HEAD {
            response.body_mut().clear();
        }

        Line {
            time: now,
            request: &request,
            route: &route,
            status: response.status(),
            principal: caller
                .as_ref()
                .ok()
                .and_then(|caller| Some(caller.signed_in().ok()?.principal.as_str())),
            duration: started.elapsed(),
            store: store.spent(),
            cold_start: self.cold.swap(false, Ordering::Relaxed),
            cause,
        }
        .write(self.config.log_level, self.log);
        Ok(response.into())
    }
}

/// Turns a panic and a lack of time into answers.
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
        let result = guard(async { panic!("at the disco") }, BUDGET).await;
        assert_eq!(
            result.unwrap_err(),
            Problem::Internal("panic: at the disco".to_owned())
        );
    }

    #[tokio::test]
    async fn what_takes_too_long_is_a_503() {
        let result = guard(std::future::pending(), Duration::ZERO).await;
        assert_eq!(result.unwrap_err().status(), 503);
    }
}
