//! Common mistakes in an issuer URL that the URL itself shows.

use std::fmt;

/// A likely mistake in an issuer URL. The URL is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerMistake {
    /// A placeholder that was copied from documentation.
    Placeholder,
    /// The host of Okta's Admin Console.
    AdminHost,
    /// Okta's org authorization server.
    OrgServer,
    /// A slash at the end of an Okta URL.
    TrailingSlash,
    /// An Okta URL whose path does not contain an authorization server.
    NoServerId,
    /// The URL of an endpoint.
    Endpoint,
}

/// Parts of URLs in documentation that a reader has to replace.
const PLACEHOLDERS: [&str; 7] = [
    "{",
    "}",
    "<",
    "youroktadomain",
    "your-okta-domain",
    "your_domain",
    "yourdomain",
];

/// The domains under which Okta runs orgs.
const OKTA_DOMAINS: [&str; 5] = [
    "okta.com",
    "oktapreview.com",
    "okta-emea.com",
    "okta-gov.com",
    "trexcloud.com",
];

impl IssuerMistake {
    pub fn all_in(issuer: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let lower = issuer.to_ascii_lowercase();
        if PLACEHOLDERS.iter().any(|part| lower.contains(part)) {
            found.push(Self::Placeholder);
        }
        let Some((host, path)) = host_and_path(&lower).filter(|(host, _)| is_okta(host)) else {
            return found;
        };
        if org_name(host).is_some_and(|name| name.ends_with("-admin")) {
            found.push(Self::AdminHost);
        }
        if path.is_empty() {
            found.push(Self::OrgServer);
        } else if path.ends_with('/') {
            found.push(Self::TrailingSlash);
        } else if !path.starts_with("oauth2/") {
            found.push(Self::NoServerId);
        }
        if path.contains("/.well-known/") || path.contains("/v1/") {
            found.push(Self::Endpoint);
        }
        found
    }

    /// The URL that was most likely intended; only for an Okta URL without a placeholder.
    pub fn correction(issuer: &str) -> Option<String> {
        let mistakes = Self::all_in(issuer);
        if mistakes.is_empty() || mistakes.contains(&Self::Placeholder) {
            return None;
        }
        let (host, path) = host_and_path(issuer)?;
        let (name, domain) = host.split_once('.')?;
        let name = name.strip_suffix("-admin").unwrap_or(name);
        let mut segments = path.split('/').skip_while(|segment| *segment != "oauth2");
        let id = segments.nth(1).filter(|id| !id.is_empty() && *id != "v1");
        let id = id.unwrap_or("default");
        Some(format!("https://{name}.{domain}/oauth2/{id}"))
    }
}

/// The rest of a sentence that begins with the issuer.
impl fmt::Display for IssuerMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Placeholder => {
                "has a placeholder: replace it with your Okta domain and authorization server id"
            }
            Self::AdminHost => {
                "is the host of the Admin Console, which issues no tokens: remove `-admin`"
            }
            Self::OrgServer => {
                "is Okta's org authorization server, whose access tokens are not meant for APIs: use a custom one, \
                 such as /oauth2/default"
            }
            Self::TrailingSlash => {
                "ends with a slash, but Okta's `iss` does not: remove the slash"
            }
            Self::NoServerId => {
                "has no /oauth2/{id}: copy the issuer URI from Security > API in the Admin Console"
            }
            Self::Endpoint => {
                "is the URL of an endpoint: the issuer ends after /oauth2/{id}"
            }
        })
    }
}

/// The host, and the path without its first slash.
fn host_and_path(issuer: &str) -> Option<(&str, &str)> {
    let (_, rest) = issuer.split_once("://")?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

fn is_okta(host: &str) -> bool {
    OKTA_DOMAINS
        .iter()
        .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
}

fn org_name(host: &str) -> Option<&str> {
    host.split('.').next()
}

#[cfg(test)]
mod tests {
    use super::IssuerMistake::{
        AdminHost, Endpoint, NoServerId, OrgServer, Placeholder, TrailingSlash,
    };
    use super::*;

    #[track_caller]
    fn check(issuer: &str, mistakes: &[IssuerMistake], correction: Option<&str>) {
        let found = (
            IssuerMistake::all_in(issuer),
            IssuerMistake::correction(issuer),
        );
        let expected = (mistakes.to_vec(), correction.map(str::to_owned));
        assert_eq!(found, expected, "{issuer}");
    }

    #[test]
    fn a_correct_issuer_has_no_mistake() {
        check("https://dev-1.okta.com/oauth2/default", &[], None);
        check("https://login.example.com/oauth2/aus9o8wz", &[], None);
        check("https://example.eu.auth0.com/", &[], None);
        check("http://127.0.0.1:9000/oauth2/default", &[], None);
    }

    #[test]
    fn each_mistake_is_found_and_corrected() {
        let right = Some("https://dev-1.okta.com/oauth2/default");
        check(
            "https://dev-1-admin.okta.com/oauth2/default",
            &[AdminHost],
            right,
        );
        check(
            "https://dev-1-admin.okta.com",
            &[AdminHost, OrgServer],
            right,
        );
        check("https://dev-1.okta.com", &[OrgServer], right);
        check("https://dev-1.okta.com/", &[OrgServer], right);
        check(
            "https://dev-1.okta.com/oauth2/default/",
            &[TrailingSlash],
            right,
        );
        check("https://dev-1.okta.com/default", &[NoServerId], right);
        check(
            "https://dev-1.okta.com/oauth2/default/v1/keys",
            &[Endpoint],
            right,
        );
        check("https://dev-1.okta.com/oauth2/v1/keys", &[Endpoint], right);
        check(
            "https://dev-1.okta.com/oauth2/aus9o8wz/.well-known/openid-configuration",
            &[Endpoint],
            Some("https://dev-1.okta.com/oauth2/aus9o8wz"),
        );
        check(
            "https://{yourOktaDomain}/oauth2/default",
            &[Placeholder],
            None,
        );
        check(
            "https://your-okta-domain.okta.com/oauth2/default",
            &[Placeholder],
            None,
        );
    }
}
