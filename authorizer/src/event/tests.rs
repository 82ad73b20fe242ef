use serde_json::{Value, json};

use super::*;

const ARN: &str = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/prod/GET/state/42";
const CONNECT_ARN: &str = "arn:aws:execute-api:eu-west-1:111122223333:wsapi1/prod/$connect";

fn parse(event: &Value) -> Result<AuthorizerRequest, UnknownEventError> {
    parse_text(&event.to_string())
}

fn parse_text(event: &str) -> Result<AuthorizerRequest, UnknownEventError> {
    AuthorizerRequest::parse(&RawValue::from_string(event.to_owned()).unwrap())
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`json!` creates values")]
fn check(event: Value, form: EventForm, token: Result<Option<&str>, Refusal>) {
    let request = parse(&event).unwrap();
    let found = request
        .credential
        .as_ref()
        .map(|credential| credential.as_ref().map(|c| c.token().reveal()))
        .map_err(|r| *r);
    assert_eq!((request.form, found), (form, token), "{event}");
}

fn rest(extra: &Value) -> Value {
    merged(json!({"type": "REQUEST", "methodArn": ARN}), extra)
}

fn merged(mut event: Value, extra: &Value) -> Value {
    event
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    event
}

#[test]
fn token_events_are_parsed() {
    let event = |token: Value| json!({"type": "TOKEN", "methodArn": ARN, "authorizationToken": token, "new": 1});
    check(
        event(json!("Bearer a.b.c")),
        EventForm::Token,
        Ok(Some("a.b.c")),
    );
    check(event(json!(null)), EventForm::Token, Ok(None));
    check(
        event(json!("")),
        EventForm::Token,
        Err(Refusal::MalformedBearer),
    );
    check(
        event(json!(5)),
        EventForm::Token,
        Err(Refusal::MalformedBearer),
    );
    check(
        event(json!("Bearer a.b.c, Bearer d.e.f")),
        EventForm::Token,
        Err(Refusal::SeveralTokens),
    );
    check(
        json!({"type": "TOKEN", "methodArn": ARN}),
        EventForm::Token,
        Ok(None),
    );
}

#[test]
fn request_events_are_parsed_with_the_header_in_any_case_and_form() {
    for name in ["Authorization", "authorization", "AUTHORIZATION"] {
        check(
            rest(&json!({"headers": {name: "Bearer a.b.c"}})),
            EventForm::Request,
            Ok(Some("a.b.c")),
        );
        check(
            rest(&json!({"multiValueHeaders": {name: ["Bearer a.b.c"]}})),
            EventForm::Request,
            Ok(Some("a.b.c")),
        );
        let both = json!({"headers": {"Authorization": "Bearer a.b.c"}, "multiValueHeaders": {name: ["Bearer a.b.c"]}});
        check(rest(&both), EventForm::Request, Ok(Some("a.b.c")));
    }
}

#[test]
fn nulls_and_unknown_members_are_ignored() {
    for extra in [
        json!({}),
        json!({"headers": null, "multiValueHeaders": null, "queryStringParameters": null, "requestContext": null}),
        json!({"headers": {}, "multiValueHeaders": {}, "pathParameters": null, "brandNew": {"a": [1]}}),
        json!({"headers": {"Authorization": null}, "multiValueHeaders": {"Authorization": null}}),
        json!({"headers": {"X-Authorization": "Bearer a.b.c"}, "multiValueHeaders": {"Authorization": []}}),
        json!({"queryStringParameters": {"access_token": "a.b.c"}}),
    ] {
        check(rest(&extra), EventForm::Request, Ok(None));
    }
}

#[test]
fn two_authorization_values_are_refused_in_every_form() {
    for extra in [
        json!({"multiValueHeaders": {"Authorization": ["Bearer a.b.c", "Bearer d.e.f"]}}),
        json!({"multiValueHeaders": {"Authorization": ["Bearer a.b.c", "Bearer a.b.c"]}}),
        json!({"multiValueHeaders": {"Authorization": ["Bearer a.b.c"], "authorization": ["Bearer d.e.f"]}}),
        json!({"headers": {"Authorization": "Bearer a.b.c", "authorization": "Bearer d.e.f"}}),
        json!({"headers": {"Authorization": "Bearer d.e.f"}, "multiValueHeaders": {"Authorization": ["Bearer a.b.c"]}}),
        json!({"headers": {"Authorization": "Bearer d.e.f"},
            "multiValueHeaders": {"Authorization": ["Bearer a.b.c", "Bearer d.e.f"]}}),
        json!({"headers": {"Authorization": "Bearer a.b.c,Bearer d.e.f"}}),
    ] {
        check(
            rest(&extra),
            EventForm::Request,
            Err(Refusal::SeveralTokens),
        );
    }
    let twice = format!(
        r#"{{"type":"REQUEST","methodArn":"{ARN}","headers":{{"Authorization":"Bearer a","Authorization":"Bearer b"}}}}"#
    );
    assert_eq!(
        parse_text(&twice).unwrap().credential,
        Err(Refusal::SeveralTokens)
    );
}

#[test]
fn an_empty_header_is_a_bad_credential_and_not_a_missing_one() {
    check(
        rest(&json!({"headers": {"Authorization": ""}})),
        EventForm::Request,
        Err(Refusal::MalformedBearer),
    );
    check(
        rest(&json!({"multiValueHeaders": {"Authorization": [""]}})),
        EventForm::Request,
        Err(Refusal::MalformedBearer),
    );
    check(
        rest(&json!({"headers": {"Authorization": 5}})),
        EventForm::Request,
        Err(Refusal::MalformedBearer),
    );
    check(
        rest(&json!({"headers": {"Authorization": {"a": "b"}}})),
        EventForm::Request,
        Err(Refusal::MalformedBearer),
    );
}

#[test]
fn unusual_bytes_in_headers_are_a_bad_token_and_not_an_internal_failure() {
    for value in [
        r"Bearer \ud800",
        r"Bearer a\u0000b",
        r"Bearer \u00e9.b.c",
        r"Bearer a\r\nX: b",
        "Bearer \u{7f}",
    ] {
        let event = format!(
            r#"{{"type":"REQUEST","methodArn":"{ARN}","headers":{{"Authorization":"{value}"}}}}"#
        );
        assert_eq!(
            parse_text(&event).unwrap().credential,
            Err(Refusal::MalformedBearer),
            "{event}"
        );
        let event =
            format!(r#"{{"type":"TOKEN","methodArn":"{ARN}","authorizationToken":"{value}"}}"#);
        assert_eq!(
            parse_text(&event).unwrap().credential,
            Err(Refusal::MalformedBearer),
            "{event}"
        );
    }
    let event = format!(
        r#"{{"type":"REQUEST","methodArn":"{ARN}/\udc00","headers":{{"\ud800":"\ud800","X":7,"Authorization":"Bearer a.b.c"}}}}"#
    );
    assert_eq!(
        parse_text(&event)
            .unwrap()
            .credential
            .unwrap()
            .unwrap()
            .token()
            .reveal(),
        "a.b.c"
    );
}

#[test]
fn identity_sources_of_http_api_payload_1_are_not_a_second_token() {
    let event = |identity: &str, headers: Value| {
        rest(
            &json!({"version": "1.0", "identitySource": identity, "authorizationToken": identity, "headers": headers}),
        )
    };
    let header = json!({"authorization": "Bearer a.b.c"});
    check(
        event("Bearer a.b.c", header.clone()),
        EventForm::Request,
        Ok(Some("a.b.c")),
    );
    check(
        event("Bearer a.b.c,tenant-1", header.clone()),
        EventForm::Request,
        Ok(Some("a.b.c")),
    );
    // The identity source may be a query parameter. The query may carry a token only for `$connect`.
    check(
        event("Bearer a.b.c", json!(null)),
        EventForm::Request,
        Ok(None),
    );
    check(event("a.b.c", json!({})), EventForm::Request, Ok(None));
    check(
        event("Bearer d.e.f", header.clone()),
        EventForm::Request,
        Err(Refusal::SeveralTokens),
    );
    check(
        event("Bearer a.b.c, bearer d.e.f", header),
        EventForm::Request,
        Err(Refusal::SeveralTokens),
    );
}

#[test]
fn http_api_payload_2_events_are_parsed() {
    let event = |headers: Value| {
        json!({"version": "2.0", "type": "REQUEST", "routeArn": ARN, "headers": headers,
        "cookies": null, "requestContext": {"http": {"method": "GET"}, "requestId": "r-1"}})
    };
    check(
        event(json!({"authorization": "Bearer a.b.c"})),
        EventForm::HttpApi,
        Ok(Some("a.b.c")),
    );
    check(event(json!(null)), EventForm::HttpApi, Ok(None));
    check(
        event(json!({"authorization": "Bearer a.b.c,Bearer d.e.f"})),
        EventForm::HttpApi,
        Err(Refusal::SeveralTokens),
    );
    assert_eq!(
        parse(&event(json!({}))).unwrap().request_id.as_deref(),
        Some("r-1")
    );
}

#[test]
fn a_websocket_connect_accepts_its_token_in_the_query_but_only_one_token() {
    assert_eq!(
        Target::parse(CONNECT_ARN).unwrap().route(),
        &EventRoute::Connect
    );
    let event = |headers: Value, query: Value, many: Value| {
        json!({"type": "REQUEST", "methodArn": CONNECT_ARN, "headers": headers, "queryStringParameters": query,
            "multiValueQueryStringParameters": many, "requestContext": {"routeKey": "$connect", "eventType": "CONNECT"}})
    };
    let query = json!({"access_token": "a.b.c"});
    let many = json!({"access_token": ["a.b.c"]});
    let header = json!({"Authorization": "Bearer a.b.c"});
    check(
        event(json!({}), query.clone(), many.clone()),
        EventForm::Request,
        Ok(Some("a.b.c")),
    );
    check(
        event(json!(null), query.clone(), json!(null)),
        EventForm::Request,
        Ok(Some("a.b.c")),
    );
    check(
        event(header.clone(), json!(null), json!({})),
        EventForm::Request,
        Ok(Some("a.b.c")),
    );
    check(
        event(json!({}), json!({"Access_Token": "a.b.c"}), json!({})),
        EventForm::Request,
        Ok(None),
    );
    check(
        event(header, query.clone(), many),
        EventForm::Request,
        Err(Refusal::SeveralTokens),
    );
    let two = json!({"access_token": ["x.y.z", "a.b.c"]});
    check(
        event(json!({}), query, two),
        EventForm::Request,
        Err(Refusal::SeveralTokens),
    );
    check(
        event(json!({}), json!({"access_token": ""}), json!({})),
        EventForm::Request,
        Err(Refusal::MalformedBearer),
    );
    check(
        event(json!({}), json!({"access_token": "Bearer a"}), json!({})),
        EventForm::Request,
        Err(Refusal::MalformedBearer),
    );
}

#[test]
fn an_event_of_an_unknown_shape_is_an_error() {
    for event in [
        json!(null),
        json!([]),
        json!(["2.0", "REQUEST", ARN]),
        json!({}),
        json!({"type": "REQUEST"}),
        json!({"type": "OTHER", "methodArn": ARN}),
        json!({"methodArn": ARN}),
        json!({"type": "TOKEN", "methodArn": 5}),
        json!({"version": "2.0", "type": "REQUEST"}),
        json!({"version": "3.0", "routeArn": ARN}),
        json!({"type": "TOKEN", "methodArn": "arn:aws:lambda:eu-west-1:1:function:f"}),
        json!({"type": "REQUEST", "methodArn": ARN, "headers": "Authorization: Bearer a.b.c"}),
        json!({"httpMethod": "GET", "path": "/", "headers": {}}),
        json!({"Records": []}),
    ] {
        assert!(parse(&event).is_err(), "{event}");
    }
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`json!` creates values")]
fn check_bound(
    event: Value,
    proof: Result<&str, ProofRefusal>,
    path: &str,
    address: Option<(&str, &str)>,
) {
    let credential = parse(&event).unwrap().credential;
    let expected = Credential::Dpop {
        token: BearerToken::from_token("a.b.c").unwrap(),
        proof: proof.and_then(UnverifiedProof::from_header),
        call: ProvenRequest {
            method: "GET".to_owned(),
            path: path.to_owned(),
            address: address.map(|(domain_name, path)| Address {
                domain_name: domain_name.to_owned(),
                path: path.to_owned(),
            }),
        },
    };
    assert_eq!(credential, Ok(Some(expected)), "{event}");
}

fn bound(extra: &Value) -> Value {
    let headers = json!({"Authorization": "DPoP a.b.c", "DPoP": "d.e.f"});
    merged(rest(&json!({"headers": headers})), extra)
}

#[test]
fn a_bound_token_is_parsed_with_its_proof_and_request() {
    let address = Some(("api.example.com", "/prod/state/42"));
    let context =
        json!({"requestContext": {"domainName": "api.example.com", "path": "/prod/state/42"}});
    check_bound(bound(&context), Ok("d.e.f"), "/state/42", address);
    let version_1 = merged(bound(&context), &json!({"version": "1.0"}));
    check_bound(version_1, Ok("d.e.f"), "/state/42", address);
    let version_2 = json!({"version": "2.0", "routeArn": ARN, "rawPath": "/prod/state/42",
        "requestContext": {"domainName": "api.example.com", "path": "/elsewhere"},
        "headers": {"authorization": "dpop a.b.c", "dpop": "d.e.f"}});
    check_bound(version_2, Ok("d.e.f"), "/state/42", address);
    for context in [
        json!({}),
        json!({"requestContext": null}),
        json!({"requestContext": []}),
        json!({"requestContext": {"domainName": "api.example.com"}}),
        json!({"requestContext": {"path": "/prod/state/42", "domainName": 5}}),
        json!({"path": "/state/42", "domainName": "api.example.com"}),
    ] {
        check_bound(bound(&context), Ok("d.e.f"), "/state/42", None);
    }
}

#[test]
fn a_missing_or_second_proof_is_refused() {
    use ProofRefusal::{Missing, Several};
    for (headers, expected) in [
        (json!({}), Err(Missing)),
        (json!({"DPoP": null}), Err(Missing)),
        (json!({"X-DPoP": "d.e.f", "DPoP-Nonce": "n"}), Err(Missing)),
        (json!({"dpop": "d.e.f"}), Ok("d.e.f")),
        (json!({"DPOP": " d.e.f\t"}), Ok("d.e.f")),
        (json!({"DPoP": ""}), Ok("")),
        (json!({"DPoP": 5}), Ok("\u{fffd}")),
        (json!({"DPoP": "d.e.f,g.h.i"}), Err(Several)),
        (json!({"DPoP": "d.e.f, d.e.f"}), Err(Several)),
        (json!({"DPoP": "d.e.f", "dpop": "d.e.f"}), Err(Several)),
    ] {
        let with_token = merged(headers, &json!({"Authorization": "DPoP a.b.c"}));
        let event = rest(&json!({"headers": with_token}));
        check_bound(event, expected, "/state/42", None);
    }
    for (values, expected) in [
        (json!(["d.e.f"]), Ok("d.e.f")),
        (json!([]), Err(Missing)),
        (json!(["d.e.f", "d.e.f"]), Err(Several)),
        (json!(["d.e.f", "g.h.i"]), Err(Several)),
    ] {
        let headers = json!({"Authorization": ["DPoP a.b.c"], "DPoP": values});
        let event = rest(&json!({"multiValueHeaders": headers}));
        check_bound(event, expected, "/state/42", None);
    }
    let twice = json!({"multiValueHeaders": {"DPoP": ["d.e.f", "g.h.i"]}});
    check_bound(bound(&twice), Err(Several), "/state/42", None);
    let other = json!({"multiValueHeaders": {"DPoP": ["g.h.i"]}});
    check_bound(bound(&other), Err(Several), "/state/42", None);
    let same = json!({"multiValueHeaders": {"dpop": ["d.e.f"]}});
    check_bound(bound(&same), Ok("d.e.f"), "/state/42", None);
}

#[test]
fn a_bound_token_is_refused_in_an_event_that_cannot_carry_a_proof() {
    let refused = Err(Refusal::NoProofPossible);
    let token = json!({"type": "TOKEN", "methodArn": ARN, "authorizationToken": "DPoP a.b.c"});
    check(token, EventForm::Token, refused);
    let headers = json!({"Authorization": "DPoP a.b.c", "DPoP": "d.e.f"});
    let connect = json!({"type": "REQUEST", "methodArn": CONNECT_ARN, "headers": headers});
    check(connect, EventForm::Request, refused);
}

#[test]
fn a_token_with_a_scheme_among_the_identity_sources_is_a_second_credential() {
    for identity in [
        "DPoP x.y.z",
        "DPoP a.b.c,DPoP x.y.z",
        "d.e.f,Bearer a.b.c",
        "dpop",
    ] {
        let event = bound(&json!({"version": "1.0", "authorizationToken": identity}));
        check(event, EventForm::Request, Err(Refusal::SeveralTokens));
    }
    let event = bound(&json!({"version": "1.0", "authorizationToken": "DPoP a.b.c,d.e.f"}));
    check_bound(event, Ok("d.e.f"), "/state/42", None);
}
