//! The request for tokens, and JSON responses.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use lambda_support::clock::{Clock as _, SystemClock};
use reqwest::Url;

use super::error::TokenError;
use super::hop::{Hop, Hops};
use super::{DPOP, DPOP_NONCE, EXCHANGE, FORM, flow};
use crate::binding_key::{BindingKey, ProofOf};

pub(super) struct TokenRequest<'c> {
    pub(super) client: &'c reqwest::Client,
    pub(super) endpoint: Url,
    pub(super) form: String,
}

impl TokenRequest<'_> {
    /// Sends the request. With a key it is sent once more if the issuer asks for a nonce (RFC 9449, section 8).
    pub(super) async fn send(
        &self,
        bind_to: Option<&BindingKey>,
        hops: &mut Hops,
    ) -> Result<Body, TokenError> {
        let Some(key) = bind_to else {
            return self.send_once(None, hops).await;
        };
        let answer = self.send_once(Some(&self.proof(key, None)?), hops).await?;
        match (answer.status, &answer.nonce) {
            (StatusCode::BAD_REQUEST, Some(nonce)) => {
                let proof = self.proof(key, Some(nonce))?;
                self.send_once(Some(&proof), hops).await
            }
            _ => Ok(answer),
        }
    }

    async fn send_once(&self, proof: Option<&str>, hops: &mut Hops) -> Result<Body, TokenError> {
        let mut hop = Hop::request(EXCHANGE, "POST", &self.endpoint, "");
        let request = self.client.post(self.endpoint.clone());
        let mut request = request.header(CONTENT_TYPE, FORM).body(self.form.clone());
        if let Some(proof) = proof {
            hop.proof(proof);
            request = request.header(DPOP, proof);
        }
        hop.form(&self.form);
        let answer = request.send().await.map_err(flow)?;
        Body::read(answer, &self.endpoint, &mut hop, hops).await
    }

    fn proof(&self, key: &BindingKey, nonce: Option<&str>) -> Result<String, TokenError> {
        let of = ProofOf {
            method: "POST",
            url: self.endpoint.as_str(),
            issued_at: SystemClock.now().as_secs(),
            nonce,
            token: None,
        };
        Ok(key.proof(&of)?)
    }
}

/// A whole response that should be JSON.
pub(super) struct Body {
    status: StatusCode,
    url: Url,
    nonce: Option<String>,
    text: String,
}

impl Body {
    /// Reads a response, and prints it as the end of its hop.
    pub(super) async fn read(
        answer: reqwest::Response,
        url: &Url,
        hop: &mut Hop,
        hops: &mut Hops,
    ) -> Result<Self, TokenError> {
        let nonce = answer.headers().get(DPOP_NONCE);
        let nonce = nonce.and_then(|nonce| nonce.to_str().ok());
        let (status, nonce) = (answer.status(), nonce.map(str::to_owned));
        hop.answered(status, answer.headers(), url);
        let mut text = answer.text().await.map_err(flow)?;
        hop.members(&text);
        hops.print(hop);
        if !status.is_success() {
            text = hops.redacted(&text);
        }
        Ok(Self {
            status,
            url: url.clone(),
            nonce,
            text,
        })
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, TokenError> {
        let (status, url, text) = (self.status, &self.url, &self.text);
        if !status.is_success() {
            return Err(TokenError::Refused(format!("{status} at {url}: {text}")));
        }
        serde_json::from_str(text).map_err(|error| TokenError::Flow(format!("{url}: {error}")))
    }
}
