//! Tokens with the key set of their issuer.

use serde_json::{Map, Value, json};
use testkit::differential::Step;
use testkit::seeded::Seeded;

use super::super::support::{ISSUER, NOW};
use super::json_text::JsonPart;
use super::jws::{Edit, Jws, edited};
use super::keys::{ALGORITHMS, other_signer, signer, unlike};
use super::{
    Mutation, Mutations, claims, encoding, header, json_text, key_set, key_set_document, mutation,
    signature,
};

/// A draft of a token and a key set.
pub(crate) struct TokenDraft {
    pub(crate) token: Jws,
    /// The first key is the token's.
    pub(crate) keys: Vec<Value>,
    pub(crate) set_text: Vec<Edit<String>>,
    pub(crate) algorithms: Vec<&'static str>,
}

/// The claims of an access token as in RFC 9068.
pub(crate) fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "api://default", "sub": "alice", "client_id": "web", "iat": NOW - 10, "exp": NOW + 3590,
        "jti": "AT.1", "scope": "openid state:write",
    })
}

impl TokenDraft {
    pub(crate) fn good(random: &mut Seeded) -> Self {
        let algorithm = *random.pick(&ALGORITHMS);
        let other = unlike(algorithm);
        let header = json!({"alg": algorithm, "kid": "k1", "typ": "at+jwt"});
        let mut key = signer(algorithm).jwk("k1");
        if random.one_in(2) {
            key["alg"] = json!(algorithm);
        }
        Self {
            token: Jws::new(signer(algorithm), algorithm, header, good_claims()),
            keys: vec![
                key,
                other_signer(algorithm).jwk("k2"),
                signer(other).jwk("k3"),
            ],
            set_text: Vec::new(),
            algorithms: ALGORITHMS.to_vec(),
        }
    }

    /// The token's key, if the set still has it and it is an object.
    pub(crate) fn key(&mut self) -> Option<&mut Map<String, Value>> {
        self.keys.first_mut()?.as_object_mut()
    }

    fn key_set(&mut self) -> String {
        let text = json!({"keys": self.keys}).to_string();
        edited(text, std::mem::take(&mut self.set_text))
    }

    fn finish(mut self) -> Value {
        json!({"jwks": self.key_set(), "algorithms": self.algorithms, "token": self.token.finish()})
    }
}

/// Changes to the token itself.
pub(crate) fn of_token() -> Vec<Mutation<Jws>> {
    let mut all = header::of_any();
    all.extend(header::of_token());
    all.extend(claims::all());
    all.extend(of_any());
    all
}

/// Changes to encodings, JSON and signatures.
pub(crate) fn of_any() -> Vec<Mutation<Jws>> {
    let mut all = json_text::all(JsonPart::Header);
    all.extend(json_text::all(JsonPart::Claims));
    all.extend(encoding::all());
    all.extend(signature::all());
    all
}

fn settings() -> Vec<Mutation<TokenDraft>> {
    vec![
        mutation(
            "settings: only this algorithm",
            |draft: &mut TokenDraft, _| {
                draft.algorithms = vec![draft.token.algorithm];
            },
        ),
        mutation(
            "settings: every other algorithm",
            |draft: &mut TokenDraft, _| {
                let ours = draft.token.algorithm;
                draft.algorithms.retain(|name| *name != ours);
            },
        ),
    ]
}

/// All changes; each kind is equally frequent.
pub(crate) struct TokenMutations(Mutations<TokenDraft>);

impl TokenMutations {
    pub(crate) fn new() -> Self {
        let of_token = of_token()
            .into_iter()
            .map(|one| one.within("", |draft: &mut TokenDraft| &mut draft.token));
        let all = of_token
            .chain(key_set::all())
            .chain(key_set_document::all())
            .chain(settings());
        Self(Mutations::new(all.collect()))
    }

    pub(crate) fn plan(&self, random: &mut Seeded) -> Vec<Step> {
        self.0.plan(random)
    }

    pub(crate) fn build(&self, seed: u64, steps: &[Step]) -> Value {
        let mut draft = TokenDraft::good(&mut Seeded::new(seed));
        self.0.apply(steps, &mut draft);
        draft.finish()
    }
}
