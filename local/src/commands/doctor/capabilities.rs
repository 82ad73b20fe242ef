//! The capabilities of the authorization server, from its metadata.

use super::metadata::MetadataDocument;
use super::{Fact, Skip};
use crate::commands::report::{Check, CheckOutcome};

const PKCE: Check = Check::new(
    "pkce",
    "`code_challenge_methods_supported` with S256",
    "RFC 8414, section 2; RFC 9700, section 2.1.1",
);

const PUBLIC_CLIENT: Check = Check::new(
    "public_client",
    "`token_endpoint_auth_methods_supported` with none",
    "RFC 8414, section 2; RFC 6749, section 2.1",
);

const SCOPES: Check = Check::new(
    "scopes",
    "every wanted scope in `scopes_supported`",
    "RFC 8414, section 2; https://developer.okta.com/docs/guides/customize-authz-server/",
);

pub(super) fn pkce(metadata: Fact<MetadataDocument<'_>>) -> CheckOutcome {
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(skip) => return PKCE.skip(skip),
    };
    match metadata.list("code_challenge_methods_supported") {
        None => PKCE.warn(
            "the metadata does not say",
            "make sure that the issuer demands PKCE with S256: the pages send it, and an issuer that ignores it does \
             not protect the code",
        ),
        Some(methods) if methods.contains(&"S256") => PKCE.pass(methods.join(", ")),
        Some(methods) => PKCE.fail(
            shown(&methods),
            "use an authorization server with PKCE and S256; every Okta server supports it",
        ),
    }
}

pub(super) fn public_client(metadata: Fact<MetadataDocument<'_>>) -> CheckOutcome {
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(skip) => return PUBLIC_CLIENT.skip(skip),
    };
    match metadata.list("token_endpoint_auth_methods_supported") {
        None => PUBLIC_CLIENT.warn(
            "the metadata does not say",
            "make sure that the issuer supports public clients: a browser cannot keep a secret",
        ),
        Some(methods) if methods.contains(&"none") => PUBLIC_CLIENT.pass(methods.join(", ")),
        Some(methods) => PUBLIC_CLIENT.fail(
            shown(&methods),
            "use an authorization server with public clients; every Okta server has them (application type \
             Single-Page App)",
        ),
    }
}

pub(super) fn scopes(metadata: Fact<MetadataDocument<'_>>, wanted: Option<&str>) -> CheckOutcome {
    let both = metadata.and_then(|both| Ok((both, wanted.ok_or(Skip::Option("--scope"))?)));
    let (metadata, wanted) = match both {
        Ok(both) => both,
        Err(skip) => return SCOPES.skip(skip),
    };
    let check = SCOPES.expecting(format!("each of `{wanted}` in `scopes_supported`"));
    match missing(metadata, wanted) {
        None => check.warn(
            "the metadata does not list scopes",
            "compare with Security > API > Authorization Servers > your server > Scopes",
        ),
        Some(missing) if missing.is_empty() => check.pass("all of them"),
        Some(missing) => check.fail(
            format!("not listed: {}", missing.join(" ")),
            "add the scope in Security > API > Authorization Servers > your server > Scopes, and tick Include in \
             public metadata: Okta lists no other scopes of your own",
        ),
    }
}

/// The wanted scopes that the metadata does not list; `None` where it lists none at all.
pub(super) fn missing<'w>(metadata: MetadataDocument<'_>, wanted: &'w str) -> Option<Vec<&'w str>> {
    let supported = metadata.list("scopes_supported")?;
    let wanted = wanted.split_ascii_whitespace();
    Some(wanted.filter(|scope| !supported.contains(scope)).collect())
}

fn shown(methods: &[&str]) -> String {
    if methods.is_empty() {
        "an empty list".to_owned()
    } else {
        methods.join(", ")
    }
}
