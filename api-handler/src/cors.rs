//! Cross-origin requests (the Fetch standard, 3.2): exact origins, no credentials.

use std::{convert::Infallible, future::Future, time::Duration};

use http::{
    HeaderName, HeaderValue, Method, Response,
    header::{
        AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, RETRY_AFTER,
        VARY,
    },
};
use lambda_runtime::tower::{Layer as _, Service as _, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::event::Request;

/// How long a browser may remember a preflight. Chromium remembers at most two hours.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Gives answers their CORS headers.
#[derive(Debug, Clone)]
pub struct Cors(Option<CorsLayer>);

impl Cors {
    /// For these origins alone. Without any there are no CORS headers, and a preflight is a method that no path has.
    #[must_use]
    pub fn new(origins: &[HeaderValue]) -> Self {
        let layer = CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins.iter().cloned()))
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH])
            .expose_headers([ETAG, LINK, LOCATION, RETRY_AFTER])
            .max_age(MAX_AGE)
            .vary([] as [HeaderName; 0]);
        Self((!origins.is_empty()).then_some(layer))
    }

    /// Answers a preflight, and gives any other answer its headers.
    pub async fn apply(
        &self,
        request: &Request,
        respond: impl Future<Output = Response<String>>,
    ) -> Response<String> {
        let Some(layer) = &self.0 else {
            return respond.await;
        };
        let mut respond = Some(respond);
        let mut service = layer.layer(service_fn(|_: http::Request<()>| {
            let respond = respond.take();
            async move {
                let response = match respond {
                    Some(respond) => respond.await,
                    None => Response::default(),
                };
                Ok::<_, Infallible>(response)
            }
        }));
        let mut head = http::Request::new(());
        *head.method_mut() = request.method.clone();
        *head.headers_mut() = request.headers.clone();
        let Ok(mut response) = service.call(head).await;
        response
            .headers_mut()
            .insert(VARY, HeaderValue::from_static("Origin"));
        response
    }
}
