use serde_json::json;

use serde::Deserialize as _;

use super::*;

const EXP: u64 = 1_767_225_600;

fn alice() -> SignedInContext {
    let strings = |items: &[&str]| Some(items.iter().map(|item| (*item).to_owned()).collect());
    SignedInContext {
        principal: "00u1".to_owned(),
        subject: Some("alice@example.com".to_owned()),
        issuer: Some("https://issuer.example".to_owned()),
        client_id: Some("web".to_owned()),
        scopes: strings(&["openid", "state:write"]),
        groups: strings(&["Everyone", "a \"quoted\", one"]),
        expires_at: Timestamp::from_secs(EXP),
        token_id: Some("t-1".to_owned()),
        step_up: None,
        claims: Map::new(),
    }
}

fn write(context: &AuthorizerContext) -> Value {
    serde_json::to_value(context).unwrap()
}

/// The context as a REST API passes it: every value is a string, and API Gateway adds two members.
fn through_rest(context: &Value) -> Value {
    let members = context.as_object().unwrap().iter().map(|(name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), Value::from(text))
    });
    let added = [
        ("principalId".to_owned(), "00u1".into()),
        ("integrationLatency".to_owned(), 12.into()),
    ];
    members.chain(added).collect()
}

#[test]
fn a_context_is_flat_and_has_no_nulls() {
    let mut caller = alice();
    caller.claims = json!({"tenant": "t1", "level": 3, "beta": true, "roles": ["a"], "address": {"city": "x"}, "none": null})
        .as_object()
        .unwrap()
        .clone();
    let expected = json!({
        "signedIn": true, "principal": "00u1", "sub": "alice@example.com", "iss": "https://issuer.example",
        "clientId": "web", "scope": "openid state:write", "groups": r#"["Everyone","a \"quoted\", one"]"#,
        "exp": EXP, "jti": "t-1", "tenant": "t1", "level": 3, "beta": true, "roles": r#"["a"]"#,
        "address": r#"{"city":"x"}"#,
    });
    assert_eq!(write(&AuthorizerContext::SignedIn(caller)), expected);
    assert_eq!(
        write(&AuthorizerContext::Anonymous),
        json!({"signedIn": false})
    );
}

#[test]
fn missing_claims_are_left_out_and_no_custom_claim_replaces_them() {
    let caller = SignedInContext {
        subject: None,
        issuer: None,
        client_id: None,
        scopes: None,
        groups: None,
        token_id: None,
        claims:
            json!({"groups": ["Admins"], "signedIn": false, "principal": "root", "stepUp": "none"})
                .as_object()
                .unwrap()
                .clone(),
        ..alice()
    };
    let expected = json!({"signedIn": true, "principal": "00u1", "exp": EXP});
    assert_eq!(write(&AuthorizerContext::SignedIn(caller)), expected);
}

#[test]
fn a_written_context_is_read_back_from_both_kinds_of_api() {
    let mut caller = alice();
    caller.claims.insert("tenant".to_owned(), "t1".into());
    caller.step_up = Some("urn:okta:loa:2fa:any phr".to_owned());
    let few = SignedInContext {
        scopes: None,
        groups: None,
        token_id: None,
        ..alice()
    };
    for context in [
        AuthorizerContext::SignedIn(caller),
        AuthorizerContext::SignedIn(few),
        AuthorizerContext::Anonymous,
    ] {
        let written = write(&context);
        assert_eq!(AuthorizerContext::parse(&written), context);
        assert_eq!(AuthorizerContext::parse(through_rest(&written)), context);
    }
}

#[test]
fn a_context_that_the_authorizer_cannot_have_written_is_anonymous() {
    let good = || write(&AuthorizerContext::SignedIn(alice()));
    for (name, odd) in [
        (
            "signedIn",
            json!([null, false, "false", "TRUE", "1", 1, {}, [true], "true "]),
        ),
        ("principal", json!([null, "", 7, ["alice"]])),
        (
            "exp",
            json!([null, "", "soon", "NaN", "inf", "-inf", 1e300, {}, true]),
        ),
    ] {
        for value in odd.as_array().unwrap() {
            let mut context = good();
            context[name] = value.clone();
            assert_eq!(
                AuthorizerContext::parse(&context),
                AuthorizerContext::Anonymous,
                "{name}: {value}"
            );
        }
        let mut context = good();
        context.as_object_mut().unwrap().remove(name);
        assert_eq!(
            AuthorizerContext::parse(&context),
            AuthorizerContext::Anonymous,
            "no {name}"
        );
    }
    for odd in testkit::contexts::malformed() {
        assert_eq!(
            AuthorizerContext::parse(&odd),
            AuthorizerContext::Anonymous,
            "{odd}"
        );
    }
}

#[test]
fn an_expiry_may_be_a_string_or_have_a_fraction() {
    for (exp, expected) in [
        (json!(EXP), Some(EXP * 1000)),
        (json!(EXP.to_string()), Some(EXP * 1000)),
        (json!("1767225600.25"), Some(EXP * 1000 + 250)),
        (json!(-1), Some(0)),
        (json!(253_402_300_799_u64), Some(253_402_300_799_000)),
        (json!(253_402_300_800_u64), Some(253_402_300_799_000)),
        (json!("9007199254740991"), Some(253_402_300_799_000)),
        (json!("9007199254740992"), None),
    ] {
        let member = MemberValue::deserialize(&exp).unwrap();
        assert_eq!(
            expiry(&member),
            expected.map(Timestamp::from_millis),
            "{exp}"
        );
    }
}

#[test]
fn malformed_groups_are_ignored() {
    for odd in [
        json!(null),
        json!("Admins"),
        json!("[\"Admins\",7]"),
        json!("{\"Admins\":1}"),
        json!(["Admins"]),
    ] {
        let mut context = write(&AuthorizerContext::SignedIn(alice()));
        context["groups"] = odd.clone();
        let AuthorizerContext::SignedIn(caller) = AuthorizerContext::parse(&context) else {
            panic!("{odd}: expected a caller who is signed in");
        };
        assert_eq!(caller.groups, None, "{odd}");
    }
}

#[test]
fn the_debug_output_of_a_context_has_no_claim() {
    assert!(!format!("{:?}", AuthorizerContext::SignedIn(alice())).contains("alice"));
}
