//! Cross-origin requests (the Fetch standard, 3.2): exact origins, no credentials.

use std::{convert::Infallible, future::Future, time::Duration};

use http::{
    HeaderName, HeaderValue, Method, Response,
    header::{
        AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, ORIGIN,
        RETRY_AFTER, VARY,
    },
};
use lambda_runtime::tower::{Layer as _, Service as _, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::event::Request;

/// How long a browser may remember a preflight. Chromium remembers at most two hours.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Gives answers their CORS headers.
#[derive(Debug, Clone)]
pub(crate) struct Cors {
    origins: Vec<HeaderValue>,
    layer: CorsLayer,
}

impl Cors {
    /// For these origins alone.
    pub(crate) fn new(origins: &[HeaderValue]) -> Self {
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
        Self {
            origins: origins.to_vec(),
            layer,
        }
    }

    /// Answers a preflight of an origin that is allowed, and gives any other answer to one its headers. To all others
    /// the answer is what it is without CORS: the layer alone would tell them which headers and methods there are.
    pub(crate) async fn apply(
        &self,
        request: &Request,
        respond: impl Future<Output = Response<String>>,
    ) -> Response<String> {
        let origin = request.headers.get(ORIGIN);
        let mut response = if origin.is_some_and(|origin| self.origins.contains(origin)) {
            self.through_layer(request, respond).await
        } else {
            respond.await
        };
        if !self.origins.is_empty() {
            response
                .headers_mut()
                .insert(VARY, HeaderValue::from_static("Origin"));
        }
        response
    }

    async fn through_layer(
        &self,
        request: &Request,
        respond: impl Future<Output = Response<String>>,
    ) -> Response<String> {
        let mut respond = Some(respond);
        let mut service = self.layer.layer(service_fn(|_: http::Request<()>| {
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
        let Ok(response) = service.call(head).await;
        response
    }
}
