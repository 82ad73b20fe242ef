//! The method and the URL of a proof (RFC 9449, section 4.3).

use serde_json::{Value, json};

use super::{granted, granted_proof, refused, refused_changes, requiring};
use crate::support::proof::{Prover, URL, dpop_headers, http_2_event, rest_event, rest_event_at};
use crate::support::{STAGE, World};
use crate::wait;

#[test]
fn a_proof_for_another_method() {
    let none = json!({});
    refused_changes(&[
        (none.clone(), json!({"htm": null}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": "POST"}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": "get"}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": "GET "}), "dpop_method_mismatch"),
        (none.clone(), json!({"htm": ""}), "dpop_method_mismatch"),
        (none, json!({"htm": ["GET"]}), "dpop_method_mismatch"),
    ]);
    let (world, client) = (requiring(), Prover::client());
    let token = client.token();
    let put = client.proof_with(&token, &json!({}), &json!({"htm": "PUT"}));
    let event = rest_event_at(
        "PUT/state/42",
        "/prod/state/42",
        &dpop_headers(&token, &put),
    );
    granted(&world, &event);
}

#[test]
fn a_proof_for_another_url() {
    let table: Vec<(Value, Value, &str)> = [
        json!(null),
        json!(5),
        json!(""),
        json!("/prod/state/42"),
        json!("//api.example.com/prod/state/42"),
        json!("api.example.com/prod/state/42"),
        json!("https:/api.example.com/prod/state/42"),
        json!("https:\\\\api.example.com\\prod\\state\\42"),
        json!(" https://api.example.com/prod/state/42"),
        json!("https://api.example.com/prod/state/42\n"),
        json!("https://api.example.com/prod/state/4\t2"),
        json!("https://api.example.com/prod/state/%4"),
        json!([URL]),
    ]
    .into_iter()
    .map(|htu| (json!({}), json!({"htu": htu}), "dpop_url_malformed"))
    .collect();
    refused_changes(&table);

    let table: Vec<(Value, Value, &str)> = [
        "http://api.example.com/prod/state/42",
        "wss://api.example.com/prod/state/42",
        "https://api.example.com:8443/prod/state/42",
        "https://api.example.com.evil.example/prod/state/42",
        "https://api.example.com@evil.example/prod/state/42",
        "https://me@api.example.com/prod/state/42",
        "https://api.example.com./prod/state/42",
        "https://api.example.com/state/42",
        "https://api.example.com/prod/state/42/",
        "https://api.example.com/prod//state/42",
        "https://api.example.com//prod/state/42",
        "https://api.example.com/prod/state/43",
        "https://api.example.com/prod/State/42",
        "https://api.example.com/prod/state%2F42",
        "https://api.example.com/prod/state/42;a=b",
        "https://api.example.com/prod/state/42%3Fq",
        "https://api.example.com/test/state/42",
        "https://api.example.com",
    ]
    .into_iter()
    .map(|htu| (json!({}), json!({"htu": htu}), "dpop_url_mismatch"))
    .collect();
    refused_changes(&table);
}

#[test]
fn equivalent_forms_of_one_url() {
    let client = Prover::client();
    let token = client.token();
    for htu in [
        URL,
        "https://api.example.com/prod/state/42?q=1&r=%2F",
        "https://api.example.com/prod/state/42#part",
        "HTTPS://API.Example.com/prod/state/42",
        "https://api.example.com:443/prod/state/42",
        "https://api.example.com:/prod/state/42",
        "https://api.example.com/prod/%73tate/%34%32",
        "https://api.example.com/prod/./x/../state/42",
        "https://api.example.com/../prod/state/42",
    ] {
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        granted_proof(&requiring(), &token, &proof);
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        granted(&requiring(), &http_2_event(&dpop_headers(&token, &proof)));
    }
}

/// AWS does not document whether the path in an event is decoded, so both forms are the same URL.
#[test]
fn a_path_with_characters_that_a_url_encodes() {
    let client = Prover::client();
    let token = client.token();
    for (path, htu, expected) in [
        ("/prod/a b", "https://api.example.com/prod/a%20b", "granted"),
        (
            "/prod/a%20b",
            "https://api.example.com/prod/a%20b",
            "granted",
        ),
        (
            "/prod/\u{e9}",
            "https://api.example.com/prod/%c3%a9",
            "granted",
        ),
        (
            "/prod/%C3%A9",
            "https://api.example.com/prod/%c3%a9",
            "granted",
        ),
        ("/prod/a?b", "https://api.example.com/prod/a%3Fb", "granted"),
        (
            "/prod/a?b",
            "https://api.example.com/prod/a?b",
            "dpop_url_mismatch",
        ),
        ("/prod/a#b", "https://api.example.com/prod/a%23b", "granted"),
        (
            "/prod/a#b",
            "https://api.example.com/prod/a#b",
            "dpop_url_mismatch",
        ),
        (
            "/prod/100%",
            "https://api.example.com/prod/100%25",
            "granted",
        ),
        ("/prod/%7Ea", "https://api.example.com/prod/~a", "granted"),
        (
            "/prod/a%2Fb",
            "https://api.example.com/prod/a%2fb",
            "granted",
        ),
        (
            "/prod/a%2Fb",
            "https://api.example.com/prod/a/b",
            "dpop_url_mismatch",
        ),
        (
            "/prod/a/b",
            "https://api.example.com/prod/a%2Fb",
            "dpop_url_mismatch",
        ),
        ("/prod/", "https://api.example.com/prod/", "granted"),
        (
            "/prod/",
            "https://api.example.com/prod",
            "dpop_url_mismatch",
        ),
        ("/", "https://api.example.com", "granted"),
        ("/", "https://api.example.com/", "granted"),
    ] {
        let world = requiring();
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        let event = rest_event_at("GET/any", path, &dpop_headers(&token, &proof));
        match expected {
            "granted" => granted(&world, &event),
            reason => refused(&world, &event, reason),
        }
    }
}

#[test]
fn the_url_behind_cloudfront_or_a_base_path() {
    let client = Prover::client();
    let token = client.token();
    let urls =
        "https://www.example.com/api/, https://api.example.org,https://d1.cloudfront.net:8443/x";
    for (route, htu, expected) in [
        (
            "GET/state/42",
            "https://www.example.com/api/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://www.example.com/api//state/42",
            "dpop_url_mismatch",
        ),
        (
            "GET/state/42",
            "https://www.example.com/state/42",
            "dpop_url_mismatch",
        ),
        (
            "GET/state/42",
            "https://api.example.org/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://api.example.org:443/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://api.example.org//state/42",
            "dpop_url_mismatch",
        ),
        (
            "GET/state/42",
            "https://d1.cloudfront.net:8443/x/state/42",
            "granted",
        ),
        (
            "GET/state/42",
            "https://d1.cloudfront.net/x/state/42",
            "dpop_url_mismatch",
        ),
        // Callers use another domain name and no stage.
        ("GET/state/42", URL, "dpop_url_mismatch"),
        (
            "GET/state/42",
            "https://api.example.org/prod/state/42",
            "dpop_url_mismatch",
        ),
        ("GET/", "https://api.example.org", "granted"),
        ("GET/", "https://api.example.org/", "granted"),
        ("GET/", "https://www.example.com/api/", "granted"),
        (
            "GET/a b/\u{e9}",
            "https://api.example.org/a%20b/%C3%A9",
            "granted",
        ),
    ] {
        let world = World::new(&[("DPOP", "require"), ("DPOP_PUBLIC_URL", urls)]);
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        let event = rest_event_at(route, "/prod/state/42", &dpop_headers(&token, &proof));
        match expected {
            "granted" => granted(&world, &event),
            reason => refused(&world, &event, reason),
        }
        let proof = client.proof_with(&token, &json!({}), &json!({"htu": htu}));
        let mut event = http_2_event(&dpop_headers(&token, &proof));
        event["routeArn"] = json!(format!("{STAGE}/{route}"));
        match expected {
            "granted" => granted(&world, &event),
            reason => refused(&world, &event, reason),
        }
    }
}

#[test]
fn an_event_without_a_url_is_an_internal_failure_unless_the_public_url_is_set() {
    let client = Prover::client();
    let token = client.token();
    for context in [
        json!({}),
        json!({"domainName": "api.example.com"}),
        json!(null),
        json!({"domainName": "a b", "path": "/"}),
    ] {
        let mut event = rest_event(&dpop_headers(&token, &client.proof(&token)));
        event["requestContext"] = context;
        let world = requiring();
        let answer = wait(world.ask(&event));
        let message = "the event has no known shape: expected the domain name and the path of the request, or the setting DPOP_PUBLIC_URL";
        assert_eq!(
            answer,
            json!({"errorType": "UnknownEvent", "errorMessage": message})
        );
        let world = World::new(&[
            ("DPOP", "require"),
            ("DPOP_PUBLIC_URL", "https://api.example.com/prod"),
        ]);
        granted(&world, &event);
    }
}
