//! Attacks with tokens that are well-formed and correctly signed, but not for this API.

use serde_json::{Value, json};

use super::support::{ISSUER, NOW, Signer, World, claims, claims_with, header, mint, token_with};
use super::{accepted, refused_cheaply};

/// A token with a claim of this value, which may be null.
fn with_claim(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims
        .as_object_mut()
        .unwrap()
        .insert(name.to_owned(), value);
    mint(&header(), &claims, Signer::rsa())
}

#[test]
fn an_issuer_that_is_not_trusted() {
    let world = World::new(&[]);
    for issuer in [
        json!("https://evil.example"),
        json!(format!("{ISSUER}/")),
        json!(ISSUER.to_uppercase()),
        json!("https://example.okta.com.evil.example"),
        json!(format!(" {ISSUER}")),
        json!([ISSUER]),
        json!(["https://evil.example", ISSUER]),
        json!(""),
        json!(null),
        json!(5),
    ] {
        refused_cheaply(&world, &with_claim("iss", issuer), "issuer_not_trusted");
    }
    refused_cheaply(
        &world,
        &token_with(&json!({"iss": null})),
        "issuer_not_trusted",
    );
}

/// Okta's org server has the same domain as the trusted custom server, but its tokens are not for APIs.
#[test]
fn a_token_of_the_org_server_of_the_same_domain() {
    let world = World::new(&[]);
    for issuer in ["https://example.okta.com", "https://example.okta.com/"] {
        refused_cheaply(
            &world,
            &with_claim("iss", json!(issuer)),
            "org_server_token",
        );
    }
    let world = World::new(&[("ISSUER", "https://example.okta.com/tenants/1")]);
    let token = with_claim("iss", json!("https://example.okta.com"));
    refused_cheaply(&world, &token, "issuer_not_trusted");
}

#[test]
fn no_expiry() {
    let world = World::new(&[]);
    refused_cheaply(&world, &token_with(&json!({"exp": null})), "expiry_missing");
    for exp in [
        json!(null),
        json!("9999999999"),
        json!([NOW + 60]),
        json!(true),
    ] {
        refused_cheaply(&world, &with_claim("exp", exp), "time_malformed");
    }
}

#[test]
fn an_expired_token() {
    let world = World::new(&[]);
    for exp in [
        json!(NOW - 60),
        json!(NOW - 61),
        json!(0),
        json!(-1),
        json!(NOW as f64 - 60.5),
        json!(-1e300),
    ] {
        refused_cheaply(&world, &with_claim("exp", exp), "token_expired");
    }
    for exp in [json!(NOW - 59), json!(NOW as f64 - 59.5), json!(1e18)] {
        accepted(&world, &with_claim("exp", exp));
    }
}

#[test]
fn a_token_from_the_future() {
    let world = World::new(&[]);
    refused_cheaply(
        &world,
        &with_claim("nbf", json!(NOW + 61)),
        "token_not_yet_valid",
    );
    refused_cheaply(
        &world,
        &with_claim("nbf", json!(NOW as f64 + 60.5)),
        "token_not_yet_valid",
    );
    refused_cheaply(
        &world,
        &with_claim("iat", json!(NOW + 61)),
        "issued_in_future",
    );
    for claim in ["nbf", "iat"] {
        refused_cheaply(&world, &with_claim(claim, json!("soon")), "time_malformed");
        accepted(&world, &with_claim(claim, json!(NOW + 60)));
        accepted(&world, &with_claim(claim, json!(NOW as f64 - 0.25)));
    }
    accepted(&world, &token_with(&json!({"iat": null})));
}

#[test]
fn the_leeway_setting_applies() {
    let world = World::new(&[("CLOCK_LEEWAY_SECONDS", "0")]);
    refused_cheaply(&world, &with_claim("exp", json!(NOW)), "token_expired");
    refused_cheaply(
        &world,
        &with_claim("nbf", json!(NOW + 1)),
        "token_not_yet_valid",
    );
    accepted(&world, &with_claim("exp", json!(NOW + 1)));
}

#[test]
fn a_token_for_another_audience() {
    let world = World::new(&[("AUDIENCE", "api://default, api://two")]);
    for (aud, reason) in [
        (json!("api://other"), "audience_not_ours"),
        (json!(["api://other", "web"]), "audience_not_ours"),
        (json!("api://default "), "audience_not_ours"),
        (json!("api://default api://two"), "audience_not_ours"),
        (json!("API://DEFAULT"), "audience_not_ours"),
        (json!(""), "audience_missing"),
        (json!([]), "audience_missing"),
        (json!(null), "audience_missing"),
        (json!(5), "audience_malformed"),
        (json!({"aud": "api://default"}), "audience_malformed"),
        (json!(["evil", 5]), "audience_malformed"),
        (json!(["api://default", null]), "audience_malformed"),
    ] {
        refused_cheaply(&world, &with_claim("aud", aud), reason);
    }
    refused_cheaply(
        &world,
        &token_with(&json!({"aud": null})),
        "audience_missing",
    );
    accepted(&world, &with_claim("aud", json!(["other", "api://two"])));
}

#[test]
fn no_subject() {
    let world = World::new(&[]);
    refused_cheaply(
        &world,
        &token_with(&json!({"sub": null})),
        "subject_missing",
    );
    for sub in [json!(null), json!(""), json!(5), json!(["alice"])] {
        refused_cheaply(&world, &with_claim("sub", sub), "subject_missing");
    }
}

#[test]
fn no_claim_that_names_the_principal() {
    let world = World::new(&[("PRINCIPAL_CLAIMS", "uid,email")]);
    refused_cheaply(
        &world,
        &token_with(&json!({"uid": null})),
        "principal_missing",
    );
    accepted(
        &world,
        &token_with(&json!({"uid": null, "email": "a@example.com"})),
    );
}

/// No other claim may replace a claim that is present, even if that is malformed.
#[test]
fn a_malformed_principal_does_not_fall_through_to_the_next_claim() {
    let world = World::new(&[]);
    for uid in [json!(null), json!(""), json!(5), json!(["00u1"]), json!({})] {
        refused_cheaply(&world, &with_claim("uid", uid), "principal_malformed");
    }
}

#[test]
fn a_client_that_is_not_allowed() {
    let world = World::new(&[("CLIENT_IDS", "web,cli")]);
    for client in [
        json!({"cid": "other"}),
        json!({"cid": null}),
        json!({"cid": "WEB"}),
        json!({"cid": null, "client_id": "other", "azp": "web"}),
        json!({"cid": "other", "client_id": "web"}),
        json!({"cid": 5, "client_id": "web"}),
        json!({"cid": null, "azp": "other"}),
        json!({"cid": null, "azp": "other", "appid": "web"}),
        json!({"cid": null, "appid": "other"}),
    ] {
        refused_cheaply(&world, &token_with(&client), "client_not_allowed");
    }
    for client in [
        json!({}),
        json!({"cid": null, "client_id": "cli"}),
        json!({"cid": null, "azp": "cli"}),
        json!({"cid": null, "appid": "cli"}),
    ] {
        accepted(&world, &token_with(&client));
    }
}

#[test]
fn an_id_token_where_access_tokens_are_expected() {
    let world = World::new(&[]);
    let id_token = json!({"jti": "ID.1", "cid": null, "scp": null, "uid": null, "amr": ["pwd"], "idp": "00o1"});
    refused_cheaply(&world, &token_with(&id_token), "id_token");
    for mark in [
        json!({"nonce": "n"}),
        json!({"at_hash": "h"}),
        json!({"c_hash": "h"}),
        json!({"token_use": "id"}),
    ] {
        refused_cheaply(&world, &token_with(&mark), "id_token");
    }
    // The real audience of an ID token is the client.
    refused_cheaply(
        &world,
        &token_with(&json!({"aud": "web"})),
        "audience_not_ours",
    );
}

#[test]
fn an_access_token_where_id_tokens_are_expected() {
    let world = World::new(&[("TOKEN_USE", "id")]);
    refused_cheaply(&world, &token_with(&json!({})), "access_token");
    let bare = json!({"jti": "x", "cid": null, "scp": null});
    let typed = json!({"kid": "k1", "alg": "RS256", "typ": "at+jwt"});
    refused_cheaply(
        &world,
        &mint(&typed, &claims_with(&bare), Signer::rsa()),
        "access_token",
    );
    accepted(
        &world,
        &token_with(&json!({"jti": "ID.1", "cid": null, "scp": null, "nonce": "n"})),
    );
}

#[test]
fn a_bound_token_sent_as_a_plain_bearer_token() {
    let world = World::new(&[]);
    for cnf in [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "x"}),
        json!({}),
        json!(null),
    ] {
        refused_cheaply(&world, &with_claim("cnf", cnf), "bound_token");
    }
}
