//! The claims of a verified token.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lambda_support::context::MAX_EXPIRY_SECONDS;
use lambda_support::json_len;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::RuleSet;
use crate::claim_name::ClaimName;
use crate::claims::{Binding, UnverifiedClaims};
use crate::clock::Timestamp;
use crate::issuer::jwks::Thumbprint;
use crate::refusal::Refusal;
use crate::times::{self, Times};

/// The claims that are kept from a token, in addition to those that every decision needs.
#[derive(Debug, Clone, Default)]
pub struct KeptClaims {
    /// The names of the claims for the context.
    pub(crate) context: Vec<String>,
    /// The claims for the access rules, in the order of `AccessRules::claims`. They reach neither the context nor the log.
    pub(crate) rules: Vec<ClaimName>,
    pub(crate) rule_count: usize,
}

/// The claims of a token whose signature and claims have been checked.
///
/// Only the [`Verifier`](super::Verifier) can construct it:
///
/// ```compile_fail,E0451
/// let forged = authorizer::verifier::VerifiedClaims {
///     principal: "admin".to_owned(),
///     ..todo!()
/// };
/// ```
#[derive(Clone)]
pub struct VerifiedClaims {
    issuer: Arc<str>,
    principal: String,
    is_qualified: bool,
    subject: String,
    client_id: Option<String>,
    scopes: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    token_id: Option<String>,
    times: Times,
    bound_to: Option<Thumbprint>,
    extra: Map<String, Value>,
    acr: Option<String>,
    signed_in_at: Option<f64>,
    for_rules: Box<[Option<Value>]>,
    lasting: OnceLock<RuleSet>,
    written_context: OnceLock<Box<RawValue>>,
    rule_count: usize,
}

impl VerifiedClaims {
    /// Keeps only the claims that a decision and its context need. `is_qualified` says that there are several issuers,
    /// so that groups in the context are qualified with this issuer.
    pub(super) fn new(
        claims: &UnverifiedClaims,
        issuer: Arc<str>,
        times: Times,
        principal: String,
        is_qualified: bool,
        kept: &KeptClaims,
    ) -> Result<Self, Refusal> {
        let extra = kept
            .context
            .iter()
            .filter_map(|name| Some((name.clone(), claims.get(name)?.clone())));
        Ok(Self {
            principal,
            is_qualified,
            subject: claims.subject()?.to_owned(),
            client_id: claims.client_id().map(str::to_owned),
            scopes: claims.scopes(),
            groups: claims.groups(),
            token_id: claims.token_id().map(str::to_owned),
            times,
            bound_to: match claims.binding() {
                Binding::Key(thumbprint) => Some(thumbprint),
                Binding::None | Binding::Other => None,
            },
            extra: extra.collect(),
            acr: claims.acr().map(str::to_owned),
            signed_in_at: claims.signed_in_at(),
            lasting: OnceLock::new(),
            written_context: OnceLock::new(),
            rule_count: kept.rule_count,
            for_rules: kept
                .rules
                .iter()
                .map(|name| claims.find(name).cloned())
                .collect(),
            issuer,
        })
    }

    /// The principal, unique among all trusted issuers.
    pub(crate) fn principal(&self) -> &str {
        &self.principal
    }

    /// `iss`.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    /// `cid`, `client_id`, `azp` or `appid`.
    pub(crate) fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The scopes, if the token has such a claim.
    pub(crate) fn scopes(&self) -> Option<&[String]> {
        self.scopes.as_deref()
    }

    /// The groups as the issuer names them, if the token has such a claim.
    pub(crate) fn groups(&self) -> Option<&[String]> {
        self.groups.as_deref()
    }

    /// The groups in the context, unique among all trusted issuers.
    pub(crate) fn qualified_groups(&self) -> Option<Cow<'_, [String]>> {
        let groups = self.groups.as_deref()?;
        Some(if self.is_qualified {
            let qualify = |group: &String| format!("{}#{group}", self.issuer);
            groups.iter().map(qualify).collect()
        } else {
            groups.into()
        })
    }

    /// The key that the token is bound to, if it is bound.
    pub(crate) const fn bound_to(&self) -> Option<Thumbprint> {
        self.bound_to
    }

    /// `jti`.
    pub(crate) fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// `exp` in whole seconds since 1970, rounded down, and at most [`MAX_EXPIRY_SECONDS`].
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from a float saturates, and the bounds are those of exact integers"
    )]
    pub(crate) fn expires_at_secs(&self) -> u64 {
        self.times.expires_at.clamp(0.0, MAX_EXPIRY_SECONDS) as u64
    }

    /// The claims of `CONTEXT_CLAIMS` that the token has.
    pub(crate) const fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// `acr`.
    pub(crate) fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// Whether the sign-in (`auth_time`) is at most this old. A sign-in in the future is not accepted.
    pub(crate) fn signed_in_within(
        &self,
        max_age: Duration,
        now: Timestamp,
        leeway: Duration,
    ) -> bool {
        let leeway = leeway.as_secs_f64();
        self.signed_in_at.is_some_and(|signed_in_at| {
            let age = times::seconds(now) - signed_in_at;
            -leeway <= age && age <= max_age.as_secs_f64() + leeway
        })
    }

    /// The value of a claim that the rules name, by the claim's index.
    pub(crate) fn for_rule(&self, place: usize) -> Option<&Value> {
        self.for_rules.get(place)?.as_ref()
    }

    /// The rules whose time-independent demands this token meets. They are computed once per token, because with many
    /// rules this computation takes most of the time of a decision about a cached token.
    pub(crate) fn lasting_rules(&self, find: impl FnOnce() -> RuleSet) -> &RuleSet {
        self.lasting.get_or_init(find)
    }

    /// The context as JSON, serialised once per token.
    pub(crate) fn written_context(&self, write: impl FnOnce() -> Box<RawValue>) -> &RawValue {
        self.written_context.get_or_init(write)
    }

    pub(crate) const fn times(&self) -> &Times {
        &self.times
    }

    /// The approximate size in memory, in bytes. Most values are counted twice, because they are also in the serialised
    /// context.
    pub(crate) fn weight(&self) -> usize {
        let texts = [&self.principal, &self.subject]
            .into_iter()
            .chain(&self.client_id)
            .chain(&self.token_id)
            .chain(&self.acr);
        let lists = self.scopes.iter().chain(&self.groups).flatten();
        let extra = self
            .extra
            .iter()
            .map(|(name, value)| 64 + 2 * name.len() + json_len(value) + memory(value));
        let issuers = if self.is_qualified {
            1 + self.groups.as_ref().map_or(0, Vec::len)
        } else {
            1
        };
        let for_rules = self.for_rules.iter();
        let for_rules = for_rules.map(|value| 64 + value.as_ref().map_or(0, memory));
        size_of::<Self>()
            + 256
            + issuers * self.issuer.len()
            + self.rule_count / 8
            + texts
                .chain(lists)
                .map(|text| 24 + 2 * text.len())
                .sum::<usize>()
            + extra.chain(for_rules).sum::<usize>()
    }
}

/// The approximate memory of a value, in bytes, without the value itself. It can be a hundred times the length as JSON,
/// because a map allocates nodes for eleven members each, of which it may use one.
fn memory(value: &Value) -> usize {
    const NODE: usize = 768;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(string) => string.len(),
        Value::Array(elements) => {
            size_of_val(elements.as_slice()) + elements.iter().map(memory).sum::<usize>()
        }
        Value::Object(members) => {
            // All nodes but one have at least five members.
            let nodes = members.len().div_ceil(5);
            let values = members
                .iter()
                .map(|(name, value)| name.len() + memory(value));
            nodes * NODE + values.sum::<usize>()
        }
    }
}

/// Shows no claim: claims are personal data.
impl std::fmt::Debug for VerifiedClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifiedClaims")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The claims of a small token with these members, for these access rules and the context value `extra`.
    fn kept(
        members: &Value,
        is_qualified: bool,
        rules: &[&str],
        rule_count: usize,
    ) -> VerifiedClaims {
        let mut claims = json!({"sub": "s"});
        let changed = members.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(changed);
        let kept = KeptClaims {
            context: vec!["extra".to_owned()],
            rules: rules
                .iter()
                .map(|name| ClaimName::parse(name).unwrap())
                .collect(),
            rule_count,
        };
        let times = Times {
            expires_at: 0.0,
            not_before: None,
            issued_at: None,
        };
        let claims = UnverifiedClaims::new(claims.as_object().unwrap().clone());
        VerifiedClaims::new(
            &claims,
            "issuer".into(),
            times,
            "p".to_owned(),
            is_qualified,
            &kept,
        )
        .unwrap()
    }

    fn weight(members: &Value, is_qualified: bool, rules: &[&str], rule_count: usize) -> usize {
        kept(members, is_qualified, rules, rule_count).weight()
    }

    /// Small objects take up to a hundred times as much memory as JSON.
    #[test]
    fn the_weight_is_at_least_the_memory_of_nested_claims() {
        let nested = (0..20).fold(json!(1), |inner, _| json!({"a": [inner]}));
        let members: Map<String, Value> = (0..300).map(|i| (i.to_string(), i.into())).collect();
        for claim in [
            vec![json!({}); 1000].into(),
            vec![json!({"a": 1}); 1000].into(),
            vec![json!([1]); 1000].into(),
            vec![json!(""); 1000].into(),
            vec![json!({"a".repeat(1000): 1}); 100].into(),
            vec![nested; 20].into(),
            Value::Object(members),
        ] {
            let token = json!({"claim": claim, "extra": claim});
            let mut claims = None;
            let memory = allocation_counter::measure(|| {
                claims = Some(kept(&token, false, &["claim"], 1));
            });
            let weight = claims.unwrap().weight();
            let bytes = usize::try_from(memory.bytes_current).unwrap();
            assert!(bytes <= weight, "{bytes} > {weight}: {}", claim[0]);
            assert!(
                weight < 3 * bytes + 10_000,
                "{weight} for {bytes}: {}",
                claim[0]
            );
        }
    }

    #[test]
    fn everything_that_a_cached_token_keeps_has_weight() {
        let smallest = weight(&json!({}), false, &[], 0);
        let (principal, subject, issuer) = (26, 26, 6);
        assert_eq!(
            smallest,
            size_of::<VerifiedClaims>() + 256 + principal + subject + issuer
        );
        // The bytes of a string count twice, because it is also in the serialised context.
        let string = |bytes: usize| 24 + 2 * bytes;
        for (members, is_qualified, rules, rule_count, expected) in [
            (json!({"sub": "longer"}), false, &[][..], 0, 10),
            (json!({"cid": "client"}), false, &[], 0, string(6)),
            (json!({"jti": "id"}), false, &[], 0, string(2)),
            (json!({"acr": "phr"}), false, &[], 0, string(3)),
            (
                json!({"scp": ["one", "four"]}),
                false,
                &[],
                0,
                string(3) + string(4),
            ),
            (
                json!({"groups": ["one", "four"]}),
                false,
                &[],
                0,
                string(3) + string(4),
            ),
            // The issuer's name is part of the principal and of each group.
            (json!({}), true, &[], 0, 0),
            (
                json!({"groups": ["one", "four"]}),
                true,
                &[],
                0,
                string(3) + string(4) + 2 * issuer,
            ),
            (
                json!({"extra": [true, 1]}),
                false,
                &[],
                0,
                64 + 2 * "extra".len() + "[true,1]".len() + 2 * size_of::<Value>(),
            ),
            (json!({"ignored": "x"}), false, &[], 0, 0),
            (
                json!({"ignored": "x"}),
                false,
                &["ignored"],
                0,
                64 + "x".len(),
            ),
            (json!({}), false, &["ignored"], 0, 64),
            // A bit for each rule.
            (json!({}), false, &[], 800, 100),
        ] {
            let found = weight(&members, is_qualified, rules, rule_count) - smallest;
            assert_eq!(
                found, expected,
                "{members} {is_qualified} {rules:?} {rule_count}"
            );
        }
    }
}
