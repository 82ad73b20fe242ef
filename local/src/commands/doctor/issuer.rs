//! The issuer URL itself.

use authorizer::config::IssuerMistake;
use authorizer::issuer::http_client::{Endpoint, EndpointError};

use super::Fact;
use super::discovery::Discovery;
use crate::commands::report::{Check, CheckOutcome};

const FORM: Check = Check::new(
    "issuer_form",
    "an https URL (http on a loopback host only), for Okta https://{domain}/oauth2/{id} without a slash at the end",
    "RFC 8414, section 2; https://developer.okta.com/docs/concepts/auth-servers/",
);

const SERVER: Check = Check::new(
    "issuer_server",
    "an authorization server for APIs, at Okta a custom one: https://{domain}/oauth2/{id}",
    "https://developer.okta.com/docs/concepts/auth-servers/",
);

/// Advice: the place where Okta shows the authorization server's URL.
const COPY_IT: &str =
    "copy the issuer URI from Security > API > Authorization Servers in the Admin Console";

/// `issuer_form`: the faults that are visible without a request to the issuer.
pub(super) fn form(issuer: &str) -> CheckOutcome {
    if let Err(error) = issuer.parse::<Endpoint>() {
        let advice = match error {
            EndpointError::NotAUrl => COPY_IT.to_owned(),
            EndpointError::Insecure => format!(
                "use https://{}",
                issuer.split_once("://").map_or(issuer, |(_, rest)| rest)
            ),
            EndpointError::Credentials => "leave the user name and password out".to_owned(),
        };
        return FORM.fail(format!("`{issuer}` is {error}"), advice);
    }
    if issuer.contains(['?', '#']) {
        let (before, _) = issuer.split_once(['?', '#']).unwrap_or((issuer, ""));
        return FORM.fail(
            format!("`{issuer}` has a query or a fragment"),
            format!("use {before}"),
        );
    }
    let is_of_form = |mistake: &IssuerMistake| match mistake {
        IssuerMistake::Placeholder
        | IssuerMistake::AdminHost
        | IssuerMistake::TrailingSlash
        | IssuerMistake::Endpoint => true,
        // A slash after an Okta domain is also a slash at the end.
        IssuerMistake::OrgServer => issuer.ends_with('/'),
        IssuerMistake::NoServerId => false,
    };
    let mistakes = IssuerMistake::all_in(issuer);
    match mistakes.iter().find(|mistake| is_of_form(mistake)) {
        None => FORM.pass(issuer),
        Some(mistake) => FORM.fail(
            format!("`{issuer}` {mistake}"),
            IssuerMistake::correction(issuer)
                .map_or_else(|| COPY_IT.to_owned(), |right| format!("use {right}")),
        ),
    }
}

/// `issuer_server`: an org server is recognised by its URL or, under a domain of the customer's own, by its metadata.
pub(super) fn server(issuer: &str, discovery: Fact<&Discovery>) -> CheckOutcome {
    let by_url = IssuerMistake::all_in(issuer).into_iter().find(|mistake| {
        matches!(
            mistake,
            IssuerMistake::OrgServer | IssuerMistake::NoServerId
        )
    });
    if let Some(mistake) = by_url {
        let advice = IssuerMistake::correction(issuer).map_or_else(
            || COPY_IT.to_owned(),
            |right| {
                format!(
                    "use {right} if the server `default` is yours; otherwise {COPY_IT}; custom servers need the \
                     API Access Management feature"
                )
            },
        );
        return SERVER.fail(format!("`{issuer}` {mistake}"), advice);
    }
    match discovery {
        Err(skip) => SERVER.skip(skip),
        Ok(discovery) if discovery.is_okta_org_server(issuer) => SERVER.fail(
            format!("the metadata of `{issuer}` is that of an Okta org authorization server"),
            format!(
                "use {issuer}/oauth2/default if the server `default` is yours; otherwise {COPY_IT}"
            ),
        ),
        Ok(_) => SERVER.pass("not an Okta org authorization server"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Skip;
    use crate::commands::report::Status;

    #[track_caller]
    fn check(issuer: &str, form_fails: bool, advice: &str) {
        let outcome = form(issuer);
        assert_eq!(outcome.is_fail(), form_fails, "{issuer}: {outcome:?}");
        assert!(outcome.advice.contains(advice), "{issuer}: {outcome:?}");
    }

    #[test]
    fn the_form_of_an_issuer() {
        check("https://dev-1.okta.com/oauth2/default", false, "");
        check("https://example.eu.auth0.com/", false, "");
        check("http://127.0.0.1:9000/oauth2/default", false, "");
        let right = "use https://dev-1.okta.com/oauth2/default";
        check("http://dev-1.okta.com/oauth2/default", true, right);
        check("https://dev-1.okta.com/oauth2/default/", true, right);
        check("https://dev-1-admin.okta.com/oauth2/default", true, right);
        check("https://dev-1.okta.com/", true, right);
        check("https://dev-1.okta.com/oauth2/default/v1/keys", true, right);
        check("https://dev-1.okta.com/oauth2/default?x", true, right);
        check(
            "https://{yourOktaDomain}/oauth2/default",
            true,
            "Admin Console",
        );
        check("dev-1.okta.com/oauth2/default", true, "Admin Console");
        check(
            "https://a:b@dev-1.okta.com/oauth2/default",
            true,
            "password",
        );
    }

    #[test]
    fn org_servers_by_their_url() {
        for (issuer, status) in [
            ("https://dev-1.okta.com", Status::Fail),
            ("https://dev-1.okta.com/", Status::Fail),
            ("https://dev-1.oktapreview.com/default", Status::Fail),
            ("https://dev-1.okta.com/oauth2/default", Status::Skip),
            ("https://login.example.com", Status::Skip),
        ] {
            let outcome = server(issuer, Err(Skip::After("issuer_form")));
            assert_eq!(outcome.status, status, "{issuer}: {outcome:?}");
        }
    }
}
