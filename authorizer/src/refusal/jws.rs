//! Why a string is not a JWS with JSON objects as header and payload.

use thiserror::Error;

/// A part of a token in compact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPart {
    Header,
    Payload,
    Signature,
}

impl std::fmt::Display for TokenPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// Why a token or a proof cannot be parsed. The fault contains no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JwsError {
    /// The string is not a JWS in compact form (RFC 7515, section 7.1): it does not have exactly three parts, or a part
    /// is empty. Five parts are an encrypted token.
    #[error("not three parts joined by dots")]
    NotThreeParts,
    /// A part has padding, line breaks, other characters, or non-zero bits at its end (RFC 7515, section 2).
    #[error("the {part} is not base64url without padding")]
    NotBase64Url { part: TokenPart },
    #[error("the {part} is not a JSON object")]
    NotJsonObject { part: TokenPart },
    /// An object at any depth has two members with the same name (RFC 7515, section 4; RFC 7519, section 4).
    #[error("the {part} has an object with a repeated member")]
    RepeatedMember { part: TokenPart },
    /// A number at any depth is too large for a double (RFC 8259, section 6 allows such a limit).
    #[error("the {part} has a number that is out of range")]
    NumberOutOfRange { part: TokenPart },
}

impl JwsError {
    /// The stable reason codes: for a token, and for a proof.
    pub(super) const fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::NotThreeParts => ("not_three_parts", "dpop_not_three_parts"),
            Self::NotBase64Url { .. } => ("not_base64url", "dpop_not_base64url"),
            Self::NotJsonObject {
                part: TokenPart::Header,
            } => ("header_not_json_object", "dpop_header_not_json_object"),
            Self::NotJsonObject { .. } => {
                ("payload_not_json_object", "dpop_payload_not_json_object")
            }
            Self::RepeatedMember { .. } => ("repeated_member", "dpop_repeated_member"),
            Self::NumberOutOfRange { .. } => ("number_out_of_range", "dpop_number_out_of_range"),
        }
    }
}
