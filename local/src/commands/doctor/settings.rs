//! The end of the report: the settings.

use super::{Doctor, Learned};
use crate::commands::report::Report;
use crate::issuer::AUDIENCE;

/// The last lines: how many checks failed, or what to run, and the environment variables of the authorizer on one line.
pub(super) fn closing(doctor: &Doctor, learned: &Learned, report: &Report) -> String {
    let failed = report.failed();
    if failed > 0 {
        return format!("\n{failed} failed: fix the first one and run the command again\n");
    }
    let audience = doctor.audience.as_deref().unwrap_or(AUDIENCE);
    let mut variables = vec![("ISSUER", doctor.issuer.as_str()), ("AUDIENCE", audience)];
    if let Some(client_id) = &doctor.client_id {
        variables.push(("CLIENT_IDS", client_id));
    }
    if let Some(jwks_uri) = &learned.jwks_uri {
        variables.push(("JWKS_URI", jwks_uri));
    }
    let dpop = if learned.has_bound_token {
        variables.push(("DPOP", "accept"));
        " --parameter Dpop=accept"
    } else {
        ""
    };
    let variables: Vec<String> = variables
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(value)))
        .collect();
    let verdict = match report.warned() {
        0 => "no problem found".to_owned(),
        1 => "no failure, 1 warning".to_owned(),
        warned => format!("no failure, {warned} warnings"),
    };
    let here = match &doctor.client_id {
        Some(client_id) => format!(
            "the pages with this issuer: cargo local --issuer {} --client-id {} --audience {}{dpop}\n",
            quoted(&doctor.issuer),
            quoted(client_id),
            quoted(audience)
        ),
        None => String::new(),
    };
    format!("\n{here}{verdict}; set {}\n", variables.join(" "))
}

/// A value as a POSIX shell reads it.
fn quoted(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/@%+=,".contains(&byte);
    if !value.is_empty() && value.bytes().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn values_for_a_shell() {
        assert_eq!(
            quoted("https://a.okta.com/oauth2/default"),
            "https://a.okta.com/oauth2/default"
        );
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
