//! What is allowed and most likely not meant: the classic mistakes of setting up Okta, and rules that nobody meets.

use crate::access::{AccessRule, Condition, Demand};
use crate::claims::is_scope_token;

/// What looks wrong about an issuer, each with what to do.
pub(super) fn of_issuer(issuer: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |what: &str| warnings.push(format!("the issuer {issuer:?} {what}"));
    let lower = issuer.to_ascii_lowercase();
    if [
        "{",
        "}",
        "<",
        "youroktadomain",
        "your-okta-domain",
        "your_domain",
        "yourdomain",
        "${",
    ]
    .iter()
    .any(|placeholder| lower.contains(placeholder))
    {
        warn(
            "has a placeholder left in it: put your own Okta domain and authorization server id there",
        );
    }
    let Some((_, rest)) = lower.split_once("://") else {
        return warnings;
    };
    let (host, path) = rest
        .split_once('/')
        .map_or((rest, ""), |(host, path)| (host, path));
    let is_okta = [
        "okta.com",
        "oktapreview.com",
        "okta-emea.com",
        "okta-gov.com",
        "trexcloud.com",
    ]
    .iter()
    .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")));
    if !is_okta {
        return warnings;
    }
    if host
        .split('.')
        .next()
        .is_some_and(|name| name.ends_with("-admin"))
    {
        warn("is the host of the Admin Console, which issues no tokens: leave `-admin` out");
    }
    if path.is_empty() {
        warn(
            "is Okta's org authorization server, whose access tokens are not meant for APIs: use a custom one, such as \
             /oauth2/default",
        );
    } else if path.ends_with('/') {
        warn("ends with a slash, and Okta's `iss` does not: leave the slash out");
    } else if !path.starts_with("oauth2/") {
        warn("has no /oauth2/{id}: copy the issuer URI from Security > API in the Admin Console");
    }
    if path.contains("/.well-known/") || path.contains("/v1/") {
        warn("is the address of an endpoint: the issuer ends after /oauth2/{id}");
    }
    warnings
}

/// What looks wrong about the rules that a variable holds, each with what to do.
pub(super) fn of_rules(name: &str, rules: &[AccessRule]) -> Vec<String> {
    if rules.is_empty() {
        return vec![format!(
            "{name} holds an empty array: every caller is denied; to let every valid token call everything, leave it unset"
        )];
    }
    let warnings = rules.iter().enumerate().filter_map(|(index, rule)| {
        Some(format!(
            "{name}/{index}/scopes has {:?}, which no token can have as one scope (RFC 6749, section 3.3), so no caller \
             meets this rule; write each scope as a string of its own",
            impossible_scope(rule)?
        ))
    });
    warnings.collect()
}

fn impossible_scope(rule: &AccessRule) -> Option<&String> {
    let Condition::SignedIn(demands) = rule.condition() else {
        return None;
    };
    let scopes = demands.iter().filter_map(|demand| match demand {
        Demand::Scopes(scopes) => Some(scopes),
        _ => None,
    });
    scopes.flatten().find(|scope| !is_scope_token(scope))
}

#[cfg(test)]
mod tests {
    use super::of_issuer;

    #[track_caller]
    fn check(issuer: &str, expected: &[&str]) {
        let warnings = of_issuer(issuer);
        assert_eq!(warnings.len(), expected.len(), "{issuer}: {warnings:?}");
        for (warning, part) in warnings.iter().zip(expected) {
            assert!(warning.contains(part), "{warning} lacks {part}");
        }
    }

    #[test]
    fn a_right_issuer_gets_no_warning() {
        check("https://dev-1.okta.com/oauth2/default", &[]);
        check("https://login.example.com/oauth2/aus9o8wz", &[]);
        check("https://example.eu.auth0.com/", &[]);
        check("http://127.0.0.1:9000/oauth2/default", &[]);
    }

    #[test]
    fn the_classic_mistakes_are_named_with_what_to_do() {
        check(
            "https://dev-1-admin.okta.com/oauth2/default",
            &["leave `-admin` out"],
        );
        check("https://dev-1.okta.com", &["/oauth2/default"]);
        check("https://dev-1.okta.com/", &["/oauth2/default"]);
        check(
            "https://dev-1.okta.com/oauth2/default/",
            &["leave the slash out"],
        );
        check(
            "https://dev-1.oktapreview.com/default",
            &["copy the issuer URI"],
        );
        check("https://{yourOktaDomain}/oauth2/default", &["placeholder"]);
        check(
            "https://dev-1.okta.com/oauth2/default/v1/keys",
            &["ends after"],
        );
    }
}
