//! The members of one JSON Web Key.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::refusal::KeyRefusal;
use crate::strict_json::{self, StrictJsonError};

/// The members of one key. No member is repeated, because otherwise two parsers could read two different keys from one
/// document.
pub(super) struct JwkMembers(Map<String, Value>);

impl JwkMembers {
    pub(super) const fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    pub(super) fn parse(json: &str) -> Result<Self, KeyRefusal> {
        strict_json::parse_object(json.as_bytes())
            .map(Self)
            .map_err(|fault| match fault {
                StrictJsonError::RepeatedMember { .. } => KeyRefusal::DuplicateMember,
                StrictJsonError::Malformed { .. }
                | StrictJsonError::NumberOutOfRange { .. }
                | StrictJsonError::NotAnObject => KeyRefusal::NotAnObject,
            })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Deserialises a member; `None` if it is missing. `null` is not missing, but has the wrong type.
    pub(super) fn read<'m, T: Deserialize<'m>>(
        &'m self,
        name: &'static str,
    ) -> Result<Option<T>, KeyRefusal> {
        let member = self.0.get(name).map(T::deserialize).transpose();
        member.map_err(|_| KeyRefusal::MalformedMember(name))
    }
}
