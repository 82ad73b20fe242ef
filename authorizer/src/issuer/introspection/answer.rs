//! Parses the issuer's answer about a token (RFC 7662, section 2.2).

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::IntrospectionError;
use crate::bearer::TokenDigest;
use crate::clock::Timestamp;
use crate::refusal::OtherMember;
use crate::strict_json;
use crate::times::Times;

/// A verified token. `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct AskedToken<'t> {
    pub text: &'t str,
    /// The SHA-256 hash of the whole token.
    pub sha256: TokenDigest,
    /// `iss`.
    pub issuer: &'t str,
    /// `sub`.
    pub subject: &'t str,
    /// The client, if the token names one.
    pub client_id: Option<&'t str>,
}

/// A usable answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum IntrospectionAnswer {
    /// Active, until `exp` if the answer has it.
    Active {
        expires_at: Option<f64>,
    },
    Inactive,
    /// Active, but about another token.
    Other(OtherMember),
}

impl IntrospectionAnswer {
    /// Parses an answer about `token`; `None` if it is unusable.
    ///
    /// The claims of the verified token apply, and those of the answer are only compared with them: an answer about
    /// another token, from an intermediate cache or a wrong endpoint, says nothing about this token.
    pub(super) fn parse(json: &[u8], token: &AskedToken<'_>) -> Option<Self> {
        let members = strict_json::parse_object(json).ok()?;
        if !members.get("active")?.as_bool()? {
            return Some(Self::Inactive);
        }
        let issuer = string(&members, "iss")?;
        let subject = string(&members, "sub")?;
        let client_id = string(&members, "client_id")?;
        let expires_at = match members.get("exp") {
            None => None,
            Some(exp) => Some(exp.as_f64()?),
        };
        // A member that only the answer or only the token has is not a difference.
        let differs = |found: Option<&str>, expected| {
            found
                .zip(expected)
                .is_some_and(|(found, expected)| found != expected)
        };
        Some(if differs(issuer, Some(token.issuer)) {
            Self::Other(OtherMember::Issuer)
        } else if differs(subject, Some(token.subject)) {
            Self::Other(OtherMember::Subject)
        } else if differs(client_id, token.client_id) {
            Self::Other(OtherMember::ClientId)
        } else {
            Self::Active { expires_at }
        })
    }

    /// Whether the token is active now.
    pub(super) fn verdict(
        self,
        now: Timestamp,
        leeway: Duration,
    ) -> Result<(), IntrospectionError> {
        match self {
            Self::Active { expires_at: None } => Ok(()),
            Self::Active {
                expires_at: Some(expires_at),
            } => {
                let times = Times {
                    expires_at,
                    not_before: None,
                    issued_at: None,
                };
                times
                    .check(now, leeway)
                    .map_err(|_| IntrospectionError::Revoked)
            }
            Self::Inactive => Err(IntrospectionError::Revoked),
            Self::Other(member) => Err(IntrospectionError::Other(member)),
        }
    }
}

/// An optional string member. The outer `None` means that the member has another type.
fn string<'m>(members: &'m Map<String, Value>, name: &str) -> Option<Option<&'m str>> {
    match members.get(name) {
        None => Some(None),
        Some(value) => value.as_str().map(Some),
    }
}

impl fmt::Debug for AskedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskedToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: AskedToken<'_> = AskedToken {
        text: "a.b.c",
        sha256: [0; 32],
        issuer: "https://issuer.example",
        subject: "alice",
        client_id: Some("web"),
    };

    #[test]
    fn an_answer_needs_a_boolean_active() {
        let active = Some(IntrospectionAnswer::Active { expires_at: None });
        for (json, expected) in [
            (r#"{"active":true,"sub":"alice"}"#, active),
            (r#"{"active":true,"aud":5,"x":{}}"#, active),
            (r#" {"active":false} "#, Some(IntrospectionAnswer::Inactive)),
            (
                r#"{"active":false,"sub":5}"#,
                Some(IntrospectionAnswer::Inactive),
            ),
            (r#"{"active":"true"}"#, None),
            (r#"{"active":1}"#, None),
            (r#"{"active":null}"#, None),
            (r#"{"Active":true}"#, None),
            (r#"{"active":false,"active":true}"#, None),
            (r#"{"active":true,"sub":"alice","sub":"alice"}"#, None),
            (r#"{"active":true}{"active":true}"#, None),
            ("[true]", None),
            (r#"[{"active":true}]"#, None),
            ("{}", None),
            ("true", None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(
                IntrospectionAnswer::parse(json.as_bytes(), &TOKEN),
                expected,
                "{json}"
            );
        }
    }

    #[test]
    fn an_answer_about_another_token_is_recognised() {
        let other = |member| Some(IntrospectionAnswer::Other(member));
        let active = Some(IntrospectionAnswer::Active { expires_at: None });
        for (members, client_id, expected) in [
            (
                r#""iss":"https://issuer.example","client_id":"web""#,
                Some("web"),
                active,
            ),
            (
                r#""iss":"https://issuer.example/""#,
                Some("web"),
                other(OtherMember::Issuer),
            ),
            (r#""iss":"""#, Some("web"), other(OtherMember::Issuer)),
            (r#""sub":"Alice""#, Some("web"), other(OtherMember::Subject)),
            (
                r#""client_id":"app""#,
                Some("web"),
                other(OtherMember::ClientId),
            ),
            (r#""client_id":"app""#, None, active),
        ] {
            let token = AskedToken { client_id, ..TOKEN };
            let json = format!(r#"{{"active":true,{members}}}"#);
            assert_eq!(
                IntrospectionAnswer::parse(json.as_bytes(), &token),
                expected,
                "{json}"
            );
        }
    }

    #[test]
    fn an_answer_with_a_member_of_the_wrong_type_is_unusable() {
        for value in ["null", "true", "5", "[]", "{}"] {
            for name in ["iss", "sub", "client_id"] {
                let json = format!(r#"{{"active":true,"{name}":{value}}}"#);
                assert_eq!(
                    IntrospectionAnswer::parse(json.as_bytes(), &TOKEN),
                    None,
                    "{json}"
                );
            }
        }
        for value in ["null", "true", r#""5""#, "[]", "{}", "1e400"] {
            let json = format!(r#"{{"active":true,"exp":{value}}}"#);
            assert_eq!(
                IntrospectionAnswer::parse(json.as_bytes(), &TOKEN),
                None,
                "{json}"
            );
        }
    }

    #[test]
    fn the_expiry_in_an_answer_applies_with_the_leeway() {
        let now = Timestamp::from_secs(1_000_000);
        for (exp, expected) in [
            ("1000000", Ok(())),
            ("999940.5", Ok(())),
            ("999940", Err(IntrospectionError::Revoked)),
            ("0", Err(IntrospectionError::Revoked)),
            ("-5", Err(IntrospectionError::Revoked)),
            ("1e300", Ok(())),
        ] {
            let json = format!(r#"{{"active":true,"exp":{exp}}}"#);
            let answer = IntrospectionAnswer::parse(json.as_bytes(), &TOKEN).unwrap();
            let verdict = answer.verdict(now, Duration::from_secs(60));
            assert_eq!(verdict, expected, "{exp}");
        }
    }
}
