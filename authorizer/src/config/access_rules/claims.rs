//! The members `claims` and `notClaims` of a rule.

use serde_json::Value;

use super::rule::RuleReader;
use crate::access::{Alternative, ClaimTest};
use crate::claim_name::ClaimName;
use crate::config::pointer_token;

impl RuleReader<'_> {
    /// Parses `{"NAME": [alternative, …], …}`.
    pub(super) fn claim_tests(&mut self, member: &str) -> Vec<ClaimTest> {
        let Some(value) = self.members.remove(member) else {
            return Vec::new();
        };
        let place = format!("/{member}");
        match value {
            Value::Object(claims) if !claims.is_empty() => claims
                .iter()
                .filter_map(|(name, alternatives)| self.claim_test(&place, name, alternatives))
                .collect(),
            other => {
                let expected =
                    "an object with at least one claim, each with an array of alternatives";
                self.fault(&place, Some(other), expected);
                Vec::new()
            }
        }
    }

    fn claim_test(&mut self, place: &str, name: &str, value: &Value) -> Option<ClaimTest> {
        const EXPECTED: &str = "a string, a number (a whole one within 64 bits), true, false, or \
                                {\"like\": \"pattern\"}";
        let place = format!("{place}/{}", pointer_token(name));
        let name = match ClaimName::parse(name) {
            Ok(name) => Some(name),
            Err(error) => {
                let expected = format!("the name of a claim or a JSON pointer: {error}");
                self.fault(&place, Some(name.into()), &expected);
                None
            }
        };
        let Some(entries) = value.as_array().filter(|entries| !entries.is_empty()) else {
            let expected = "an array of at least one alternative";
            self.fault(&place, Some(value.clone()), expected);
            return None;
        };
        let mut alternatives = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            match Alternative::parse(entry) {
                Some(alternative) => alternatives.push(alternative),
                None => self.fault(&format!("{place}/{index}"), Some(entry.clone()), EXPECTED),
            }
        }
        Some(ClaimTest::new(name?, alternatives))
    }
}
