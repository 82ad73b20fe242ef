//! The error messages of issuers, mainly Okta's: their extraction from an answer, their meaning, and advice.

mod visible_text;

use serde_json::Value;

use self::visible_text::visible_text;
use crate::commands::probe::ProbeAnswer;
use crate::progress::shortened;

/// The meaning of an error message for the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    UnknownClient,
    RedirectUri,
    NotAssigned,
    NoPolicy,
    PkceOff,
    GrantOff,
    UnknownScope,
    NoLicence,
    UnknownServer,
    SecretWanted,
    WrongCode,
    DpopWanted,
    LoginRequired,
}

/// Parts of messages, in lower case, the more exact ones first. Okta's own texts are those of its support articles and
/// of issues in its repositories; the others are error codes of the RFCs, and of `oidc-provider`.
const MESSAGES: [(&str, Meaning); 30] = [
    ("must be a login redirect uri", Meaning::RedirectUri),
    ("redirect_uri did not match", Meaning::RedirectUri),
    ("invalid_redirect_uri", Meaning::RedirectUri),
    ("redirect_uri_mismatch", Meaning::RedirectUri),
    ("'client_id' parameter", Meaning::UnknownClient),
    ("client is invalid", Meaning::UnknownClient),
    (
        "not assigned to the client application",
        Meaning::NotAssigned,
    ),
    ("policy evaluation failed", Meaning::NoPolicy),
    ("no_matching_policy", Meaning::NoPolicy),
    ("must use proof key for code exchange", Meaning::PkceOff),
    ("pkce verification failed", Meaning::WrongCode),
    ("pkce", Meaning::PkceOff),
    ("code_challenge", Meaning::PkceOff),
    (
        "not authorized to use the provided grant type",
        Meaning::GrantOff,
    ),
    ("unauthorized_client", Meaning::GrantOff),
    ("unsupported_response_type", Meaning::GrantOff),
    ("unsupported_grant_type", Meaning::GrantOff),
    ("scopes are not configured", Meaning::UnknownScope),
    ("invalid_scope", Meaning::UnknownScope),
    ("e0000015", Meaning::NoLicence),
    ("e0000007", Meaning::UnknownServer),
    ("no client credentials found", Meaning::SecretWanted),
    ("client authentication failed", Meaning::SecretWanted),
    ("client secret", Meaning::SecretWanted),
    ("use_dpop_nonce", Meaning::DpopWanted),
    ("dpop", Meaning::DpopWanted),
    ("invalid_client", Meaning::SecretWanted),
    ("invalid_grant", Meaning::WrongCode),
    ("login_required", Meaning::LoginRequired),
    ("interaction_required", Meaning::LoginRequired),
];

impl Meaning {
    /// The meaning of a message, if it is known.
    fn of(message: &str) -> Option<Self> {
        let message = message.to_ascii_lowercase();
        let known = MESSAGES.iter().find(|(part, _)| message.contains(part));
        known.map(|(_, meaning)| *meaning)
    }

    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::UnknownClient => {
                "copy the client id from Applications > your application > General > Client Credentials; it belongs \
                 to one Okta domain"
            }
            Self::RedirectUri => {
                "add exactly this redirect URI to Applications > your application > General > Sign-in redirect URIs: \
                 scheme, host (localhost is not 127.0.0.1), port, path, case and a trailing slash must match; the sign-out list \
                 is separate"
            }
            Self::NotAssigned => {
                "assign the user, or the group Everyone, to the application: Applications > your application > \
                 Assignments"
            }
            Self::NoPolicy => {
                "add an access policy and a rule to the authorization server: Security > API > Authorization Servers \
                 > your server > Access Policies; the policy must be assigned to this client, and the rule must cover \
                 the grant type Authorization Code, the user and every scope asked for"
            }
            Self::PkceOff => {
                "use an application of type Single-Page App: its token requests use PKCE (S256)"
            }
            Self::GrantOff => {
                "tick Authorization Code in Applications > your application > General > Grant type"
            }
            Self::UnknownScope => {
                "add the scope: Security > API > Authorization Servers > your server > Scopes"
            }
            Self::NoLicence => {
                "this Okta org lacks API Access Management, which custom authorization servers need; Integrator Free \
                 Plan orgs have it"
            }
            Self::UnknownServer => {
                "copy the issuer URI from Security > API > Authorization Servers: the domain has no authorization \
                 server with this id"
            }
            Self::SecretWanted => {
                "create an application of type Single-Page App and use its client id: the type cannot be changed, and \
                 a browser cannot keep the secret that the type Web needs"
            }
            Self::WrongCode => "start the sign-in again: a code is valid once, for minutes",
            Self::DpopWanted => {
                "set DPOP=accept or DPOP=require for the authorizer, or clear Applications > your application > \
                 General > Require Demonstrating Proof of Possession"
            }
            Self::LoginRequired => "sign in first",
        }
    }
}

/// The message of an error, as an issuer wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message(String);

/// A message in a report has one line.
const MAX_MESSAGE_CHARS: usize = 300;

impl Message {
    /// The message of a redirect: a code and a description.
    pub(super) fn of_redirect(code: &str, description: Option<&str>) -> Self {
        Self(match description {
            Some(description) => format!("{code}: {description}"),
            None => code.to_owned(),
        })
    }

    /// The message of a JSON body as OAuth or as Okta's API writes it, or of a page.
    pub(super) fn of_answer(answer: &ProbeAnswer) -> Option<Self> {
        let text = answer.text();
        let message = match serde_json::from_str::<Value>(&text) {
            Ok(body) => return Self::of_json(&body),
            Err(_) if answer.is_html() => visible_text(&text),
            Err(_) => return None,
        };
        (!message.is_empty()).then_some(Self(message))
    }

    fn of_json(body: &Value) -> Option<Self> {
        let member = |name: &str| body.get(name).and_then(Value::as_str);
        let code = member("error").or_else(|| member("errorCode"))?;
        let description = member("error_description").or_else(|| member("errorSummary"));
        Some(Self::of_redirect(code, description))
    }

    pub(super) fn meaning(&self) -> Option<Meaning> {
        Meaning::of(&self.0)
    }

    /// The advice for it; `otherwise` for an unknown message.
    pub(super) fn advice(&self, otherwise: &str) -> String {
        match self.meaning() {
            Some(meaning) => meaning.advice().to_owned(),
            None => otherwise.to_owned(),
        }
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shortened(&self.0, MAX_MESSAGE_CHARS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: Option<Meaning>) {
        assert_eq!(Meaning::of(message), expected, "{message}");
    }

    #[test]
    fn oktas_messages() {
        check(
            "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings: https://dev-1-admin.okta.com/admin/app/oidc_client/instance/0oa1",
            Some(Meaning::RedirectUri),
        );
        check(
            "invalid_client: Invalid value for 'client_id' parameter.",
            Some(Meaning::UnknownClient),
        );
        check(
            "access_denied: User is not assigned to the client application.",
            Some(Meaning::NotAssigned),
        );
        check(
            "access_denied: Policy evaluation failed for this request, please check the policy configurations.",
            Some(Meaning::NoPolicy),
        );
        check(
            "invalid_client: Browser requests to the token endpoint must use Proof Key for Code Exchange.",
            Some(Meaning::PkceOff),
        );
        check(
            "invalid_request: PKCE code challenge is required by the application.",
            Some(Meaning::PkceOff),
        );
        check(
            "unauthorized_client: The client is not authorized to use the provided grant type. Configured grant types: [refresh_token]",
            Some(Meaning::GrantOff),
        );
        check(
            "invalid_scope: One or more scopes are not configured for the authorization server resource.",
            Some(Meaning::UnknownScope),
        );
        check(
            "E0000015: You do not have permission to access the feature you are requesting",
            Some(Meaning::NoLicence),
        );
        check(
            "E0000007: Not found: Resource not found: aus1 (AuthorizationServer)",
            Some(Meaning::UnknownServer),
        );
        check(
            "invalid_client: No client credentials found.",
            Some(Meaning::SecretWanted),
        );
        check(
            "invalid_client: Client authentication failed. Either the client or the client credentials are invalid.",
            Some(Meaning::SecretWanted),
        );
        check(
            "invalid_grant: The authorization code is invalid or has expired.",
            Some(Meaning::WrongCode),
        );
        check(
            "invalid_dpop_proof: The DPoP proof JWT header is missing.",
            Some(Meaning::DpopWanted),
        );
        check(
            "login_required: The client specified not to prompt, but the user is not logged in.",
            Some(Meaning::LoginRequired),
        );
        check("temporarily_unavailable", None);
    }
}
