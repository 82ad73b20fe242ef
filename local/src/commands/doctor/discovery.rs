//! The issuer's metadata, as the authorizer reads it.

use std::sync::{Mutex, PoisonError};

use authorizer::issuer::http_client::{
    Document, IssuerRequest, Sending, Transport, TransportError,
};
use authorizer::issuer::metadata::{IssuerMetadata, MetadataError};
use http::StatusCode;
use http::header::{AGE, CACHE_CONTROL};
use serde_json::{Map, Value};

use super::messages::Message;
use super::metadata::MetadataDocument;
use super::{Fact, Skip};
use crate::commands::no_answer;
use crate::commands::probe::{MAX_WAIT, NoAnswer, Probe, ProbeAnswer};
use crate::commands::report::{Check, CheckOutcome};

const METADATA: Check = Check::new(
    "metadata",
    "a JSON document at .well-known/openid-configuration or .well-known/oauth-authorization-server",
    "OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3",
);

const METADATA_ISSUER: Check = Check::new(
    "metadata_issuer",
    "the issuer, byte for byte",
    "RFC 8414, section 3.3",
);

/// The issuer's answers to the authorizer's requests for metadata, and the authorizer's result.
#[derive(Debug)]
pub(super) struct Discovery {
    outcome: Result<IssuerMetadata, MetadataError>,
    exchanges: Vec<Exchange>,
    document: Option<Map<String, Value>>,
}

#[derive(Debug)]
struct Exchange {
    url: String,
    answer: Result<ProbeAnswer, NoAnswer>,
}

impl Discovery {
    pub(super) async fn fetch(issuer: &str, probe: &Probe) -> Self {
        let recorder = Recorder {
            probe,
            exchanges: Mutex::default(),
        };
        let outcome = IssuerMetadata::fetch(issuer, &recorder, MAX_WAIT).await;
        let mut exchanges = recorder
            .exchanges
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut document = exchanges.last().and_then(Exchange::document);
        // The OAuth document may have members that the OpenID document lacks.
        if let (Ok(_), [first], Some(document)) = (&outcome, &*exchanges, &mut document)
            && let Ok(url) = IssuerMetadata::oauth_url(issuer)
            && first.url != url.as_str()
        {
            let second = Exchange {
                url: url.as_str().to_owned(),
                answer: probe.get(url.as_str()).await,
            };
            let more = second.document().unwrap_or_default();
            if more.get("issuer").and_then(Value::as_str) == Some(issuer) {
                for (name, value) in more {
                    document.entry(name).or_insert(value);
                }
                exchanges.push(second);
            }
        }
        Self {
            outcome,
            exchanges,
            document,
        }
    }

    /// The document, once it is known to be this issuer's.
    pub(super) fn own(&self) -> Fact<MetadataDocument<'_>> {
        match (&self.outcome, &self.document) {
            (Ok(as_read), Some(document)) => Ok(MetadataDocument::new(document, as_read)),
            (Err(MetadataError::OtherIssuer), _) => Err(Skip::After("metadata_issuer")),
            (Ok(_) | Err(_), _) => Err(Skip::After("metadata")),
        }
    }

    /// Whether this is an Okta org server: its endpoints are under `/oauth2/v1`, without an id.
    pub(super) fn is_okta_org_server(&self, issuer: &str) -> bool {
        let endpoint = self
            .document
            .as_ref()
            .and_then(|document| document.get("authorization_endpoint"));
        endpoint.and_then(Value::as_str) == Some(&format!("{issuer}/oauth2/v1/authorize"))
    }

    /// The last answer, with any status.
    pub(super) fn last_answer(&self) -> Option<&ProbeAnswer> {
        let answers = self.exchanges.iter().rev();
        answers
            .filter_map(|exchange| exchange.answer.as_ref().ok())
            .next()
    }
}

impl Exchange {
    fn document(&self) -> Option<Map<String, Value>> {
        let answer = self.answer.as_ref().ok()?;
        serde_json::from_slice(&answer.body)
            .ok()
            .filter(|_| answer.status == StatusCode::OK)
    }
}

pub(super) fn metadata(discovery: Fact<&Discovery>) -> CheckOutcome {
    let discovery = match discovery {
        Ok(discovery) => discovery,
        Err(skip) => return METADATA.skip(skip),
    };
    let urls: Vec<&str> = discovery
        .exchanges
        .iter()
        .filter(|exchange| exchange.document().is_some())
        .map(|exchange| &*exchange.url)
        .collect();
    match discovery.outcome {
        // The next check reports metadata of another issuer.
        Ok(_) | Err(MetadataError::OtherIssuer) => METADATA.pass(urls.join(", ")),
        Err(error) => {
            let Some(exchange) = discovery.exchanges.last() else {
                return METADATA.fail(error.to_string(), "correct the issuer's URL");
            };
            let (found, advice) = exchange.fault(&error);
            METADATA.fail(format!("{}: {found}", exchange.url), advice)
        }
    }
}

impl Exchange {
    /// The fault of an unusable document, with advice.
    fn fault(&self, error: &MetadataError) -> (String, String) {
        let answer = match &self.answer {
            Ok(answer) => answer,
            Err(failure) => return no_answer::explain(failure),
        };
        if answer.status != StatusCode::OK {
            return status(answer);
        }
        if answer.is_html() {
            return (
                "a web page, not JSON".to_owned(),
                "copy the issuer URI from Security > API > Authorization Servers; a proxy that asks for a sign-in \
                 also answers with a page"
                    .to_owned(),
            );
        }
        (
            error.to_string(),
            "open the address in a browser: the issuer's URL is not that of an authorization server"
                .to_owned(),
        )
    }
}

/// An answer that is not 200.
fn status(answer: &ProbeAnswer) -> (String, String) {
    let message = Message::of_answer(answer);
    let found = match &message {
        Some(message) => format!("status {}: {message}", answer.status.as_u16()),
        None => format!("status {}", answer.status.as_u16()),
    };
    let advice = match message.as_ref().and_then(Message::meaning) {
        Some(meaning) => meaning.advice().to_owned(),
        None if answer.status.is_redirection() => {
            let location = answer.header(&http::header::LOCATION).unwrap_or_default();
            format!("use the issuer that it redirects to, if that is yours: {location}")
        }
        None if answer.status.is_server_error() => {
            "try again later; for Okta see https://status.okta.com".to_owned()
        }
        None if answer.status == StatusCode::TOO_MANY_REQUESTS => {
            "wait a minute: the issuer limits requests".to_owned()
        }
        None => "check the domain and the authorization server's id: copy the issuer URI from Security > API > \
                 Authorization Servers"
            .to_owned(),
    };
    (found, advice)
}

pub(super) fn metadata_issuer(issuer: &str, discovery: Fact<&Discovery>) -> CheckOutcome {
    let check = METADATA_ISSUER.expecting(format!("`issuer` is `{issuer}`, byte for byte"));
    let discovery = match discovery {
        Ok(discovery) => discovery,
        Err(skip) => return check.skip(skip),
    };
    match discovery.outcome {
        Ok(_) => check.pass(issuer),
        Err(MetadataError::OtherIssuer) => {
            let document = discovery.document.as_ref();
            let named = document.and_then(|document| document.get("issuer"));
            let named = named.and_then(Value::as_str).unwrap_or_default();
            check.fail(format!("`{named}`"), difference(issuer, named))
        }
        Err(_) => check.skip(Skip::After("metadata")),
    }
}

fn difference(issuer: &str, named: &str) -> String {
    let bare = |text: &str| text.trim_end_matches('/').to_ascii_lowercase();
    let host = |text: &str| text.split('/').nth(2).map(str::to_owned);
    let why = if issuer.trim_end_matches('/') == named.trim_end_matches('/') {
        "only the slash at the end differs"
    } else if bare(issuer) == bare(named) {
        "only upper and lower case differ"
    } else if host(issuer) != host(named) {
        "the host differs, as with a custom domain: tokens have the domain of `issuer`"
    } else {
        "the path differs: the document is another authorization server's"
    };
    format!("use {named} as the issuer, if that is your authorization server; {why}")
}

/// Sends the authorizer's requests and keeps the answers.
#[derive(Debug)]
struct Recorder<'p> {
    probe: &'p Probe,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Transport for Recorder<'_> {
    fn send<'a>(&'a self, request: IssuerRequest<'a>) -> Sending<'a> {
        Box::pin(async move {
            let url = request.endpoint.as_str().to_owned();
            let answer = self.probe.get(&url).await;
            let document = as_document(&answer);
            let exchange = Exchange { url, answer };
            let mut exchanges = self
                .exchanges
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            exchanges.push(exchange);
            document
        })
    }
}

/// An answer in the authorizer's form.
pub(super) fn as_document(
    answer: &Result<ProbeAnswer, NoAnswer>,
) -> Result<Document, TransportError> {
    let answer = answer.as_ref().map_err(|failure| failure.error)?;
    if answer.status != StatusCode::OK {
        return Err(TransportError::Status(answer.status.as_u16()));
    }
    Ok(Document {
        body: answer.body.clone(),
        cache_control: answer.header(&CACHE_CONTROL),
        age: answer.header(&AGE).and_then(|age| age.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn how_two_issuers_differ() {
        const ISSUER: &str = "https://a.okta.com/oauth2/default";
        for (named, expected) in [
            ("https://a.okta.com/oauth2/default/", "slash"),
            ("https://A.okta.com/oauth2/default", "case"),
            ("https://login.example.com/oauth2/default", "custom domain"),
            ("https://a.okta.com", "path"),
        ] {
            let found = difference(ISSUER, named);
            assert!(found.contains(expected) && found.contains(named), "{found}");
        }
    }
}
