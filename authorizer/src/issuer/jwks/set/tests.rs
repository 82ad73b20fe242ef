//! Invalid key sets, each with the expected list of (index, reason).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// The RSA key of RFC 7638, section 3.1.
const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
/// The point of RFC 7515, appendix A.3.
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
/// The key of RFC 8037, appendix A.2.
const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn rsa(members: &str) -> String {
    format!(r#"{{"kty":"RSA","kid":"k","n":"{N}","e":"AQAB"{members}}}"#)
}

fn rsa_of(n: &[u8], e: &[u8]) -> String {
    let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
    format!(r#"{{"kty":"RSA","kid":"k","n":"{n}","e":"{e}"}}"#)
}

fn ec(crv: &str, x: &str, y: &str) -> String {
    format!(r#"{{"kty":"EC","kid":"k","crv":"{crv}","x":"{x}","y":"{y}"}}"#)
}

fn okp(crv: &str, x: &str) -> String {
    format!(r#"{{"kty":"OKP","kid":"k","crv":"{crv}","x":"{x}"}}"#)
}

fn parse(keys: &[String], allowed: &[Algorithm]) -> Result<KeySet, KeySetParseError> {
    KeySet::parse(
        format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes(),
        allowed,
    )
}

/// The refused keys, each with its index.
fn refused(set: &KeySet) -> Vec<(usize, KeyRefusal)> {
    let refused = set.refused().iter();
    refused.map(|key| (key.index, key.refusal)).collect()
}

/// Parses a set of `key` between two good keys. The good keys stay usable, whatever `key` is.
#[track_caller]
fn check_with(key: &str, allowed: &[Algorithm], expected: Option<KeyRefusal>) {
    let good = |kid| format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{N}","e":"AQAB"}}"#);
    let set = parse(&[good("a"), key.to_owned(), good("z")], allowed).unwrap();
    let refused = refused(&set);
    assert_eq!(
        refused,
        expected
            .map(|refusal| (1, refusal))
            .into_iter()
            .collect::<Vec<_>>(),
        "{key}"
    );
    assert_eq!(set.keys().len(), if expected.is_some() { 2 } else { 3 });
    assert_eq!(set.keys()[0].kid().as_str(), "a");
    assert_eq!(set.keys().last().unwrap().kid().as_str(), "z");
}

#[track_caller]
fn check(key: &str, expected: Option<KeyRefusal>) {
    check_with(key, &Algorithm::ALL, expected);
}

#[test]
fn valid_keys_of_every_kind_are_accepted() {
    for key in [
        rsa(""),
        rsa(r#","use":"sig","alg":"RS256","key_ops":["verify"]"#),
        rsa(r#","alg":"PS512","x5c":"not even an array","x5t":5,"unknown":{"a":[null]}"#),
        ec("P-256", X, Y),
        okp("Ed25519", ED),
    ] {
        check(&key, None);
    }
}

#[test]
fn a_modulus_with_leading_zeros_is_the_same_key() {
    let n = URL_SAFE_NO_PAD.decode(N).unwrap();
    let plain = parse(&[rsa("")], &Algorithm::ALL).unwrap();
    let padded = rsa_of(&[&[0, 0], n.as_slice()].concat(), &[0, 1, 0, 1]);
    let padded = parse(&[padded], &Algorithm::ALL).unwrap();
    assert_eq!(plain.keys()[0].thumbprint(), padded.keys()[0].thumbprint());
}

#[test]
fn elements_that_are_not_keys_are_refused() {
    for key in ["null", "5", "\"key\"", "[]", "true", r#"["RSA","k"]"#] {
        check(key, Some(KeyRefusal::NotAnObject));
    }
    check("{}", Some(KeyRefusal::NoKeyId));
}

#[test]
fn missing_and_malformed_key_ids_are_refused() {
    check(
        &rsa("").replace(r#""kid":"k","#, ""),
        Some(KeyRefusal::NoKeyId),
    );
    for kid in ["5", "null", "[\"k\"]", "{}"] {
        let key = rsa("").replace(r#""kid":"k""#, &format!(r#""kid":{kid}"#));
        check(&key, Some(KeyRefusal::MalformedMember("kid")));
    }
    let kid = |length| {
        rsa("").replace(
            r#""kid":"k""#,
            &format!(r#""kid":"{}""#, "k".repeat(length)),
        )
    };
    check(&kid(256), None);
    check(&kid(257), Some(KeyRefusal::KeyIdTooLong));
}

#[test]
fn keys_with_repeated_members_are_refused() {
    for member in [r#","kid":"k""#, r#","n":"AQAB""#, r#","kt\u0079":"oct""#] {
        check(&rsa(member), Some(KeyRefusal::DuplicateMember));
    }
    check(
        &rsa(r#","unknown":1,"unknown":1"#),
        Some(KeyRefusal::DuplicateMember),
    );
}

#[test]
fn private_and_symmetric_keys_are_refused() {
    check(
        r#"{"kty":"oct","kid":"k","k":"c2VjcmV0","alg":"HS256"}"#,
        Some(KeyRefusal::Symmetric),
    );
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        check(
            &rsa(&format!(r#","{name}":"AQ""#)),
            Some(KeyRefusal::PrivateKey),
        );
    }
    check(
        &ec("P-256", X, Y).replace(r#""kid""#, r#""d":"AQ","kid""#),
        Some(KeyRefusal::PrivateKey),
    );
}

#[test]
fn keys_that_are_not_for_signatures_are_refused() {
    for members in [
        r#","use":"enc""#,
        r#","use":"SIG""#,
        r#","use":"""#,
        r#","key_ops":["sign"]"#,
        r#","key_ops":[]"#,
        r#","use":"sig","key_ops":["encrypt"]"#,
    ] {
        check(&rsa(members), Some(KeyRefusal::NotForSignatures));
    }
    check(
        &rsa(r#","use":["sig"]"#),
        Some(KeyRefusal::MalformedMember("use")),
    );
    for operations in ["\"verify\"", "[5]", "null", "{}"] {
        let key = rsa(&format!(r#","key_ops":{operations}"#));
        check(&key, Some(KeyRefusal::MalformedMember("key_ops")));
    }
}

#[test]
fn unsupported_key_types_and_curves_are_refused() {
    for kty in ["AKP", "rsa", "", "DH"] {
        let key = rsa("").replace(r#""kty":"RSA""#, &format!(r#""kty":"{kty}""#));
        check(&key, Some(KeyRefusal::UnsupportedKeyType));
    }
    check(
        &rsa("").replace(r#""kty":"RSA","#, ""),
        Some(KeyRefusal::MissingMember("kty")),
    );
    check(
        &rsa("").replace("\"RSA\"", "5"),
        Some(KeyRefusal::MalformedMember("kty")),
    );
    for key in [
        ec("P-521", X, Y),
        ec("secp256k1", X, Y),
        ec("Ed25519", X, Y),
        okp("Ed448", ED),
        okp("X25519", ED),
        okp("P-256", ED),
    ] {
        check(&key, Some(KeyRefusal::UnsupportedCurve));
    }
    check(
        r#"{"kty":"EC","kid":"k"}"#,
        Some(KeyRefusal::MissingMember("crv")),
    );
}

#[test]
fn an_alg_that_does_not_fit_the_key_type_is_refused() {
    for alg in [
        "ES256", "EdDSA", "HS256", "none", "RSA-OAEP", "RS1", "rs256", "",
    ] {
        check(
            &rsa(&format!(r#","alg":"{alg}""#)),
            Some(KeyRefusal::AlgorithmConflict),
        );
    }
    let es384 = ec("P-256", X, Y).replace(r#""kid""#, r#""alg":"ES384","kid""#);
    check(&es384, Some(KeyRefusal::AlgorithmConflict));
    check(
        &rsa(r#","alg":256"#),
        Some(KeyRefusal::MalformedMember("alg")),
    );
}

#[test]
fn keys_for_algorithms_that_are_not_allowed_are_refused() {
    let rs256 = [Algorithm::RS256];
    check_with(&rsa(r#","alg":"RS256""#), &rs256, None);
    check_with(
        &rsa(r#","alg":"PS256""#),
        &rs256,
        Some(KeyRefusal::AlgorithmNotAllowed),
    );
    check_with(
        &ec("P-256", X, Y),
        &rs256,
        Some(KeyRefusal::AlgorithmNotAllowed),
    );
}

#[test]
fn rsa_keys_of_the_wrong_size_and_numbers_that_are_not_a_key_are_refused() {
    let n = |bytes: usize| [vec![0x80], vec![0xff; bytes - 1]].concat();
    let e = &[1, 0, 1];
    check(&rsa_of(&n(256), e), None);
    check(&rsa_of(&n(1024), e), None);
    check(&rsa_of(&n(128), e), Some(KeyRefusal::RsaTooSmall));
    check(
        &rsa_of(&[&[0x7f], &n(256)[1..]].concat(), e),
        Some(KeyRefusal::RsaTooSmall),
    );
    check(
        &rsa_of(&[&[0; 200][..], &n(128)].concat(), e),
        Some(KeyRefusal::RsaTooSmall),
    );
    check(&rsa_of(&[], e), Some(KeyRefusal::RsaTooSmall));
    check(
        &rsa_of(&[&[1], n(1024).as_slice()].concat(), e),
        Some(KeyRefusal::RsaTooLarge),
    );
    let even = [n(255), vec![0]].concat();
    check(&rsa_of(&even, e), Some(KeyRefusal::NotAPublicKey));
}

#[test]
fn unsafe_rsa_exponents_are_refused() {
    let n = URL_SAFE_NO_PAD.decode(N).unwrap();
    check(&rsa_of(&n, &[3]), None);
    check(&rsa_of(&n, &[1, 0, 0, 0, 1]), None);
    for e in [
        &[][..],
        &[0],
        &[1],
        &[2],
        &[1, 0, 0],
        &[2, 0, 0, 0, 1],
        &[0xff; 256],
    ] {
        check(&rsa_of(&n, e), Some(KeyRefusal::RsaExponent));
    }
}

#[test]
fn points_that_are_not_on_their_curve_are_refused() {
    let short = URL_SAFE_NO_PAD.encode([1; 31]);
    // A good point, divided one byte too early.
    let point = [X, Y].map(|number| URL_SAFE_NO_PAD.decode(number).unwrap());
    let point = point.concat();
    let [early, late] = [&point[..31], &point[31..]].map(|part| URL_SAFE_NO_PAD.encode(part));
    for key in [
        ec("P-256", &early, &late),
        ec("P-256", X, X),
        ec("P-256", &short, Y),
        ec("P-384", X, Y),
        ec("P-256", "", ""),
    ] {
        check(&key, Some(KeyRefusal::NotAPublicKey));
    }
    check(&okp("Ed25519", &short), Some(KeyRefusal::NotAPublicKey));
}

#[test]
fn numbers_that_are_not_base64url_are_refused() {
    for n in [
        format!("{N}="),
        N.replace('_', "/"),
        format!(" {N}"),
        format!("{N}\\n"),
    ] {
        let key = rsa("").replace(N, &n);
        check(&key, Some(KeyRefusal::MalformedMember("n")));
    }
    check(
        &rsa("").replace("\"AQAB\"", "65537"),
        Some(KeyRefusal::MalformedMember("e")),
    );
    check(
        &rsa("").replace(r#","e":"AQAB""#, ""),
        Some(KeyRefusal::MissingMember("e")),
    );
}

#[test]
fn one_good_key_stays_usable_in_a_set_of_bad_keys() {
    let keys = [
        "null".to_owned(),
        rsa(r#","use":"enc""#),
        rsa(""),
        r#"{"kty":"oct","kid":"h","k":"c2VjcmV0"}"#.to_owned(),
        r#"{"kty":"AKP","kid":"pq","alg":"ML-DSA-44","pub":"AQ"}"#.to_owned(),
        rsa(r#","x5c":7,"d":"AQ""#),
    ];
    let set = parse(&keys, &Algorithm::ALL).unwrap();
    let refused = refused(&set);
    assert_eq!(
        refused,
        [
            (0, KeyRefusal::NotAnObject),
            (1, KeyRefusal::NotForSignatures),
            (3, KeyRefusal::Symmetric),
            (4, KeyRefusal::UnsupportedKeyType),
            (5, KeyRefusal::PrivateKey),
        ]
    );
    assert_eq!(set.keys().len(), 1);
}

#[test]
fn documents_without_a_usable_key_are_refused() {
    let deep = format!(
        r#"{{"keys":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for (json, expected) in [
        ("", KeySetError::NotAnObject),
        (
            "<html><body>Sign in</body></html>",
            KeySetError::NotAnObject,
        ),
        ("[]", KeySetError::NotAnObject),
        ("null", KeySetError::NotAnObject),
        (r#"{"keys":[{"kty""#, KeySetError::NotAnObject),
        (r#"{"keys":[]} {"keys":[]}"#, KeySetError::NotAnObject),
        ("\u{feff}{\"keys\":[]}", KeySetError::NotAnObject),
        ("{}", KeySetError::NoKeys),
        (r#"{"keys":null}"#, KeySetError::NoKeys),
        (r#"{"keys":{}}"#, KeySetError::NoKeys),
        (r#"{"Keys":[]}"#, KeySetError::NoKeys),
        (r#"{"keys":[]}"#, KeySetError::Empty),
        (r#"{"keys":[],"keys":[{}]}"#, KeySetError::DuplicateMember),
    ] {
        assert_eq!(
            KeySet::parse(json.as_bytes(), &Algorithm::ALL)
                .unwrap_err()
                .fault,
            expected,
            "{json}"
        );
    }
    assert!(KeySet::parse(deep.as_bytes(), &Algorithm::ALL).is_err());
    assert_eq!(
        KeySet::parse(b"{\"keys\":[\"\xff\"]}", &Algorithm::ALL)
            .unwrap_err()
            .fault,
        KeySetError::NotAnObject
    );
    let none = KeySet::parse(br#"{"keys":[null,{}]}"#, &Algorithm::ALL).unwrap_err();
    assert_eq!(none.refused.len(), 2);
    assert!(
        none.to_string().ends_with("(the first: not a JSON object)"),
        "{none}"
    );
}

#[track_caller]
fn find(keys: &[String], kid: &str, algorithm: Algorithm) -> Result<usize, Option<KeyRefusal>> {
    let set = Arc::new(parse(keys, &Algorithm::ALL).unwrap());
    match set.find(&KeyId::parse(kid).unwrap(), algorithm) {
        Found::Keys(candidates) => Ok(candidates.iter().count()),
        Found::Refused(refusal) => Err(Some(refusal)),
        Found::Nothing => Err(None),
    }
}

#[test]
fn keys_with_the_same_id_are_found_if_they_fit() {
    let keys = [
        rsa(""),
        ec("P-256", X, Y),
        rsa_of(&[vec![0x81], vec![0xff; 255]].concat(), &[3]),
        okp("Ed25519", ED),
        rsa(r#","use":"enc""#),
        rsa(r#","use":"enc""#).replace("\"k\"", "\"other\""),
        rsa("").replace("\"k\"", "\"a\""),
        rsa("").replace("\"k\"", "\"z\""),
    ];
    for kid in ["a", "z"] {
        assert_eq!(find(&keys, kid, Algorithm::RS256), Ok(1));
    }
    assert_eq!(find(&keys, "k", Algorithm::RS256), Ok(2));
    assert_eq!(find(&keys, "k", Algorithm::ES256), Ok(1));
    assert_eq!(find(&keys, "k", Algorithm::EdDSA), Ok(1));
    assert_eq!(
        find(&keys, "k", Algorithm::ES384),
        Err(Some(KeyRefusal::DoesNotFitAlgorithm))
    );
    assert_eq!(
        find(&keys, "other", Algorithm::RS256),
        Err(Some(KeyRefusal::NotForSignatures))
    );
    assert_eq!(find(&keys, "K", Algorithm::RS256), Err(None));
    assert_eq!(find(&keys, "", Algorithm::RS256), Err(None));
}

#[test]
fn a_key_bound_to_one_algorithm_fits_no_other() {
    let keys = [rsa(r#","alg":"RS256""#)];
    assert_eq!(find(&keys, "k", Algorithm::RS256), Ok(1));
    for algorithm in [Algorithm::PS256, Algorithm::RS512, Algorithm::ES256] {
        let refusal = KeyRefusal::DoesNotFitAlgorithm;
        assert_eq!(find(&keys, "k", algorithm), Err(Some(refusal)));
    }
}
