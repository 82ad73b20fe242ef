//! Checks whether the web pages may read the issuer's answers.

use http::Method;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, ORIGIN};
use reqwest::RequestBuilder;

use super::keys::Keys;
use super::metadata::MetadataDocument;
use super::{Doctor, Fact, Skip, client};
use crate::commands::no_answer;
use crate::commands::probe::Probe;
use crate::commands::report::{Check, CheckOutcome};
use crate::token;

const CORS: Check = Check::new(
    "cors",
    "`Access-Control-Allow-Origin` with the pages' origin, or `*`, from the key set and the token endpoint",
    "https://fetch.spec.whatwg.org/#http-cors-protocol; https://developer.okta.com/docs/guides/enable-cors/",
);

const TRUSTED_ORIGIN: &str = "add the origin in Security > API > Trusted Origins, with CORS ticked: scheme, host \
                              (localhost is not 127.0.0.1) and port count, and there is no slash at the end";

/// Runs the check `cors`.
pub(super) async fn check(
    doctor: &Doctor,
    metadata: Fact<MetadataDocument<'_>>,
    keys: Option<&Keys>,
    probe: &Probe,
) -> CheckOutcome {
    let needs = metadata.and_then(|metadata| {
        let origin = doctor.web_origin.as_deref();
        Ok((metadata, origin.ok_or(Skip::Option("--web-origin"))?))
    });
    let (metadata, origin) = match needs {
        Ok(needs) => needs,
        Err(skip) => return CORS.skip(skip),
    };
    let check = CORS.expecting(format!(
        "`Access-Control-Allow-Origin` with `{origin}` or `*` from the key set and the token endpoint"
    ));
    let mut found = Vec::new();
    let mut not_asked = None;
    match keys.and_then(Keys::answering_url) {
        Some(url) => {
            let request = probe.request(Method::GET, url);
            found.push(("key set", allowed(request, origin, probe).await));
        }
        None => not_asked = Some(Skip::After("keys")),
    }
    match (metadata.endpoint("token_endpoint"), &doctor.client_id) {
        (Ok(url), Some(client_id)) => {
            let request = probe
                .request(Method::POST, &url)
                .header(CONTENT_TYPE, token::FORM)
                .body(client::made_up_code(doctor, client_id));
            found.push(("token endpoint", allowed(request, origin, probe).await));
        }
        (Err(_), Some(_)) => not_asked = Some(Skip::After("client_type")),
        (_, None) => {}
    }
    let shown: Vec<String> = found
        .iter()
        .map(|(place, (_, found))| format!("{place}: {found}"))
        .collect();
    let shown = shown.join("; ");
    if found.iter().any(|(_, (allowed, _))| !allowed) {
        check.fail(shown, TRUSTED_ORIGIN)
    } else if let Some(skip) = not_asked {
        check.skip(skip)
    } else if doctor.client_id.is_none() {
        check.warn(
            shown,
            "give --client-id, so that the token endpoint is asked too",
        )
    } else {
        check.pass(shown)
    }
}

/// Whether a page of this origin may read the answer, and the value of the header that decides it.
async fn allowed(request: RequestBuilder, origin: &str, probe: &Probe) -> (bool, String) {
    match probe.send(request.header(ORIGIN, origin)).await {
        Ok(answer) => match answer.header(&ACCESS_CONTROL_ALLOW_ORIGIN) {
            Some(value) => (value == "*" || value == origin, format!("`{value}`")),
            None => (false, "no such header".to_owned()),
        },
        Err(failure) => (false, no_answer::explain(&failure).0),
    }
}
