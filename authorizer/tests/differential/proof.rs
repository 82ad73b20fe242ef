//! Requests with a key-bound token and its proof.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use testkit::differential::Step;
use testkit::json::changed;
use testkit::seeded::Seeded;
use testkit::signer::base64url;

use super::super::support::{ISSUER, NOW};
use super::header::odd_values;
use super::jws::Jws;
use super::keys::{ALGORITHMS, other_signer, signer};
use super::token::{good_claims, of_any};
use super::{Mutation, Mutations, claims, header, mutation};
use crate::support::Signer;
use crate::support::proof::DOMAIN;

/// A request under construction.
pub(crate) struct ProofDraft {
    token: Jws,
    proof: Jws,
    /// Whether `ath` is that of the token.
    names_token: bool,
    scheme: String,
    method: &'static str,
    path: &'static str,
    proofs: Vec<ProofEdit>,
}

/// What becomes of the header values.
type ProofEdit = fn(Vec<String>) -> Vec<String>;

const METHODS: [&str; 4] = ["GET", "PUT", "DELETE", "PATCH"];

/// Paths as the browser's URL keeps them.
const PATHS: [&str; 6] = [
    "/prod/state/42",
    "/prod/state/a%20b/%C3%A9",
    "/prod/",
    "/prod/state/a~b-c.d_e",
    "/prod/state/%2F",
    "/prod/state/a:b@c;d=e,f!g$h&i'(j)*+k",
];

/// The public key with the members that RFC 7638 takes.
fn jwk_of(signer: &Signer) -> Value {
    changed(signer.jwk(""), &json!({"kid": null, "use": null}))
}

fn thumbprint(signer: &Signer) -> String {
    base64url(digest(&SHA256, jwk_of(signer).to_string().as_bytes()))
}

impl ProofDraft {
    fn good(random: &mut Seeded) -> Self {
        let algorithm = *random.pick(&ALGORITHMS);
        let (method, path) = (*random.pick(&METHODS), *random.pick(&PATHS));
        // Another key than the issuer's.
        let client = other_signer(algorithm);
        let bound = changed(good_claims(), &json!({"cnf": {"jkt": thumbprint(client)}}));
        let header = json!({"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk_of(client)});
        let claims = json!({"jti": "proof-1", "htm": method, "htu": format!("https://{DOMAIN}{path}"), "iat": NOW});
        Self {
            token: Jws::new(
                Signer::p256(),
                "ES256",
                json!({"alg": "ES256", "kid": "k1", "typ": "at+jwt"}),
                bound,
            ),
            proof: Jws::new(client, algorithm, header, claims),
            names_token: true,
            scheme: "DPoP ".to_owned(),
            method,
            path,
            proofs: Vec::new(),
        }
    }

    fn finish(self) -> Value {
        let token = self.token.finish();
        let mut proof = self.proof;
        if self.names_token {
            let ath = base64url(digest(&SHA256, token.as_bytes()));
            proof.claims.entry("ath").or_insert_with(|| json!(ath));
        }
        let proofs = self
            .proofs
            .into_iter()
            .fold(vec![proof.finish()], |proofs, edit| edit(proofs));
        json!({
            "jwks": json!({"keys": [Signer::p256().jwk("k1")]}).to_string(), "algorithms": ALGORITHMS, "method": self.method,
            "path": self.path, "url": format!("https://{DOMAIN}{}", self.path), "authorization": format!("{}{token}", self.scheme),
            "proofs": proofs,
        })
    }
}

fn url(name: &str, change: fn(&str) -> String) -> Mutation<Jws> {
    mutation(format!("htu: {name}"), move |jws: &mut Jws, _| {
        if let Some(Value::String(url)) = jws.claims.get_mut("htu") {
            *url = change(url);
        }
    })
}

fn urls() -> Vec<Mutation<Jws>> {
    vec![
        url("a query", |url| format!("{url}?a=b")),
        url("a fragment", |url| format!("{url}#a")),
        url("an empty query", |url| format!("{url}?")),
        url("a question mark in the fragment", |url| {
            format!("{url}#a?b")
        }),
        url("the default port", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:443"))
        }),
        url("an empty port", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:"))
        }),
        url("the port 0443", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:0443"))
        }),
        url("another port", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:8443"))
        }),
        url("a port that is none", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:99999"))
        }),
        url("capitals in the host", |url| {
            url.replace(DOMAIN, &DOMAIN.to_uppercase())
        }),
        url("capitals in the scheme", |url| {
            url.replace("https", "HTTPS")
        }),
        url("capitals in the path", |url| url.replace("prod", "PROD")),
        url("a dot at the end of the host", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}."))
        }),
        url("a dot segment", |url| url.replace("/prod/", "/prod/./")),
        url("two dot segments", |url| {
            url.replace("/prod/", "/prod/x/../")
        }),
        url("encoded dot segments", |url| {
            url.replace("/prod/", "/prod/x/%2e%2E/")
        }),
        url("too many dot segments", |url| {
            url.replace("/prod/", "/../../prod/")
        }),
        url("an encoded letter", |url| url.replace("prod", "%70rod")),
        url("small letters in escapes", |url| {
            url.replace("%C3%A9", "%c3%a9").replace("%2F", "%2f")
        }),
        url("a decoded slash", |url| url.replace("%2F", "/")),
        url("a decoded space", |url| url.replace("%20", " ")),
        url("a decoded letter", |url| url.replace("%C3%A9", "\u{e9}")),
        url("a plus for a space", |url| url.replace("%20", "+")),
        url("encoded signs", |url| {
            url.replace(':', "%3A").replacen("%3A", ":", 1)
        }),
        url("an encoded tilde", |url| url.replace('~', "%7E")),
        url("two slashes", |url| url.replace("/prod/", "/prod//")),
        url("a slash at the end", |url| format!("{url}/")),
        url("no path", |_| format!("https://{DOMAIN}")),
        url("http", |url| url.replace("https", "http")),
        url("another scheme", |url| url.replace("https", "wss")),
        url("without a scheme", |url| url.replace("https:", "")),
        url("only the path", |url| {
            url.replace(&format!("https://{DOMAIN}"), "")
        }),
        url("one slash", |url| url.replace("https://", "https:/")),
        url("backslashes", |url| url.replace('/', "\\")),
        url("another host", |url| url.replace(DOMAIN, "evil.example")),
        url("the host as a user", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}@evil.example"))
        }),
        url("a user", |url| {
            url.replace(DOMAIN, &format!("user@{DOMAIN}"))
        }),
        url("an empty user", |url| {
            url.replace(DOMAIN, &format!("@{DOMAIN}"))
        }),
        url("white space around", |url| format!(" {url} ")),
        url("a line break at the end", |url| format!("{url}\n")),
        url("a tab inside", |url| url.replace("prod", "pr\tod")),
        url("an escape that is none", |url| format!("{url}%")),
        url("a NUL escape", |url| format!("{url}%00")),
        url("brackets", |url| format!("{url}[1]")),
        url("a full-width letter in the host", |url| {
            url.replace("api.", "\u{ff41}pi.")
        }),
        url("an encoded letter in the host", |url| {
            url.replace("api.", "%61pi.")
        }),
        url("no host", |url| url.replace(DOMAIN, "")),
        url("a path parameter", |url| format!("{url};v=1")),
    ]
}

fn proof_claims() -> Vec<Mutation<Jws>> {
    let mut all = Vec::new();
    for claim in ["htm", "htu", "iat", "ath", "jti", "nonce", "exp", "nbf"] {
        all.push(claims::without(claim));
        all.extend(
            odd_values()
                .into_iter()
                .map(|value| claims::set(claim, value)),
        );
    }
    for method in ["get", "Get", "GET ", "POST", "*"] {
        all.push(claims::set("htm", json!(method)));
    }
    for distance in [
        -400.0, -301.0, -300.0, -299.0, -121.0, -120.5, -120.0, -119.0, -60.0, -0.5, 0.5, 60.0,
        119.0, 120.0, 120.5, 121.0, 299.0, 300.0, 301.0, 1e9,
    ] {
        all.push(mutation(
            format!("iat = now + {distance}"),
            move |jws: &mut Jws, _| {
                #[expect(clippy::cast_precision_loss, reason = "exact in a double")]
                jws.claims
                    .insert("iat".to_owned(), json!(NOW as f64 + distance));
            },
        ));
    }
    all.extend(
        claims::NUMBERS
            .into_iter()
            .map(|number| claims::written("iat", number)),
    );
    for (claim, value) in [
        ("iat", json!(NOW.to_string())),
        ("iat", json!(NOW * 1000)),
        ("iat", json!([NOW])),
        ("exp", json!(NOW + 60)),
        ("exp", json!(NOW - 61)),
        ("exp", json!("x")),
        ("nbf", json!(NOW + 61)),
        ("nbf", json!(NOW - 1)),
        ("aud", json!(1)),
        ("aud", json!("x")),
        ("iss", json!(1)),
        ("iss", json!(ISSUER)),
        ("ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")),
        ("nonce", json!("n")),
        ("jti", json!("j".repeat(256))),
        ("jti", json!("j".repeat(257))),
        ("jti", json!("\u{0}")),
        ("unknown", json!({"a": null})),
    ] {
        all.push(claims::set(claim, value));
    }
    all.push(mutation("ath: padded", |jws: &mut Jws, _| {
        jws.claims_text.push(Box::new(|text| {
            let text = String::from_utf8_lossy(&text).into_owned();
            let Some((start, rest)) = text.split_once("\"ath\":\"") else {
                return text.into_bytes();
            };
            let Some((ath, rest)) = rest.split_once('"') else {
                return text.into_bytes();
            };
            format!("{start}\"ath\":\"{ath}=\"{rest}").into_bytes()
        }));
    }));
    all
}

/// A change to the key in the proof.
fn key(name: impl Into<String>, change: impl Fn(&mut Jws) -> Value + 'static) -> Mutation<Jws> {
    mutation(format!("jwk: {}", name.into()), move |jws: &mut Jws, _| {
        let jwk = change(jws);
        jws.header.insert("jwk".to_owned(), jwk);
    })
}

fn proof_keys() -> Vec<Mutation<Jws>> {
    let mut all: Vec<Mutation<Jws>> = odd_values()
        .into_iter()
        .map(|value| key(value.to_string(), move |_| value.clone()))
        .collect();
    all.push(mutation("jwk missing", |jws: &mut Jws, _| {
        drop(jws.header.remove("jwk"))
    }));
    all.push(key("another key that signs", |jws| {
        jws.signer = signer(jws.algorithm);
        jwk_of(jws.signer)
    }));
    all.push(key("another key", |jws| jwk_of(signer(jws.algorithm))));
    all.push(key("symmetric", |_| json!({"kty": "oct", "k": "AAAA"})));
    for (member, value) in [
        ("d", json!("AQAB")),
        ("d", json!("")),
        ("k", json!("AAAA")),
        ("p", json!("AQAB")),
        ("oth", json!([])),
        ("kid", json!("k")),
        ("kid", json!(1)),
        ("use", json!("sig")),
        ("use", json!("enc")),
        ("use", json!(1)),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("alg", json!("RS256")),
        ("alg", json!("PS256")),
        ("alg", json!("ES256")),
        ("alg", json!("EdDSA")),
        ("alg", json!("none")),
        ("alg", json!(1)),
        ("alg", json!("RSA-OAEP")),
        ("ext", json!(true)),
        ("ext", json!(false)),
        ("x5c", json!(["no"])),
        ("unknown", json!([null])),
        ("kty", json!("oct")),
        ("kty", json!("EC")),
        ("kty", json!(null)),
        ("crv", json!("P-521")),
        ("crv", json!("P-256")),
        ("crv", json!("Ed25519")),
        ("crv", json!(1)),
        ("e", json!("AAEAAQ")),
        ("e", json!("AQAC")),
        ("e", json!(1)),
        ("n", json!("AQAB")),
        ("x", json!("AAAA")),
        ("y", json!("AAAA")),
        ("y", json!(null)),
    ] {
        all.push(key(format!("{member} = {value}"), move |jws| {
            let mut jwk = jws.header.get("jwk").cloned().unwrap_or_default();
            if jwk.is_object() {
                jwk[member] = value.clone();
            }
            jwk
        }));
    }
    for member in ["n", "e", "x", "y", "kty", "crv"] {
        all.push(key(format!("no {member}"), move |jws| {
            let jwk = jws
                .header
                .get("jwk")
                .filter(|jwk| jwk.is_object())
                .cloned()
                .unwrap_or(json!({}));
            changed(jwk, &json!({member: null}))
        }));
        for (name, change) in [("padded", "="), ("longer", "AAAA"), ("with a space", " ")] {
            all.push(key(format!("{member} {name}"), move |jws| {
                let mut jwk = jws.header.get("jwk").cloned().unwrap_or_default();
                if let Some(Value::String(text)) = jwk.get_mut(member) {
                    text.push_str(change);
                }
                jwk
            }));
        }
    }
    all
}

fn request(name: &str, change: fn(&mut ProofDraft)) -> Mutation<ProofDraft> {
    mutation(
        format!("request: {name}"),
        move |draft: &mut ProofDraft, _| change(draft),
    )
}

fn requests() -> Vec<Mutation<ProofDraft>> {
    let mut all = vec![
        request("no proof", |draft| draft.proofs.push(|_| Vec::new())),
        request("two proofs", |draft| {
            draft
                .proofs
                .push(|proofs| [proofs.clone(), proofs].concat())
        }),
        request("an empty proof", |draft| {
            draft.proofs.push(|_| vec![String::new()])
        }),
        request("a comma after the proof", |draft| {
            draft.proofs.push(|proofs| vec![proofs.concat() + ","])
        }),
        request("spaces around the proof", |draft| {
            draft
                .proofs
                .push(|proofs| vec![format!(" {} ", proofs.concat())])
        }),
        request("a proof of another token", |draft| {
            draft.names_token = false;
            draft.proof.claims.insert(
                "ath".to_owned(),
                json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"),
            );
        }),
        request("no ath", |draft| draft.names_token = false),
        request("another path", |draft| draft.path = "/prod/other"),
        request("another method", |draft| draft.method = "POST"),
        request("the token as the proof", |draft| {
            draft
                .proofs
                .push(|_| vec!["eyJhbGciOiJSUzI1NiJ9.e30.AAAA".to_owned()]);
        }),
    ];
    for scheme in [
        "DPoP  ",
        "dpop ",
        "DPOP ",
        "Bearer ",
        "bearer ",
        "DPoP\t",
        "DPoP",
        "DPoP-Bound ",
        "Basic ",
        "",
        "DPoP: ",
        " DPoP ",
        "DPoP a ",
        "Token ",
    ] {
        all.push(mutation(
            format!("scheme: {scheme:?}"),
            move |draft: &mut ProofDraft, _| {
                draft.scheme = scheme.to_owned();
            },
        ));
    }
    all
}

/// A change to the binding of the token.
fn binding(name: &str, change: fn(&str) -> Value) -> Mutation<ProofDraft> {
    mutation(format!("cnf: {name}"), move |draft: &mut ProofDraft, _| {
        let jkt = draft
            .token
            .claims
            .get("cnf")
            .and_then(|cnf| cnf["jkt"].as_str())
            .unwrap_or_default();
        let cnf = change(jkt);
        draft.token.claims.insert("cnf".to_owned(), cnf);
    })
}

fn bindings() -> Vec<Mutation<ProofDraft>> {
    let mut all = vec![
        mutation("cnf: missing", |draft: &mut ProofDraft, _| {
            drop(draft.token.claims.remove("cnf"))
        }),
        binding("null", |_| Value::Null),
        binding("empty", |_| json!({})),
        binding("a string", |jkt| json!(jkt)),
        binding("an array", |jkt| json!([{"jkt": jkt}])),
        binding("padded", |jkt| json!({"jkt": format!("{jkt}=")})),
        binding(
            "the standard alphabet",
            |jkt| json!({"jkt": jkt.replace('-', "+").replace('_', "/")}),
        ),
        binding("in capitals", |jkt| json!({"jkt": jkt.to_uppercase()})),
        binding("a number", |_| json!({"jkt": 1})),
        binding("JKT", |jkt| json!({"JKT": jkt})),
        binding(
            "a certificate too",
            |jkt| json!({"jkt": jkt, "x5t#S256": jkt}),
        ),
        binding("a certificate", |jkt| json!({"x5t#S256": jkt})),
        binding("an unknown member too", |jkt| json!({"jkt": jkt, "x": 1})),
        binding(
            "another key",
            |_| json!({"jkt": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}),
        ),
    ];
    all.push(mutation(
        "token: a character changed",
        |draft: &mut ProofDraft, _| {
            draft
                .token
                .whole
                .push(Box::new(|token| format!("{token}A")));
        },
    ));
    all.push(mutation("token: expired", |draft: &mut ProofDraft, _| {
        draft.token.claims.insert("exp".to_owned(), json!(NOW - 61));
    }));
    all
}

/// Every change.
pub(crate) struct ProofMutations(Mutations<ProofDraft>);

impl ProofMutations {
    pub(crate) fn new() -> Self {
        let of_proof = [
            header::of_any(),
            of_any(),
            urls(),
            proof_claims(),
            proof_keys(),
        ];
        let of_proof = of_proof.into_iter().flatten();
        let of_proof =
            of_proof.map(|one| one.within("proof ", |draft: &mut ProofDraft| &mut draft.proof));
        let all = of_proof.chain(requests()).chain(bindings());
        Self(Mutations::new(all.collect()))
    }

    pub(crate) fn plan(&self, random: &mut Seeded) -> Vec<Step> {
        self.0.plan(random)
    }

    pub(crate) fn build(&self, seed: u64, steps: &[Step]) -> Value {
        let mut draft = ProofDraft::good(&mut Seeded::new(seed));
        self.0.apply(steps, &mut draft);
        draft.finish()
    }
}
