//! Requests with a key-bound token and its proof.

use serde_json::{Value, json};
use testkit::differential::Step;
use testkit::json::changed;
use testkit::seeded::Seeded;
use testkit::signer::sha256;

use super::super::support::NOW;
use super::jws::Jws;
use super::keys::{ALGORITHMS, other_signer};
use super::token::{good_claims, of_any};
use super::{Mutation, Mutations, header, mutation, proof_claims, proof_url};
use crate::support::Signer;
use crate::support::proof::DOMAIN;

/// A draft of a request.
pub(crate) struct ProofDraft {
    token: Jws,
    proof: Jws,
    /// Whether `ath` is the hash of the token.
    names_token: bool,
    scheme: String,
    method: &'static str,
    path: &'static str,
    proofs: Vec<ProofEdit>,
}

/// A change to the values of the `DPoP` header.
type ProofEdit = fn(Vec<String>) -> Vec<String>;

const METHODS: [&str; 4] = ["GET", "PUT", "DELETE", "PATCH"];

/// Paths that the URL parser of browsers does not change.
const PATHS: [&str; 6] = [
    "/prod/state/42",
    "/prod/state/a%20b/%C3%A9",
    "/prod/",
    "/prod/state/a~b-c.d_e",
    "/prod/state/%2F",
    "/prod/state/a:b@c;d=e,f!g$h&i'(j)*+k",
];

impl ProofDraft {
    fn good(random: &mut Seeded) -> Self {
        let algorithm = *random.pick(&ALGORITHMS);
        let (method, path) = (*random.pick(&METHODS), *random.pick(&PATHS));
        // A key that differs from the issuer's.
        let client = other_signer(algorithm);
        let bound = changed(good_claims(), &json!({"cnf": {"jkt": client.thumbprint()}}));
        let header = json!({"typ": "dpop+jwt", "alg": algorithm, "jwk": client.public_jwk()});
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
            let ath = sha256(&token);
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

/// All changes.
pub(crate) struct ProofMutations(Mutations<ProofDraft>);

impl ProofMutations {
    pub(crate) fn new() -> Self {
        let of_proof = [
            header::of_any(),
            of_any(),
            proof_url::all(),
            proof_claims::all(),
            proof_claims::keys(),
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
