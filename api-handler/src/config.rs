//! The settings, read once from the environment.

use http::HeaderValue;
use lambda_support::log::Level;
use lambda_support::settings::{Faults, Reader, Source};

/// What the function is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Name of the DynamoDB table.
    pub table: String,
    /// Origins that get CORS headers.
    pub allowed_origins: Vec<HeaderValue>,
    /// Members of this group may read and write every resource.
    pub admin_group: Option<String>,
    /// What is logged.
    pub log_level: Level,
    /// How to reach DynamoDB.
    pub aws: Aws,
}

/// The AWS SDK's own variables, as far as they bear on DynamoDB within Lambda: no files, no instance metadata.
#[derive(Clone, PartialEq, Eq)]
pub struct Aws {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`, else the region's own.
    pub endpoint: Option<String>,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads all settings.
    ///
    /// # Errors
    ///
    /// All variables that are wrong, what each holds, and what was expected.
    pub fn from_source(source: &dyn Source) -> Result<Self, Faults> {
        let mut reader = Reader::new(source);
        let settings = Self {
            table: reader.required("STATE_TABLE", "the name of the DynamoDB table"),
            allowed_origins: read_origins(&mut reader),
            admin_group: reader.text("ADMIN_GROUP"),
            log_level: reader.log_level(),
            aws: Aws::read(&mut reader),
        };
        let (settings, _warnings) = reader.finish(settings)?;
        Ok(settings)
    }
}

impl Aws {
    fn read(reader: &mut Reader<'_>) -> Self {
        let region = reader.text("AWS_REGION");
        let region = region.or_else(|| reader.text("AWS_DEFAULT_REGION"));
        Self {
            region: region
                .unwrap_or_else(|| reader.required("AWS_REGION", "the region of the table")),
            endpoint: ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]
                .into_iter()
                .find_map(|name| read_url(reader, name)),
            access_key_id: reader.required("AWS_ACCESS_KEY_ID", "the function's credentials"),
            secret_access_key: reader
                .required("AWS_SECRET_ACCESS_KEY", "the function's credentials"),
            session_token: reader.text("AWS_SESSION_TOKEN"),
        }
    }
}

fn read_url(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    let url = reader.text(name)?;
    if !is_url(&url) {
        reader.fault(name, "an http or https URL");
    }
    Some(url)
}

fn read_origins(reader: &mut Reader<'_>) -> Vec<HeaderValue> {
    const NAME: &str = "ALLOWED_ORIGINS";
    let text = reader.text(NAME).unwrap_or_default();
    // A template that joins values leaves an empty item for each that is not set.
    let items = text.split(',').map(str::trim);
    let origins: Option<Vec<HeaderValue>> = items
        .filter(|item| !item.is_empty())
        .map(|origin| {
            let value = HeaderValue::from_str(origin).ok();
            value.filter(|_| is_origin(origin))
        })
        .collect();
    if origins.is_none() {
        reader.fault(
            NAME,
            "origins such as https://app.example.com, joined by commas, without a path, never `*`",
        );
    }
    origins.unwrap_or_default()
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

/// Scheme, host and port, as a browser sends it: in lower case, without a path (RFC 6454, section 6.2).
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && !host.contains(['/', '*', '?', '#', '@', ' ', '\''])
            && !host.contains(char::is_uppercase)
    }) && is_url(text)
}

#[cfg(test)]
mod tests;
