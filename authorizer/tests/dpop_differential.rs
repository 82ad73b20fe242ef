//! A second opinion on proofs of key-bound tokens: oauth4webapi checks the same requests as a resource server.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod support;

use std::collections::HashMap;

use serde_json::{Value, json};
use support::proof::{DOMAIN, Prover, proof_claims, rest_event_at};
use support::{ISSUER, NOW, Signer, World, changed, claims_with, mint};
use testkit::node;

/// One request, with the expected result of each implementation if they are known to differ.
struct Case {
    name: String,
    method: &'static str,
    path: &'static str,
    authorization: String,
    proofs: Vec<String>,
    /// Whether the authorizer and whether `oauth4webapi` accepts it.
    differs: Option<(bool, bool)>,
}

/// A change to a good request.
#[derive(Default)]
struct Change {
    name: &'static str,
    header: Value,
    claims: Value,
    /// Changes the claims of the token.
    token: Value,
    /// Changes the finished proof.
    finish: Option<fn(&str) -> Vec<String>>,
    scheme: Option<&'static str>,
    signer: Option<&'static Signer>,
    differs: Option<(bool, bool)>,
}

fn header(name: &'static str, header: Value) -> Change {
    Change {
        name,
        header,
        ..Change::default()
    }
}

fn claims(name: &'static str, claims: Value) -> Change {
    Change {
        name,
        claims,
        ..Change::default()
    }
}

fn finish(name: &'static str, finish: fn(&str) -> Vec<String>) -> Change {
    Change {
        name,
        finish: Some(finish),
        ..Change::default()
    }
}

/// Changes that both implementations judge alike. `url` is the URL of the request.
fn agreed(url: &str, prover: Prover) -> Vec<Change> {
    let mut all = accepted_by_both(url, prover);
    all.extend(headers(prover));
    all.extend(target_claims(url));
    all.extend(other_claims());
    all.extend(whole_proofs());
    all.extend(bindings(prover));
    all
}

fn accepted_by_both(url: &str, prover: Prover) -> Vec<Change> {
    let with_query = format!("{url}?a=b#c");
    let with_port = url.replace(DOMAIN, &format!("{}:443", DOMAIN.to_uppercase()));
    let with_dots = url.replace("/prod/", "/prod/x/.././");
    let extra = changed(
        prover.jwk(),
        &json!({"kid": "k", "use": "sig", "key_ops": ["verify"]}),
    );
    vec![
        Change::default(),
        claims("query and fragment", json!({"htu": with_query})),
        claims("capitals and the default port", json!({"htu": with_port})),
        claims("dot segments", json!({"htu": with_dots})),
        claims("a little early", json!({"iat": NOW - 119})),
        claims("a little late", json!({"iat": NOW + 119})),
        claims("a fraction", json!({"iat": 1_789_999_999.5})),
        claims("a nonce", json!({"nonce": "n"})),
        header("a key id in the header", json!({"kid": "k1"})),
        header("unknown members of the key", json!({"jwk": extra})),
        Change {
            name: "a scheme in capitals",
            scheme: Some("DPOP"),
            ..Change::default()
        },
    ]
}

fn headers(prover: Prover) -> Vec<Change> {
    let other_key = Signer::other_rsa().public_jwk();
    let private = changed(prover.jwk(), &json!({"d": "AQAB"}));
    vec![
        header("no typ", json!({"typ": null})),
        header("another typ", json!({"typ": "JWT"})),
        header("a number for typ", json!({"typ": 1})),
        header("crit", json!({"crit": ["nonce"], "nonce": "n"})),
        header("alg none", json!({"alg": "none"})),
        header("a symmetric alg", json!({"alg": "HS256"})),
        header(
            "an alg of another key type",
            json!({"alg": if prover.alg.starts_with("ES") { "RS256" } else { "ES256" }}),
        ),
        header("no jwk", json!({"jwk": null})),
        header("a string for jwk", json!({"jwk": "k"})),
        header(
            "a symmetric key",
            json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
        ),
        header("a private key", json!({"jwk": private})),
        header("another key", json!({"jwk": other_key})),
    ]
}

/// Changes to the method and the URL.
fn target_claims(url: &str) -> Vec<Change> {
    vec![
        claims("no htm", json!({"htm": null})),
        claims("another method", json!({"htm": "PATCH"})),
        claims("a method in lower case", json!({"htm": "get"})),
        claims("no htu", json!({"htu": null})),
        claims(
            "another host",
            json!({"htu": url.replace(DOMAIN, "evil.example")}),
        ),
        claims("another path", json!({"htu": format!("{url}/x")})),
        claims(
            "another scheme",
            json!({"htu": url.replace("https", "http")}),
        ),
        claims(
            "another port",
            json!({"htu": url.replace(DOMAIN, "api.example.com:8443")}),
        ),
        claims("a relative htu", json!({"htu": "/prod/state/42"})),
    ]
}

/// Changes to the time, the token's hash and the id.
fn other_claims() -> Vec<Change> {
    vec![
        claims("no iat", json!({"iat": null})),
        claims("a string for iat", json!({"iat": NOW.to_string()})),
        claims("far too early", json!({"iat": NOW - 301})),
        claims("far too late", json!({"iat": NOW + 301})),
        claims("no ath", json!({"ath": null})),
        claims(
            "another token",
            json!({"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}),
        ),
        claims("no jti", json!({"jti": null})),
        claims("a number for jti", json!({"jti": 1})),
    ]
}

fn whole_proofs() -> Vec<Change> {
    vec![
        finish("no proof", |_| Vec::new()),
        finish("two proofs", |proof| {
            vec![proof.to_owned(), proof.to_owned()]
        }),
        finish("no signature", |proof| {
            vec![format!("{}.", proof.rsplit_once('.').unwrap().0)]
        }),
        finish("two parts", |proof| {
            vec![proof.rsplit_once('.').unwrap().0.to_owned()]
        }),
        finish("another payload", |proof| {
            let parts: Vec<&str> = proof.split('.').collect();
            vec![format!("{}.e30.{}", parts[0], parts[2])]
        }),
        Change {
            name: "the signature of another key",
            signer: Some(Signer::other_rsa()),
            ..Change::default()
        },
    ]
}

/// Changes to the scheme, and to the key that the token is bound to.
fn bindings(prover: Prover) -> Vec<Change> {
    let jkt = prover.thumbprint();
    vec![
        Change {
            name: "a bearer token",
            scheme: Some("Bearer"),
            ..Change::default()
        },
        Change {
            name: "no binding",
            token: json!({"cnf": null}),
            ..Change::default()
        },
        Change {
            name: "two bindings",
            token: json!({"cnf": {"jkt": jkt, "x5t#S256": jkt}}),
            ..Change::default()
        },
        Change {
            name: "another binding",
            token: json!({"cnf": {"x5t#S256": jkt}}),
            ..Change::default()
        },
    ]
}

/// Changes that the two implementations are known to judge differently, each because of the standard or of the
/// interface.
fn differing(url: &str, prover: Prover) -> Vec<Change> {
    let (refused_here, accepted_here) = (Some((false, true)), Some((true, false)));
    let symmetric = changed(prover.jwk(), &json!({"k": "AAAA"}));
    let encoded = url.replace("state", "%73tate");
    vec![
        // Decoded by RFC 3986, section 6.2.2.2. oauth4webapi follows the URL standard of browsers, which does not
        // decode.
        Change {
            differs: accepted_here,
            ..claims("an encoded letter", json!({"htu": encoded}))
        },
        // The window is one minute plus the leeway here, and five minutes in oauth4webapi.
        Change {
            differs: refused_here,
            ..claims("two minutes old", json!({"iat": NOW - 121}))
        },
        Change {
            differs: refused_here,
            ..claims("four minutes ahead", json!({"iat": NOW + 240}))
        },
        Change {
            differs: refused_here,
            ..claims("an oversized jti", json!({"jti": "j".repeat(257)}))
        },
        Change {
            differs: refused_here,
            ..header("a symmetric member", json!({"jwk": symmetric}))
        },
        Change {
            differs: refused_here,
            ..header(
                "application/ in typ",
                json!({"typ": "application/dpop+jwt"}),
            )
        },
    ]
}

fn provers() -> Vec<Prover> {
    let rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    let mut provers: Vec<Prover> = rsa
        .into_iter()
        .map(|alg| Prover {
            signer: Signer::rsa(),
            alg,
        })
        .collect();
    provers.extend([
        Prover {
            signer: Signer::p256(),
            alg: "ES256",
        },
        Prover {
            signer: Signer::p384(),
            alg: "ES384",
        },
        Prover {
            signer: Signer::ed25519(),
            alg: "EdDSA",
        },
    ]);
    provers
}

/// Every change, for every algorithm and for two requests.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for prover in provers() {
        // Signing takes most of the time, and almost all requests have the same token.
        let mut tokens = HashMap::new();
        for (method, path) in [
            ("GET", "/prod/state/42"),
            ("PUT", "/prod/state/a%20b/%C3%A9"),
        ] {
            let url = format!("https://{DOMAIN}{path}");
            let changes = agreed(&url, prover)
                .into_iter()
                .chain(differing(&url, prover));
            for change in changes {
                let bound = json!({"client_id": "web", "cnf": {"jkt": prover.thumbprint()}});
                let claims = changed(claims_with(&bound), &or_none(&change.token));
                let token = tokens.entry(claims.to_string()).or_insert_with(|| {
                    let header = json!({"kid": "k1", "alg": "RS256", "typ": "at+jwt"});
                    mint(&header, &claims, Signer::rsa())
                });
                cases.push(case(method, path, token, prover, &change));
            }
        }
    }
    cases
}

fn case(
    method: &'static str,
    path: &'static str,
    token: &str,
    prover: Prover,
    change: &Change,
) -> Case {
    let url = format!("https://{DOMAIN}{path}");
    let header = changed(prover.header(), &or_none(&change.header));
    let claims = changed(proof_claims(token), &json!({"htm": method, "htu": url}));
    let claims = changed(claims, &or_none(&change.claims));
    let proof = mint(&header, &claims, change.signer.unwrap_or(prover.signer));
    Case {
        name: format!("{} {method}: {}", prover.alg, change.name),
        method,
        path,
        authorization: format!("{} {token}", change.scheme.unwrap_or("DPoP")),
        proofs: match change.finish {
            Some(finish) => finish(&proof),
            None => vec![proof],
        },
        differs: change.differs,
    }
}

fn or_none(changes: &Value) -> Value {
    if changes.is_null() {
        json!({})
    } else {
        changes.clone()
    }
}

/// Whether the authorizer accepts the token and the proof. The rules allow the request.
async fn accepted(world: &World, case: &Case) -> bool {
    let route = format!(
        "{}{}",
        case.method,
        case.path.strip_prefix("/prod").unwrap()
    );
    let headers = json!({"Authorization": [case.authorization], "DPoP": case.proofs});
    let mut event = rest_event_at(&route, case.path, &json!(null));
    event["multiValueHeaders"] = headers;
    world.ask(&event).await;
    world.reason() == "granted"
}

#[tokio::test]
async fn oauth4webapi_agrees_on_more_than_500_proofs() {
    node::install("web");
    let cases = cases();
    let requests: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({"method": case.method, "url": format!("https://{DOMAIN}{}", case.path),
                "authorization": case.authorization, "proofs": case.proofs})
        })
        .collect();
    let input = json!({"now": NOW, "issuer": ISSUER, "audience": "api://default", "keys": [Signer::rsa().jwk("k1")],
        "cases": requests});
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("dpop-differential.json");
    std::fs::write(&file, input.to_string()).unwrap();
    let script = "tests/dpop_differential/validate.mjs";
    let theirs = node::node("authorizer", &[script, &file.display().to_string()], &[]);
    let theirs: Vec<bool> = serde_json::from_str(&theirs).unwrap();
    assert_eq!(theirs.len(), cases.len());

    let mut verdicts = [0, 0];
    for (case, theirs) in cases.iter().zip(theirs) {
        let world = World::new(&[("DPOP", "accept")]);
        let ours = accepted(&world, case).await;
        match case.differs {
            Some(expected) => assert_eq!((ours, theirs), expected, "{}", case.name),
            None => {
                assert_eq!(ours, theirs, "{}: {}", case.name, world.reason());
                verdicts[usize::from(ours)] += 1;
            }
        }
    }
    let [refused, accepted] = verdicts;
    assert!(accepted > 100 && refused > 400, "{verdicts:?}");
}
