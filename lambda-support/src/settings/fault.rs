//! Invalid settings, and the message that lists them without showing a secret.

use std::fmt;

/// One invalid variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SettingFault {
    /// The variable's name; if its value is JSON, with the place inside it.
    pub(super) name: String,
    pub(super) holds: Holds,
    pub(super) expected: String,
}

/// The value of a variable, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holds {
    Unset,
    Value(String),
    /// A secret, or a value that may contain one.
    Secret,
    /// Bytes that are not UTF-8.
    NotUtf8,
}

/// All invalid variables, at least one. Its `Display` is the message with which the process exits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub(super) Vec<SettingFault>);

impl SettingsError {
    /// The names of the invalid variables; if a value is JSON, with the place inside it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|fault| fault.name.as_str())
    }
}

impl Holds {
    /// The value of a variable. It is hidden if its name says that it is a secret, or if it may contain a password.
    pub(super) fn of(name: &str, value: String) -> Self {
        let is_secret = name.contains("SECRET") || name.ends_with("_TOKEN");
        let is_proxy = name.eq_ignore_ascii_case("HTTPS_PROXY");
        if is_secret || (is_proxy && !is_host_and_port(&value)) {
            Self::Secret
        } else if name.contains("_URI") || name.contains("_URL") {
            // This comes before the query is removed: a password may contain a `?`, and the part before it would look
            // like a host.
            match Self::shown(value) {
                Self::Value(url) => Self::Value(without_query(&url)),
                hidden => hidden,
            }
        } else {
            Self::shown(value)
        }
    }

    /// The value, unless it may contain a password, up to the first query of a URL. An address with a user name has a
    /// `:` before an `@`, however malformed it is. The `@` may be percent-encoded or full-width.
    pub(super) fn shown(value: String) -> Self {
        let is_json = value.trim_start().starts_with(['[', '{']);
        let mut parts = value.split(|c| is_json && c == '"');
        let may_hold_password = parts.any(|part| {
            let colon = part.find(':');
            let at = ["@", "%40", "\u{ff20}"]
                .into_iter()
                .filter_map(|at| part.rfind(at))
                .max();
            colon.is_some_and(|colon| at.is_some_and(|at| colon < at))
        });
        if may_hold_password {
            return Self::Secret;
        }
        Self::Value(match value.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}", without_query(rest)),
            None => value,
        })
    }
}

/// Whether a proxy has no user: an optional scheme, a host, an optional port. In any other form a part may be a
/// password, even without an `@`, because the host may have been forgotten.
fn is_host_and_port(proxy: &str) -> bool {
    let rest = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.split_once(':').unwrap_or((rest, ""));
    host.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
        && port.bytes().all(|b| b.is_ascii_digit())
}

/// The URL without its query, which may contain an API key.
pub fn without_query(address: &str) -> String {
    match address.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => address.to_owned(),
    }
}

/// The maximum length of a shown value.
const MAX_SHOWN_CHARS: usize = 160;

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            holds,
            expected,
        } = self;
        match holds {
            Holds::Unset => write!(f, "{name} is not set: expected {expected}"),
            Holds::Secret => write!(
                f,
                "{name} holds a value that is not shown: expected {expected}"
            ),
            Holds::NotUtf8 => {
                write!(
                    f,
                    "{name} holds a value that is not UTF-8: expected {expected}"
                )
            }
            Holds::Value(value) => {
                let shown: String = value.chars().take(MAX_SHOWN_CHARS).collect();
                let more = if shown.len() < value.len() { "…" } else { "" };
                write!(f, "{name} holds {shown:?}{more}: expected {expected}")
            }
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(
            f,
            "{count} setting{} wrong",
            if count == 1 { " is" } else { "s are" }
        )?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}
