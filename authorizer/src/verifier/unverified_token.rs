//! A token taken apart.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::bearer::BearerToken;
use crate::claims::UnverifiedClaims;
use crate::header::UnverifiedHeader;
use crate::refusal::{Part, Refusal};
use crate::strict_json::{self, JsonFault};

/// The parts of a JWS in compact form (RFC 7515 section 7.1), read but not believed.
pub(super) struct UnverifiedToken<'t> {
    pub(super) header: UnverifiedHeader,
    pub(super) claims: UnverifiedClaims,
    /// The first two parts and the dot between them: what the signature is over.
    pub(super) signing_input: &'t str,
    /// The third part, as it stands.
    pub(super) signature: &'t str,
}

impl<'t> UnverifiedToken<'t> {
    pub(super) fn parse(token: &'t BearerToken) -> Result<Self, Refusal> {
        let token = token.reveal();
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Refusal::NotThreeParts)?;
        let (header, payload) = signing_input
            .split_once('.')
            .ok_or(Refusal::NotThreeParts)?;
        if payload.contains('.') || [header, payload, signature].contains(&"") {
            return Err(Refusal::NotThreeParts);
        }
        let header = object(header, Part::Header)?;
        let header = UnverifiedHeader::parse(&header)?;
        let claims = UnverifiedClaims::new(object(payload, Part::Payload)?);
        decode(signature, Part::Signature)?;
        Ok(Self {
            header,
            claims,
            signing_input,
            signature,
        })
    }
}

fn object(text: &str, part: Part) -> Result<serde_json::Map<String, serde_json::Value>, Refusal> {
    strict_json::parse_object(&decode(text, part)?).map_err(|fault| match fault {
        JsonFault::RepeatedMember { .. } => Refusal::RepeatedMember { part },
        JsonFault::NumberOutOfRange { .. } => Refusal::NumberOutOfRange { part },
        JsonFault::Malformed { .. } | JsonFault::NotAnObject => Refusal::NotJsonObject { part },
    })
}

/// Base64url without padding (RFC 7515 section 2), in the one form there is: bits left over at the end are refused, or
/// one token could be written in several ways.
fn decode(text: &str, part: Part) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Refusal::NotBase64Url { part })
}
