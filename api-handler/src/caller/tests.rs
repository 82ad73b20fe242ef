use serde_json::{Value, json};
use testkit::contexts;

use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

fn context(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut context = contexts::signed_in("alice", &["Everyone", "Admins"], 1_767_225_600);
    change(context.as_object_mut().unwrap());
    context
}

fn parse(context: &Value) -> Result<Caller, Problem> {
    Caller::from_context(AuthorizerContext::parse(context), Some("Admins"), NOW)
}

#[test]
fn strings_and_typed_values_are_equal() {
    let strings = parse(&context(|_| {})).unwrap();
    let typed = parse(&context(|c| {
        c.insert("signedIn".into(), true.into());
        c.insert("exp".into(), 1_767_225_600.into());
    }));
    assert_eq!(typed.unwrap(), strings);
    assert_eq!(
        strings,
        Caller::SignedIn(SignedIn {
            principal: "alice".into(),
            subject: Some("alice@example.com".into()),
            client_id: Some("web".into()),
            scopes: vec!["openid".into(), "state:write".into()],
            groups: BTreeSet::from(
                ["Admins", "Everyone"].map(|name| GroupName::parse(name).unwrap())
            ),
            expires_at: NOW,
            admin: true,
        })
    );
}

#[test]
fn a_malformed_context_is_anonymous() {
    let check = |name: &str, value: Value| {
        let caller = parse(&context(|c| drop(c.insert(name.to_owned(), value.clone()))));
        assert_eq!(caller, Ok(Caller::Anonymous), "{name}: {value}");
    };
    for odd in [
        json!(null),
        json!(false),
        json!("false"),
        json!("TRUE"),
        json!("1"),
        json!(1),
        json!({}),
        json!([true]),
        json!("true "),
    ] {
        check("signedIn", odd);
    }
    for odd in [
        json!(null),
        json!(""),
        json!(7),
        json!(["alice"]),
        json!("x".repeat(2049)),
    ] {
        check("principal", odd);
    }
    for odd in [
        json!(null),
        json!(""),
        json!("soon"),
        json!("NaN"),
        json!("inf"),
        json!(1e300),
        json!({}),
        json!(true),
    ] {
        check("exp", odd);
    }
    for odd in contexts::malformed() {
        assert_eq!(parse(&odd), Ok(Caller::Anonymous), "{odd}");
    }
    assert_eq!(
        Caller::from_context(AuthorizerContext::Anonymous, None, NOW),
        Ok(Caller::Anonymous)
    );
}

#[test]
fn a_context_without_a_member_is_anonymous() {
    for name in ["signedIn", "principal", "exp"] {
        assert_eq!(
            parse(&context(|c| drop(c.remove(name)))),
            Ok(Caller::Anonymous),
            "{name}"
        );
    }
}

#[test]
fn a_principal_over_the_limit_is_anonymous() {
    for (bytes, is_signed_in) in [
        (MAX_PRINCIPAL_BYTES, true),
        (MAX_PRINCIPAL_BYTES + 1, false),
    ] {
        let long = context(|c| drop(c.insert("principal".into(), "p".repeat(bytes).into())));
        let caller = parse(&long).unwrap();
        assert_eq!(caller.signed_in().is_ok(), is_signed_in, "{bytes}");
    }
}

#[test]
fn a_token_that_expired_over_a_minute_ago_is_rejected() {
    let check = |exp: Value, good: bool| {
        assert_eq!(
            parse(&context(|c| drop(c.insert("exp".into(), exp.clone())))).is_ok(),
            good,
            "{exp}"
        );
    };
    check(json!("1767225540"), true);
    check(json!(1_767_225_540.5), true);
    check(json!("1767225539.9"), false);
    check(json!(1_767_225_539), false);
    check(json!("0"), false);
    check(json!(-1), false);
}

#[test]
fn malformed_groups_are_no_groups() {
    for odd in [
        json!(null),
        json!("Admins"),
        json!("[\"Admins\",7]"),
        json!("{\"Admins\":1}"),
        json!(["Admins"]),
        json!("[[\"Admins\"]]"),
    ] {
        let caller = parse(&context(|c| drop(c.insert("groups".into(), odd.clone())))).unwrap();
        let caller = caller.signed_in().unwrap();
        assert!(caller.groups.is_empty() && !caller.admin, "{odd}");
    }
}

#[test]
fn admins_are_the_members_of_the_configured_group() {
    let admin = |group: Option<&str>| {
        Caller::from_context(AuthorizerContext::parse(context(|_| {})), group, NOW)
            .unwrap()
            .signed_in()
            .unwrap()
            .admin
    };
    assert!(admin(Some("Admins")));
    assert!(!admin(Some("admins")));
    assert!(!admin(None));
}

#[test]
fn groups_that_no_resource_can_name_are_ignored() {
    let longest = "\u{fc}".repeat(255);
    let names = json!(["", "a\nb", "x".repeat(256), "y".repeat(5000), longest]);
    let context = context(|c| drop(c.insert("groups".into(), names.to_string().into())));
    let caller = Caller::from_context(
        AuthorizerContext::parse(&context),
        Some(&"x".repeat(256)),
        NOW,
    )
    .unwrap();
    let caller = caller.signed_in().unwrap();
    let groups: Vec<_> = caller.groups.iter().map(GroupName::as_str).collect();
    assert_eq!(groups, [longest]);
    assert!(
        caller.admin,
        "the admins' group may be longer, because it may have an issuer in front"
    );
}

#[test]
fn with_several_issuers_the_admins_belong_to_one() {
    let admin = |group: &str| {
        let groups = json!([group]).to_string();
        let context = context(|c| drop(c.insert("groups".into(), groups.into())));
        let admins = Some("https://a.example.com#Admins");
        Caller::from_context(AuthorizerContext::parse(&context), admins, NOW)
            .unwrap()
            .signed_in()
            .unwrap()
            .admin
    };
    assert!(admin("https://a.example.com#Admins"));
    assert!(!admin("https://b.example.com#Admins"));
    assert!(!admin("Admins"));
}
