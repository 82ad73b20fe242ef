//! Settings, read once from the environment. Every fault is in the one message.

use http::HeaderValue;

/// What the function is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name of the DynamoDB table.
    pub table: String,
    /// Origins that get CORS headers.
    pub allowed_origins: Vec<HeaderValue>,
    /// Members of this group may read and write every resource.
    pub admin_group: Option<String>,
    /// What is logged.
    pub log_level: LogLevel,
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

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Requests that failed by our fault.
    Error,
    /// The same.
    Warn,
    /// Every request.
    Info,
    /// The same.
    Debug,
    /// The same.
    Trace,
}

/// The settings cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("wrong settings: {}", .0.join("; "))]
pub struct BadConfig(Vec<String>);

impl Config {
    /// Reads the settings by `lookup`, in production `std::env::var`. A variable that is empty counts as absent, for
    /// CloudFormation cannot leave one out without a condition.
    ///
    /// # Errors
    /// Lists every wrong variable, what it holds (a secret's value never) and what was expected.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, BadConfig> {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let mut faults = Vec::new();
        let mut required = |name: &str, value: Option<String>, expected: &str| {
            value.unwrap_or_else(|| {
                faults.push(format!("{name} is not set; expected {expected}"));
                String::new()
            })
        };

        let table = required(
            "STATE_TABLE",
            get("STATE_TABLE"),
            "the name of the DynamoDB table",
        );
        let aws = Aws {
            region: required(
                "AWS_REGION",
                get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION")),
                "the region of the table",
            ),
            access_key_id: required(
                "AWS_ACCESS_KEY_ID",
                get("AWS_ACCESS_KEY_ID"),
                "the function's credentials",
            ),
            secret_access_key: required(
                "AWS_SECRET_ACCESS_KEY",
                get("AWS_SECRET_ACCESS_KEY"),
                "the function's credentials",
            ),
            session_token: get("AWS_SESSION_TOKEN"),
            endpoint: get("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| get("AWS_ENDPOINT_URL")),
        };
        if let Some(endpoint) = &aws.endpoint
            && !is_url(endpoint)
        {
            faults.push(format!(
                "AWS_ENDPOINT_URL_DYNAMODB is `{endpoint}`; expected an http or https URL"
            ));
        }

        let mut allowed_origins = Vec::new();
        for origin in get("ALLOWED_ORIGINS")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|o| !o.is_empty())
        {
            match HeaderValue::from_str(origin) {
                Ok(value) if is_origin(origin) => allowed_origins.push(value),
                _ => faults.push(format!(
                    "ALLOWED_ORIGINS has `{origin}`; expected origins such as `https://app.example.com`, without a path, never `*`"
                )),
            }
        }

        let level = get("LOG_LEVEL")
            .or_else(|| get("AWS_LAMBDA_LOG_LEVEL"))
            .unwrap_or_else(|| "info".to_owned());
        let log_level = match level.to_ascii_lowercase().as_str() {
            "error" | "fatal" => LogLevel::Error,
            "warn" => LogLevel::Warn,
            "info" => LogLevel::Info,
            "debug" => LogLevel::Debug,
            "trace" => LogLevel::Trace,
            _ => {
                faults.push(format!(
                    "LOG_LEVEL is `{level}`; expected error, warn, info, debug or trace"
                ));
                LogLevel::Info
            }
        };

        if faults.is_empty() {
            Ok(Self {
                table,
                allowed_origins,
                admin_group: get("ADMIN_GROUP"),
                log_level,
                aws,
            })
        } else {
            Err(BadConfig(faults))
        }
    }
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

/// Scheme, host and port, as a browser sends it: in lower case, without a path (RFC 6454, 6.2).
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
