//! The checks of a token, from the results of the authorizer's inspection.

use authorizer::refusal::{JwsError, Refusal};
use authorizer::verifier::Inspection;

use super::{Examined, shown, times};
use crate::commands::doctor::{Doctor, Fact, Skip};
use crate::commands::report::{Check, CheckOutcome};

const FORM: Check = Check::new(
    "token_form",
    "a signed JWT of at most 10,240 bytes: three parts, each strict JSON or base64url, without `crit` and `b64`, with \
     `sub` and a principal",
    "RFC 7515, section 7.1; RFC 7519, section 7.2",
);

const KIND: Check = Check::new(
    "token_kind",
    "an access token, not bound or bound to one key by `cnf.jkt`",
    "RFC 8725, section 3.12; RFC 9449, section 6.1; https://developer.okta.com/docs/guides/validate-access-tokens/",
);

const ISSUER: Check = Check::new(
    "token_issuer",
    "`iss` is the issuer, byte for byte",
    "RFC 7519, section 4.1.1",
);

const KEY: Check = Check::new(
    "token_key",
    "`alg` RS256, and a `kid` that is in the issuer's key set",
    "RFC 7515, section 4.1.4; RFC 8725, section 3.1",
);

const SIGNATURE: Check = Check::new(
    "token_signature",
    "a signature by the key that `kid` names",
    "RFC 7515, section 5.2",
);

const AUDIENCE: Check = Check::new(
    "token_audience",
    "`aud` is or contains the audience",
    "RFC 7519, section 4.1.3; RFC 8725, section 3.9",
);

const CLIENT: Check = Check::new(
    "token_client",
    "`cid`, else `client_id`, else `azp`, else `appid` is the client id",
    "RFC 9068, section 2.2; https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/",
);

const SCOPES: Check = Check::new(
    "token_scopes",
    "every wanted scope of the API in `scp` or `scope`",
    "RFC 9068, section 2.2.3",
);

const GROUPS: Check = Check::new(
    "token_groups",
    "a claim `groups`, if access rules have groups",
    "https://developer.okta.com/docs/guides/customize-tokens-groups-claim/",
);

/// All of them in order; without a token each is skipped.
pub(in crate::commands::doctor) fn all(
    token: Fact<&Examined>,
    doctor: &Doctor,
) -> Vec<CheckOutcome> {
    let readable = token.and_then(|token| {
        let inspection = token.inspection.as_ref();
        Ok((token, inspection.map_err(|_| Skip::After("token_form"))?))
    });
    let mut outcomes = vec![match token {
        Ok(token) => form(token),
        Err(skip) => FORM.skip(skip),
    }];
    outcomes.extend(match readable {
        Ok((token, inspection)) => vec![
            kind(inspection),
            issuer(doctor, token, inspection),
            key(token, inspection),
            signature(token, inspection),
            times::check(inspection),
            audience(doctor, inspection),
            client(doctor, inspection),
            scopes(doctor, inspection),
            groups(inspection),
        ],
        Err(skip) => [
            KIND,
            ISSUER,
            KEY,
            SIGNATURE,
            times::TIMES,
            AUDIENCE,
            CLIENT,
            SCOPES,
            GROUPS,
        ]
        .map(|check| check.skip(skip))
        .to_vec(),
    });
    outcomes
}

fn form(token: &Examined) -> CheckOutcome {
    let bytes = token.bytes;
    match &token.inspection {
        Err(Refusal::Malformed(JwsError::NotThreeParts)) if token.dots == 0 => FORM.fail(
            format!("an opaque token of {bytes} bytes, not a JWT"),
            "ask for an access token of a custom authorization server: opaque tokens are for the issuer's own APIs",
        ),
        Err(Refusal::Malformed(JwsError::NotThreeParts)) if token.dots == 4 => FORM.fail(
            format!("an encrypted token (JWE) of {bytes} bytes"),
            "configure the issuer to sign the token and not encrypt it",
        ),
        Err(Refusal::TokenTooLong { .. }) => FORM.fail(
            format!("{bytes} bytes"),
            "put fewer claims into the token, above all fewer groups: API Gateway accepts at most 10,240 bytes of headers",
        ),
        Err(refusal) => FORM.fail(
            refusal.to_string(),
            "copy the whole token: a part that is cut off or altered cannot be read",
        ),
        Ok(Inspection {
            form: Err(refusal), ..
        }) => FORM.fail(
            refusal.to_string(),
            "use an issuer that writes tokens as RFC 9068 requires: with `sub`, and without extensions in the header",
        ),
        Ok(_) => FORM.pass(format!("a signed JWT of {bytes} bytes")),
    }
}

fn kind(token: &Inspection) -> CheckOutcome {
    let Err(refusal) = token.kind else {
        return KIND.pass(match token.claim("cnf").and_then(|cnf| cnf.get("jkt")) {
            None => "an access token".to_owned(),
            jkt => format!(
                "an access token that is bound to the key with the thumbprint {}: only a proof by that key makes it \
                 usable (DPoP)",
                shown::value(jkt)
            ),
        });
    };
    let typ = token.header_member("typ");
    let is_internal = typ
        .and_then(|typ| typ.as_str())
        .is_some_and(|typ| typ.contains("okta-internal"));
    match refusal {
        Refusal::IdToken => KIND.fail(
            "an ID token",
            "send `access_token` of the token response, not `id_token`: an ID token is for the application \
             that signed the user in, not for an API",
        ),
        Refusal::TypeNotAllowed if is_internal => KIND.fail(
            format!("an access token of an Okta org server (`typ` {})", shown::value(typ)),
            "use a custom authorization server: see `token_issuer`",
        ),
        Refusal::TypeNotAllowed => KIND.fail(
            format!("`typ` {}", shown::value(typ)),
            "send an access token: `typ` names another kind",
        ),
        Refusal::NotBoundToKey => KIND.fail(
            format!("a token that is not bound to one key (`cnf` {})", shown::value(token.claim("cnf"))),
            "have the issuer bind it by `jkt` only, the RFC 7638 thumbprint of the client's key: 43 characters of \
             base64url. A binding to a certificate is not supported",
        ),
        other => KIND.fail(other.to_string(), "send an access token"),
    }
}

fn issuer(doctor: &Doctor, token: &Examined, inspection: &Inspection) -> CheckOutcome {
    let expected = &doctor.issuer;
    let check = ISSUER.expecting(format!("`iss` is \"{expected}\", byte for byte"));
    if let Some(skip) = token.without_issuer {
        return check.skip(skip);
    }
    let found = shown::value(inspection.claim("iss"));
    match inspection.issuer {
        Ok(()) => check.pass(found),
        Err(Refusal::OrgServerToken) => check.fail(
            format!("{found}, which is Okta's org authorization server"),
            format!(
                "get the token from the custom server: send the user to {expected}/v1/authorize, not to \
                 /oauth2/v1/authorize"
            ),
        ),
        Err(_) => check.fail(
            found,
            "get a token of this issuer, or set ISSUER to the token's: host, path, case and a trailing slash must match",
        ),
    }
}

fn key(token: &Examined, inspection: &Inspection) -> CheckOutcome {
    let kid = shown::value(inspection.header_member("kid"));
    let alg = shown::value(inspection.header_member("alg"));
    let found = format!("`alg` {alg}, `kid` {kid}");
    match inspection.key {
        Some(Ok(())) => KEY.pass(found),
        None => KEY.skip(token.without_keys.unwrap_or(Skip::After("token_issuer"))),
        Some(Err(refusal)) => {
            let advice = match refusal {
                Refusal::AlgorithmNotAllowed => {
                    "sign with RS256 as Okta does, or set ALGORITHMS for another issuer; HMAC and `none` are never \
                     accepted"
                }
                Refusal::KeyUnknown => {
                    "get a fresh token of this issuer: the key was rotated away, or another authorization server has \
                     signed (at Okta each has keys of its own)"
                }
                _ => "let the issuer sign with a key that `keys` lists as usable",
            };
            KEY.fail(format!("{refusal}; {found}"), advice)
        }
    }
}

fn signature(token: &Examined, inspection: &Inspection) -> CheckOutcome {
    match inspection.signature {
        Some(Ok(())) => SIGNATURE.pass("by that key"),
        Some(Err(refusal)) => SIGNATURE.fail(
            refusal.to_string(),
            "copy the whole token again: it was altered, or it is forged",
        ),
        None => SIGNATURE.skip(token.without_keys.unwrap_or(Skip::After("token_key"))),
    }
}

fn audience(doctor: &Doctor, inspection: &Inspection) -> CheckOutcome {
    let found = shown::value(inspection.claim("aud"));
    let Some(audience) = &doctor.audience else {
        return AUDIENCE.skip(format!("needs --audience; the token has {found}"));
    };
    let check = AUDIENCE.expecting(format!("`aud` is or contains `{audience}`"));
    match inspection.audience {
        Some(Err(refusal)) => check.fail(
            format!("{refusal}: {found}"),
            "set AUDIENCE to the audience of the authorization server: Security > API > Authorization Servers, column \
             Audience; a client id there suggests an ID token",
        ),
        Some(Ok(())) | None => check.pass(found),
    }
}

fn client(doctor: &Doctor, inspection: &Inspection) -> CheckOutcome {
    let found = inspection.claims().client_id();
    let found = found.map_or_else(|| "none".to_owned(), |id| format!("`{id}`"));
    let Some(client_id) = &doctor.client_id else {
        return CLIENT.skip(format!("needs --client-id; the token has {found}"));
    };
    let check = CLIENT.expecting(format!(
        "`cid`, else `client_id`, else `azp`, else `appid` is `{client_id}`"
    ));
    match inspection.client {
        Some(Err(_)) => check.fail(
            found,
            "get a token for this client, or add the token's client to CLIENT_IDS",
        ),
        Some(Ok(())) | None => check.pass(found),
    }
}

/// Scopes of OpenID Connect, which many issuers leave out of access tokens.
const OPENID_SCOPES: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
];

fn scopes(doctor: &Doctor, inspection: &Inspection) -> CheckOutcome {
    let scopes = inspection.claims().scopes().unwrap_or_default();
    let found = shown::list(&scopes);
    let Some(wanted) = &doctor.scope else {
        return SCOPES.skip(format!("needs --scope; the token has {found}"));
    };
    let check = SCOPES.expecting(format!(
        "the API's scopes among `{wanted}` in `scp` or `scope`"
    ));
    let missing: Vec<&str> = wanted
        .split_ascii_whitespace()
        .filter(|scope| !OPENID_SCOPES.contains(scope))
        .filter(|scope| !scopes.iter().any(|granted| granted == scope))
        .collect();
    if missing.is_empty() {
        check.pass(found)
    } else {
        check.fail(
            format!("{found}; missing: {}", missing.join(" ")),
            "ask for the scope in the authorization request, and let the access policy's rule grant it",
        )
    }
}

fn groups(inspection: &Inspection) -> CheckOutcome {
    match inspection.claims().groups() {
        Some(groups) => GROUPS.pass(shown::list(&groups)),
        None => GROUPS.warn(
            "no claim `groups`",
            "if access rules have `groups`, add the claim: Security > API > Authorization Servers > your server > \
             Claims, for the access token, value type Groups",
        ),
    }
}
