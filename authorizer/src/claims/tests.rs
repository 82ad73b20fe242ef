use serde_json::json;

use super::*;

fn claims(value: &Value) -> UnverifiedClaims {
    UnverifiedClaims::new(value.as_object().unwrap().clone())
}

#[test]
fn an_audience_is_a_string_or_an_array_of_strings() {
    let ours = ["api://default".to_owned(), "api://two".to_owned()];
    for (aud, expected) in [
        (json!("api://default"), Ok(())),
        (json!(["other", "api://two"]), Ok(())),
        (json!("api://Default"), Err(Refusal::AudienceNotOurs)),
        (
            json!("api://default,api://two"),
            Err(Refusal::AudienceNotOurs),
        ),
        (json!(["other"]), Err(Refusal::AudienceNotOurs)),
        (json!(null), Err(Refusal::AudienceMissing)),
        (json!(""), Err(Refusal::AudienceMissing)),
        (json!([]), Err(Refusal::AudienceMissing)),
        (json!(5), Err(Refusal::AudienceMalformed)),
        (json!({"api://default": 1}), Err(Refusal::AudienceMalformed)),
        (json!(["api://default", 5]), Err(Refusal::AudienceMalformed)),
        (json!([["api://default"]]), Err(Refusal::AudienceMalformed)),
    ] {
        assert_eq!(
            claims(&json!({"aud": aud})).check_audience(&ours),
            expected,
            "{aud}"
        );
    }
    assert_eq!(
        claims(&json!({})).check_audience(&ours),
        Err(Refusal::AudienceMissing)
    );
}

#[test]
fn times_are_finite_numbers() {
    let times = claims(&json!({"exp": 10.5, "nbf": 3, "iat": -1})).times();
    assert_eq!(
        times,
        Ok(Times {
            expires_at: 10.5,
            not_before: Some(3.0),
            issued_at: Some(-1.0)
        })
    );
    assert_eq!(claims(&json!({})).times(), Err(Refusal::ExpiryMissing));
    for bad in [json!("10"), json!(null), json!([10]), json!(true)] {
        let refused = |claim| Err(Refusal::TimeMalformed { claim });
        assert_eq!(claims(&json!({"exp": bad})).times(), refused("exp"));
        assert_eq!(
            claims(&json!({"exp": 10, "nbf": bad})).times(),
            refused("nbf")
        );
        assert_eq!(
            claims(&json!({"exp": 10, "iat": bad})).times(),
            refused("iat")
        );
    }
}

#[test]
fn the_client_is_cid_else_client_id_else_azp_else_appid() {
    for (members, expected) in [
        (json!({"cid": "a", "client_id": "b", "azp": "c"}), Some("a")),
        (json!({"client_id": "b", "azp": "c"}), Some("b")),
        (json!({"azp": "c", "appid": "d"}), Some("c")),
        (json!({"appid": "d"}), Some("d")),
        (json!({"cid": 5, "client_id": "b"}), None),
        (json!({"cid": null, "azp": "c"}), None),
        (json!({"cid": "", "azp": "c"}), None),
        (json!({"azp": 5, "appid": "d"}), None),
        (json!({"appid": ["d"]}), None),
        (json!({}), None),
    ] {
        assert_eq!(claims(&members).client_id(), expected, "{members}");
    }
}

#[test]
fn scopes_are_read_from_either_claim_and_never_merged() {
    for (members, expected) in [
        (
            json!({"scp": ["openid", "state:write"]}),
            Some(vec!["openid", "state:write"]),
        ),
        (
            json!({"scope": "openid state:write"}),
            Some(vec!["openid", "state:write"]),
        ),
        (json!({"scp": "one two"}), Some(vec!["one", "two"])),
        (
            json!({"scp": ["one two", "", 5, "three", "tab\t", "h\u{e9}"]}),
            Some(vec!["three"]),
        ),
        (json!({"scp": ["a"], "scope": "b"}), Some(vec!["a"])),
        (json!({"scp": []}), Some(vec![])),
        (json!({"scp": 5}), None),
        (json!({}), None),
    ] {
        let expected: Option<Vec<String>> =
            expected.map(|e| e.into_iter().map(str::to_owned).collect());
        assert_eq!(claims(&members).scopes(), expected, "{members}");
    }
}

#[test]
fn the_kinds_of_token_are_distinguished() {
    for (members, id, access) in [
        // Okta, access and ID token.
        (
            json!({"jti": "AT.x", "cid": "c", "uid": "u", "scp": ["a"]}),
            false,
            true,
        ),
        (
            json!({"jti": "ID.x", "amr": ["pwd"], "idp": "i", "at_hash": "h"}),
            true,
            false,
        ),
        // RFC 9068, Auth0, Cognito, Keycloak.
        (json!({"jti": "x", "client_id": "c"}), false, true),
        (json!({"azp": "c", "scope": "a"}), false, true),
        (json!({"token_use": "access"}), false, true),
        (json!({"token_use": "id"}), true, false),
        (json!({"azp": "c", "nonce": "n"}), true, false),
        // No sign of either kind.
        (json!({"jti": "x"}), false, false),
    ] {
        let found = claims(&members);
        assert_eq!(
            (found.looks_like_id_token(), found.looks_like_access_token()),
            (id, access),
            "{members}"
        );
    }
}

#[test]
fn the_debug_output_has_no_claim() {
    assert_eq!(
        format!("{:?}", claims(&json!({"email": "alice@example.com"}))),
        "UnverifiedClaims(1 members)"
    );
}

#[test]
fn only_a_single_well_formed_thumbprint_binds_a_token_to_a_key() {
    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let key = URL_SAFE_NO_PAD.decode(thumbprint).unwrap();
    assert_eq!(claims(&json!({})).binding(), Binding::None);
    assert_eq!(
        claims(&json!({"cnf": {"jkt": thumbprint}})).binding(),
        Binding::Key(key.try_into().unwrap())
    );
    for cnf in [
        json!(null),
        json!({}),
        json!(thumbprint),
        json!([{"jkt": thumbprint}]),
        json!({"x5t#S256": thumbprint}),
        json!({"jkt": thumbprint, "x5t#S256": thumbprint}),
        json!({"jkt": null}),
        json!({"jkt": [thumbprint]}),
        json!({"jkt": ""}),
        json!({"jkt": format!("{thumbprint}=")}),
        json!({"jkt": thumbprint.trim_end_matches('I')}),
        json!({"jkt": "AAAA"}),
        json!({"JKT": thumbprint}),
    ] {
        assert_eq!(
            claims(&json!({"cnf": cnf})).binding(),
            Binding::Other,
            "{cnf}"
        );
    }
}
