//! The IAM policy. API Gateway evaluates it for each request and may cache it.

use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::access::{NothingGranted, Permit};
use crate::target::{CONNECT, EventRoute, Target};

/// The maximum length of a resource in a policy, in characters.
pub(crate) const MAX_RESOURCE_CHARS: usize = 512;

/// Every route of the stage, written instead of a verb and a path.
const ALL: &str = "*";

/// A policy document. It is built from the stage and the rules that the caller meets, never from the method and path of
/// the request. It is therefore correct for every route, and a cached policy decides later requests correctly. No member
/// is ever null, because API Gateway answers 500 to `"Condition": null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument<'p> {
    version: &'static str,
    statement: [PolicyStatement<'p>; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyStatement<'p> {
    action: &'static str,
    effect: Effect,
    #[serde(serialize_with = "write_resources")]
    resource: Vec<PolicyResource<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<PolicyCondition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Effect {
    Allow,
    Deny,
}

/// A resource of a statement: routes of one stage. Its parts are joined when it is serialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PolicyResource<'p> {
    stage: &'p str,
    /// A verb; without a path, `*` for all routes, or the route that opens a WebSocket.
    verb: &'p str,
    /// A path pattern with its leading slash, or empty.
    path: &'p str,
}

/// The end of the validity of a policy that API Gateway caches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct PolicyCondition {
    #[serde(rename = "DateLessThan")]
    date_less_than: DateLessThan,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct DateLessThan {
    #[serde(rename = "aws:CurrentTime")]
    current_time: String,
}

impl<'p> PolicyDocument<'p> {
    /// The policy for a decision. It allows nothing at or after `ends_at_secs`.
    pub fn new(
        decision: &Result<Permit<'p>, NothingGranted>,
        target: &'p Target,
        ends_at_secs: Option<u64>,
    ) -> Self {
        let statement = match decision {
            Ok(permit) => PolicyStatement {
                action: "execute-api:Invoke",
                effect: Effect::Allow,
                resource: resources(permit, target),
                condition: ends_at_secs.map(PolicyCondition::until),
            },
            Err(NothingGranted) => PolicyStatement {
                action: "execute-api:Invoke",
                effect: Effect::Deny,
                resource: vec![PolicyResource {
                    stage: target.stage_prefix(),
                    verb: ALL,
                    path: "",
                }],
                condition: None,
            },
        };
        Self {
            version: "2012-10-17",
            statement: [statement],
        }
    }

    /// The resources of the only statement.
    pub(crate) fn resources(&self) -> &[PolicyResource<'p>] {
        let [statement] = &self.statement;
        &statement.resource
    }
}

fn resources<'p>(permit: &Permit<'p>, target: &'p Target) -> Vec<PolicyResource<'p>> {
    let resource = |verb, path| PolicyResource {
        stage: target.stage_prefix(),
        verb,
        path,
    };
    if *target.route() == EventRoute::Connect {
        return vec![resource(CONNECT, "")];
    }
    let mut resources = Vec::with_capacity(8);
    for (place, rule) in permit.rules().enumerate() {
        let path = rule.path.as_str();
        if rule.covers_everything() {
            let all = resource(ALL, "");
            if !resources.contains(&all) {
                resources.push(all);
            }
            continue;
        }
        // Rules may overlap; each resource is listed once.
        let may_repeat = permit
            .rules()
            .take(place)
            .any(|earlier| earlier.path == rule.path);
        // A `*` for the verb would match across slashes: `*/admin` also covers `GET/public/admin`.
        for verb in rule.methods.verbs() {
            let resource = resource(verb.as_str(), path);
            if !may_repeat || !resources.contains(&resource) {
                resources.push(resource);
            }
        }
    }
    resources
}

impl PolicyResource<'_> {
    /// The length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.stage.len() + "/".len() + self.verb.len() + self.path.len()
    }
}

/// Serialises resources. Only a path can have a character that JSON escapes; the rest is copied.
fn write_resources<S: Serializer>(
    resources: &[PolicyResource<'_>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let bytes: usize = resources.iter().map(|resource| resource.len() + 3).sum();
    let mut json = String::with_capacity(bytes + 2);
    json.push('[');
    for (place, resource) in resources.iter().enumerate() {
        json.push_str(if place == 0 { "\"" } else { ",\"" });
        json.push_str(resource.stage);
        json.push('/');
        json.push_str(resource.verb);
        push_escaped(&mut json, resource.path).map_err(ser::Error::custom)?;
        json.push('"');
    }
    json.push(']');
    RawValue::from_string(json)
        .map_err(ser::Error::custom)?
        .serialize(serializer)
}

fn push_escaped(json: &mut String, path: &str) -> serde_json::Result<()> {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if path.bytes().all(is_plain) {
        json.push_str(path);
    } else {
        let quoted = serde_json::to_string(path)?;
        let text = quoted.strip_prefix('"');
        let text = text.and_then(|text| text.strip_suffix('"'));
        json.push_str(text.unwrap_or_default());
    }
    Ok(())
}

impl PolicyCondition {
    fn until(secs: u64) -> Self {
        // A time after the year 9999 has no RFC 3339 form.
        const LAST: i64 = 253_402_300_799;
        let secs = i64::try_from(secs).unwrap_or(LAST).min(LAST);
        let current_time = OffsetDateTime::from_unix_timestamp(secs)
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned());
        Self {
            date_less_than: DateLessThan { current_time },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::AccessRule;
    use crate::config::parse_access_rules;

    const PREFIX: &str = "arn:aws-cn:execute-api:cn-north-1:111122223333:abc/prod";

    fn rules(json: &str) -> Vec<AccessRule> {
        parse_access_rules(json.as_bytes(), &[]).unwrap()
    }

    #[track_caller]
    fn check(rules_json: &str, resources: &[&str]) {
        let rules = rules(rules_json);
        let target = Target::parse(&format!("{PREFIX}/GET/evil*path?")).unwrap();
        let policy = PolicyDocument::new(&Ok(Permit::of_all(&rules)), &target, None);
        let resources: Vec<String> = resources
            .iter()
            .map(|resource| format!("{PREFIX}/{resource}"))
            .collect();
        let expected = json!({
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resources}],
        });
        assert_eq!(
            serde_json::to_value(&policy).unwrap(),
            expected,
            "{rules_json}"
        );
    }

    #[test]
    fn resources_come_only_from_the_rules() {
        check(
            r#"[{"methods": ["GET", "PUT"], "path": "/state/*"}]"#,
            &["GET/state/*", "PUT/state/*"],
        );
        check(r#"[{"methods": ["GET"], "path": "/"}]"#, &["GET/"]);
        check(r#"[{"methods": ["*"], "path": "/*"}]"#, &["*"]);
        check(r#"[{"methods": ["GET"], "path": "/*"}]"#, &["GET/*"]);
        check(
            r#"[{"methods": ["GET", "PUT"], "path": "/\"a\\\""}]"#,
            &[r#"GET/"a\""#, r#"PUT/"a\""#],
        );
    }

    #[test]
    fn a_star_for_the_verb_is_written_out() {
        check(
            r#"[{"methods": ["*"], "path": "/admin/*"}]"#,
            &[
                "GET/admin/*",
                "HEAD/admin/*",
                "POST/admin/*",
                "PUT/admin/*",
                "PATCH/admin/*",
                "DELETE/admin/*",
                "OPTIONS/admin/*",
            ],
        );
    }

    #[test]
    fn a_resource_that_two_rules_grant_is_listed_once() {
        check(
            r#"[{"methods": ["GET"], "path": "/a"}, {"methods": ["GET", "PUT"], "path": "/a", "anonymous": true}]"#,
            &["GET/a", "PUT/a"],
        );
        check(
            r#"[{"methods": ["*"], "path": "/*", "anonymous": true}, {"methods": ["GET", "*"], "path": "/*"}]"#,
            &["*"],
        );
        check(
            r#"[{"methods": ["GET", "PUT", "GET"], "path": "/a"}]"#,
            &["GET/a", "PUT/a"],
        );
    }

    #[test]
    fn a_policy_can_expire_with_its_token() {
        for (secs, expected) in [
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            let found = serde_json::to_value(PolicyCondition::until(secs)).unwrap();
            assert_eq!(
                found,
                json!({"DateLessThan": {"aws:CurrentTime": expected}})
            );
        }
    }

    #[test]
    fn nothing_granted_denies_the_whole_stage() {
        let target = Target::parse(&format!("{PREFIX}/GET/a")).unwrap();
        let policy = PolicyDocument::new(&Err(NothingGranted), &target, Some(5));
        let expected = json!({
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": [format!("{PREFIX}/*")]}],
        });
        assert_eq!(serde_json::to_value(&policy).unwrap(), expected);
    }
}
