//! The name of a claim in an access rule.

use serde_json::{Map, Value};
use thiserror::Error;

/// The name of a claim in a rule: the claim's own name or, if it begins with `/`, a JSON pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName {
    written: String,
    /// The name of the payload's member.
    member: String,
    /// The rest of the pointer; empty for the member itself.
    rest: String,
}

/// Why a string is not the name of a claim or a pointer to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClaimNameError {
    #[error("the name must not be empty")]
    Empty,
    /// A `~` that is neither `~0` nor `~1` (RFC 6901, section 3).
    #[error("in a JSON pointer `~` is written `~0`, and a `/` inside a name `~1`")]
    Escape,
}

impl ClaimName {
    /// Parses a name from a rule. Fails if it is empty or a malformed pointer.
    pub fn parse(name: &str) -> Result<Self, ClaimNameError> {
        let (member, rest) = match name.strip_prefix('/') {
            None => (name.to_owned(), ""),
            Some(pointer) => {
                if has_bad_escape(pointer) {
                    return Err(ClaimNameError::Escape);
                }
                let end = pointer.find('/').unwrap_or(pointer.len());
                let (member, rest) = pointer.split_at(end);
                (member.replace("~1", "/").replace("~0", "~"), rest)
            }
        };
        if name.is_empty() {
            return Err(ClaimNameError::Empty);
        }
        Ok(Self {
            written: name.to_owned(),
            member,
            rest: rest.to_owned(),
        })
    }

    /// The name as it is in the rule.
    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }

    /// The value with this name in a payload.
    pub(crate) fn find<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        claims.get(&self.member)?.pointer(&self.rest)
    }
}

fn has_bad_escape(pointer: &str) -> bool {
    pointer
        .split('~')
        .skip(1)
        .any(|after| !after.starts_with(['0', '1']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_a_claim_or_a_pointer() {
        let claims = json!({
            "dept": "a", "address": {"country": "NL", "a/b": {"~": 1}}, "/dept": "slash", "roles": ["x", {"y": 2}], "": 3,
        });
        let claims = claims.as_object().unwrap();
        for (name, expected) in [
            ("dept", Some(json!("a"))),
            ("address/country", None),
            ("/address/country", Some(json!("NL"))),
            ("/address/a~1b/~0", Some(json!(1))),
            ("/dept", Some(json!("a"))),
            ("/~1dept", Some(json!("slash"))),
            ("/roles/1/y", Some(json!(2))),
            ("/roles/01", None),
            ("/roles/9", None),
            ("/dept/a", None),
            ("/", Some(json!(3))),
            ("absent", None),
        ] {
            let name = ClaimName::parse(name).unwrap();
            assert_eq!(name.find(claims), expected.as_ref(), "{name:?}");
        }
        assert_eq!(ClaimName::parse(""), Err(ClaimNameError::Empty));
        for name in ["/a~", "/~2", "/a/~x"] {
            assert_eq!(
                ClaimName::parse(name),
                Err(ClaimNameError::Escape),
                "{name}"
            );
        }
        assert!(ClaimName::parse("a~b").is_ok());
    }
}
