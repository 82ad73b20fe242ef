//! The metadata of the issuer under test, after the check that it is this issuer's.

use authorizer::issuer::http_client::Endpoint;
use authorizer::issuer::metadata::IssuerMetadata;
use serde_json::{Map, Value};

/// The document, and the form that the authorizer parses.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetadataDocument<'d> {
    document: &'d Map<String, Value>,
    as_read: &'d IssuerMetadata,
}

impl<'d> MetadataDocument<'d> {
    pub(super) const fn new(document: &'d Map<String, Value>, as_read: &'d IssuerMetadata) -> Self {
        Self { document, as_read }
    }

    /// The form that the authorizer parses.
    pub(super) const fn as_read(self) -> &'d IssuerMetadata {
        self.as_read
    }

    /// A member that is an array of strings.
    pub(super) fn list(self, name: &str) -> Option<Vec<&'d str>> {
        let values = self.document.get(name)?.as_array()?;
        values.iter().map(Value::as_str).collect()
    }

    /// A URL to which a request may be sent, or else the finding and advice.
    pub(super) fn endpoint(self, name: &'static str) -> Result<String, (String, String)> {
        let address = self.as_read.address(name, self.document.get(name));
        match address.as_ref().map(Endpoint::as_str) {
            Ok(address) => Ok(address.to_owned()),
            Err(error) => Err((
                error.to_string(),
                format!("let the metadata name an https URL of the issuer as `{name}`"),
            )),
        }
    }
}
