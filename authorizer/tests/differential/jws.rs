//! A draft of a JWS. Every stage of it can be changed.

use serde_json::{Map, Value};
use testkit::signer::base64url;

use super::super::support::Signer;

/// A change to a finished stage.
pub(crate) type Edit<T> = Box<dyn FnOnce(T) -> T>;

/// Signs the signing input.
type Sign = dyn FnOnce(&[u8]) -> Vec<u8>;

pub(crate) struct Jws {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) signer: &'static Signer,
    /// The algorithm of the key. The header has the same one unless it is changed.
    pub(crate) algorithm: &'static str,
    /// The algorithm of the signature.
    pub(crate) signed_with: &'static str,
    pub(crate) header_text: Vec<Edit<Vec<u8>>>,
    pub(crate) claims_text: Vec<Edit<Vec<u8>>>,
    /// Encoded parts before they are signed.
    pub(crate) header_part: Vec<Edit<String>>,
    pub(crate) claims_part: Vec<Edit<String>>,
    /// Replaces the signature by one computed from the signing input.
    pub(crate) sign: Option<Box<Sign>>,
    pub(crate) signature: Vec<Edit<Vec<u8>>>,
    pub(crate) signature_part: Vec<Edit<String>>,
    /// The finished token.
    pub(crate) whole: Vec<Edit<String>>,
}

impl Jws {
    pub(crate) fn new(
        signer: &'static Signer,
        algorithm: &'static str,
        header: Value,
        claims: Value,
    ) -> Self {
        Self {
            header: members(header),
            claims: members(claims),
            signer,
            algorithm,
            signed_with: algorithm,
            header_text: Vec::new(),
            claims_text: Vec::new(),
            header_part: Vec::new(),
            claims_part: Vec::new(),
            sign: None,
            signature: Vec::new(),
            signature_part: Vec::new(),
            whole: Vec::new(),
        }
    }

    /// The compact form.
    pub(crate) fn finish(self) -> String {
        let part =
            |members: Map<String, Value>, text: Vec<Edit<Vec<u8>>>, part: Vec<Edit<String>>| {
                let text = edited(Value::Object(members).to_string().into_bytes(), text);
                edited(base64url(text), part)
            };
        let header = part(self.header, self.header_text, self.header_part);
        let claims = part(self.claims, self.claims_text, self.claims_part);
        let input = format!("{header}.{claims}");
        let signature = match self.sign {
            Some(sign) => sign(input.as_bytes()),
            None => self.signer.sign(self.signed_with, input.as_bytes()),
        };
        let signature = base64url(edited(signature, self.signature));
        let signature = edited(signature, self.signature_part);
        edited(format!("{input}.{signature}"), self.whole)
    }
}

pub(crate) fn edited<T>(value: T, edits: Vec<Edit<T>>) -> T {
    edits.into_iter().fold(value, |value, edit| edit(value))
}

pub(crate) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}
