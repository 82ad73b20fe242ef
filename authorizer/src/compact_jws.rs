//! Splits and decodes a JWS in compact form. Tokens and proofs have no other parser.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::refusal::{JwsError, TokenPart};
use crate::strict_json::{self, StrictJsonError};

/// The three parts of a JWS (RFC 7515, section 7.1), not yet decoded.
#[derive(Clone, Copy)]
pub(crate) struct CompactJws<'t> {
    header: &'t str,
    payload: &'t str,
    /// The signing input: the first two parts and the dot between them.
    pub(crate) signing_input: &'t str,
    /// The third part, still in base64url.
    pub(crate) signature: &'t str,
}

impl<'t> CompactJws<'t> {
    pub(crate) fn split(text: &'t str) -> Result<Self, JwsError> {
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::NotThreeParts)?;
        let (header, payload) = signing_input
            .split_once('.')
            .ok_or(JwsError::NotThreeParts)?;
        if payload.contains('.') || [header, payload, signature].contains(&"") {
            return Err(JwsError::NotThreeParts);
        }
        Ok(Self {
            header,
            payload,
            signing_input,
            signature,
        })
    }

    pub(crate) fn header(&self) -> Result<Map<String, Value>, JwsError> {
        object(self.header, TokenPart::Header)
    }

    pub(crate) fn payload(&self) -> Result<Map<String, Value>, JwsError> {
        object(self.payload, TokenPart::Payload)
    }

    pub(crate) fn check_signature_form(&self) -> Result<(), JwsError> {
        decode(self.signature, TokenPart::Signature).map(drop)
    }
}

fn object(text: &str, part: TokenPart) -> Result<Map<String, Value>, JwsError> {
    strict_json::parse_object(&decode(text, part)?).map_err(|fault| match fault {
        StrictJsonError::RepeatedMember { .. } => JwsError::RepeatedMember { part },
        StrictJsonError::NumberOutOfRange { .. } => JwsError::NumberOutOfRange { part },
        StrictJsonError::Malformed { .. } | StrictJsonError::NotAnObject => {
            JwsError::NotJsonObject { part }
        }
    })
}

/// Decodes base64url without padding (RFC 7515, section 2). Non-zero trailing bits are refused, because with them one
/// token would have several spellings.
fn decode(text: &str, part: TokenPart) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| JwsError::NotBase64Url { part })
}
