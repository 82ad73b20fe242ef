//! Changes to signatures.

use aws_lc_rs::hmac;
use serde_json::json;

use super::jws::Jws;
use super::keys::{other_signer, sibling};
use super::numbers::{add, der, ed25519_order, order, subtract};
use super::{Mutation, mutation};
use crate::support::Signer;

fn edit(
    name: &str,
    change: impl Fn(Vec<u8>, &'static str) -> Vec<u8> + Copy + 'static,
) -> Mutation<Jws> {
    mutation(format!("signature: {name}"), move |jws: &mut Jws, _| {
        let algorithm = jws.algorithm;
        jws.signature.push(Box::new(move |signature| {
            if signature.is_empty() {
                return signature;
            }
            change(signature, algorithm)
        }));
    })
}

/// A change to the two numbers of an ECDSA signature.
fn ecdsa(
    name: &str,
    change: impl Fn(&[u8], &[u8], &[u8]) -> [Vec<u8>; 2] + Copy + 'static,
) -> Mutation<Jws> {
    edit(name, move |signature, algorithm| {
        let is_whole = matches!((algorithm, signature.len()), ("ES256", 64) | ("ES384", 96));
        if !is_whole {
            return signature;
        }
        let (r, s) = signature.split_at(signature.len() / 2);
        change(r, s, &order(algorithm)).concat()
    })
}

fn of_ecdsa() -> Vec<Mutation<Jws>> {
    vec![
        ecdsa("DER", |r, s, _| [der(&[r, s].concat()), Vec::new()]),
        ecdsa("the other s", |r, s, n| [r.to_vec(), subtract(n, s)]),
        ecdsa("r is 0", |r, s, _| [vec![0; r.len()], s.to_vec()]),
        ecdsa("s is 0", |r, s, _| [r.to_vec(), vec![0; s.len()]]),
        ecdsa("both are 0", |r, s, _| [vec![0; r.len()], vec![0; s.len()]]),
        ecdsa("r is the order", |_, s, n| [n.to_vec(), s.to_vec()]),
        ecdsa("s is the order", |r, _, n| [r.to_vec(), n.to_vec()]),
        ecdsa("r exceeds the order", |r, s, n| [add(r, n), s.to_vec()]),
        ecdsa("s exceeds the order", |r, s, n| [r.to_vec(), add(s, n)]),
        ecdsa("both are 1", |r, s, _| {
            let one = |number: &[u8]| [vec![0; number.len() - 1], vec![1]].concat();
            [one(r), one(s)]
        }),
        ecdsa("exchanged", |r, s, _| [s.to_vec(), r.to_vec()]),
        ecdsa("a zero in front of each", |r, s, _| {
            [[&[0], r].concat(), [&[0], s].concat()]
        }),
        ecdsa("only r", |r, _, _| [r.to_vec(), Vec::new()]),
    ]
}

fn of_rsa_and_ed25519() -> Vec<Mutation<Jws>> {
    vec![
        edit("Ed25519, the order added", |signature, algorithm| {
            if algorithm != "EdDSA" || signature.len() != 64 {
                return signature;
            }
            let (point, scalar) = signature.split_at(32);
            let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
            let sum = add(&reversed(scalar), &reversed(&ed25519_order()));
            let sum: Vec<u8> = reversed(&sum).into_iter().take(32).collect();
            [point, &sum].concat()
        }),
        mutation("signature: RSA, the modulus added", |jws: &mut Jws, _| {
            if let Signer::Rsa(pair) = jws.signer {
                use aws_lc_rs::signature::KeyPair;
                let modulus = pair
                    .public_key()
                    .modulus()
                    .big_endian_without_leading_zero()
                    .to_vec();
                jws.signature.push(Box::new(move |signature| {
                    if signature.len() == modulus.len() {
                        add(&signature, &modulus)
                    } else {
                        signature
                    }
                }));
            }
        }),
        mutation(
            "signature: of another algorithm of the key",
            |jws: &mut Jws, _| {
                if let Some(other) = sibling(jws.algorithm) {
                    jws.signed_with = other;
                }
            },
        ),
    ]
}

/// HMAC with a public key as the secret (RFC 8725, section 2.1).
fn confusion() -> Mutation<Jws> {
    mutation(
        "signature: HMAC with the public key",
        |jws: &mut Jws, random| {
            jws.header.insert("alg".to_owned(), json!("HS256"));
            let jwk = jws.signer.jwk("k1");
            let number = jwk
                .get("n")
                .or_else(|| jwk.get("x"))
                .and_then(|text| text.as_str())
                .unwrap_or_default();
            let secret = if random.one_in(2) {
                jwk.to_string()
            } else {
                number.to_owned()
            };
            jws.sign = Some(Box::new(move |input| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::sign(&key, input).as_ref().to_vec()
            }));
        },
    )
}

/// The first byte of a signature by RSA-PSS is a zero here, because OpenSSL adds only zeros.
fn without_first_byte() -> Mutation<Jws> {
    mutation("signature: a byte less in front", |jws: &mut Jws, _| {
        let (signer, algorithm) = (jws.signer, jws.signed_with);
        if algorithm.starts_with("PS") {
            jws.sign = Some(Box::new(move |input| {
                // The salt, and so the signature, is another one each time.
                let mut signatures = std::iter::repeat_with(|| signer.sign(algorithm, input));
                let found = signatures.find(|signature| signature[0] == 0).unwrap();
                found[1..].to_vec()
            }));
        } else {
            jws.signature.push(Box::new(|signature| {
                signature.get(1..).unwrap_or_default().to_vec()
            }));
        }
    })
}

pub(crate) fn all() -> Vec<Mutation<Jws>> {
    let mut all = vec![
        edit("empty", |_, _| Vec::new()),
        edit("a byte less", |mut signature, _| {
            signature.pop();
            signature
        }),
        without_first_byte(),
        edit("half", |signature, _| {
            signature[..signature.len() / 2].to_vec()
        }),
        edit("a byte more", |signature, _| [signature, vec![0]].concat()),
        edit("a zero in front", |signature, _| {
            [vec![0], signature].concat()
        }),
        edit("zeros", |signature, _| vec![0; signature.len()]),
        edit("ones", |signature, _| vec![255; signature.len()]),
        edit("twice", |signature, _| signature.repeat(2)),
        edit("reversed", |signature, _| {
            signature.into_iter().rev().collect()
        }),
        mutation("signature: a bit changed", |jws: &mut Jws, random| {
            let bit = random.below(100_000);
            jws.signature.push(Box::new(move |mut signature| {
                if !signature.is_empty() {
                    let at = bit / 8 % signature.len();
                    signature[at] ^= 1 << (bit % 8);
                }
                signature
            }));
        }),
        mutation("signature: of another key", |jws: &mut Jws, _| {
            jws.signer = other_signer(jws.algorithm)
        }),
        mutation("signature: of other claims", |jws: &mut Jws, _| {
            let (signer, algorithm) = (jws.signer, jws.signed_with);
            jws.sign = Some(Box::new(move |input| {
                signer.sign(algorithm, &[input, b"A"].concat())
            }));
        }),
        mutation(
            "signature: of the claims without the header",
            |jws: &mut Jws, _| {
                let (signer, algorithm) = (jws.signer, jws.signed_with);
                jws.sign = Some(Box::new(move |input| {
                    let claims = input.split(|byte| *byte == b'.').nth(1).unwrap_or_default();
                    signer.sign(algorithm, claims)
                }));
            },
        ),
        mutation(
            "signature: alg none and no signature",
            |jws: &mut Jws, _| {
                jws.header.insert("alg".to_owned(), json!("none"));
                jws.sign = Some(Box::new(|_| Vec::new()));
            },
        ),
        confusion(),
    ];
    all.extend(of_ecdsa());
    all.extend(of_rsa_and_ed25519());
    all
}
