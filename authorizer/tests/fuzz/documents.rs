//! The fuzz targets of an issuer's answers: a JWK Set, `Cache-Control`, and metadata.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use authorizer::algorithm::Algorithm;
use authorizer::clock::{Clock, ManualClock, Timestamp};
use authorizer::deadline::Deadline;
use authorizer::issuer::http_client::{Document, IssuerRequest, Sending, Transport};
use authorizer::issuer::jwks::{
    KeyCacheSettings, KeySet, KeySettings, KeySource, KeyState, StatedLifetime, Thumbprint,
};
use authorizer::issuer::metadata::IssuerMetadata;
use authorizer::key_id::KeyId;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{issuer_key, wait};
use crate::support::{ISSUER, KEYS_URI, NOW};

/// Answers every request with one document.
#[derive(Debug)]
struct OneDocument(Document);

impl Transport for OneDocument {
    fn send<'a>(&'a self, _: IssuerRequest<'a>) -> Sending<'a> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

/// Every element of `keys` is usable or refused, with the same result as if it were the only one. A usable key meets the
/// requirements, which [`check_key`] checks a second time, and is the same after another library has parsed and serialised
/// it. White space around the document does not change the result.
pub(crate) fn jwks(input: &[u8]) {
    let found = keys(input);
    let padded = [b"\r\n ", input, b"\t"].concat();
    assert_eq!(keys(&padded), found, "white space around the document");
    let Some(Keys { usable, refused }) = found else {
        return;
    };
    let document: Value = serde_json::from_slice(input).unwrap_or_default();
    let elements: Vec<Box<RawValue>> = elements(input);
    assert_eq!(usable.len() + refused.len(), elements.len(), "{document}");
    for (index, element) in elements.iter().enumerate().take(20) {
        let single = keys(format!(r#"{{"keys":[{element}]}}"#).as_bytes());
        assert_eq!(single.is_none(), refused.contains(&index), "{element}");
        if let Some(single) = single {
            let element: Value = serde_json::from_str(element.get()).unwrap();
            check_key(element.as_object().unwrap());
            let again = json!({"keys": [element]}).to_string();
            assert_eq!(keys(again.as_bytes()), Some(single), "{element}");
        }
    }
    let rsa = KeySet::parse(input, &[Algorithm::RS256]);
    let rsa = rsa.map(|set| set.keys().len()).unwrap_or_default();
    assert!(rsa <= usable.len(), "fewer algorithms allow more keys");
}

/// A usable key is public, for signatures, of an allowed type and size, and bound to no algorithm of another type.
fn check_key(key: &Map<String, Value>) {
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        assert!(!key.contains_key(private), "{private}");
    }
    assert!(key["kid"].is_string());
    assert!([None, Some(&json!("sig"))].contains(&key.get("use")));
    if let Some(operations) = key.get("key_ops") {
        assert!(operations.as_array().unwrap().contains(&json!("verify")));
    }
    // The number of characters of base64url that the number has.
    let length = |name: &str| {
        let text = key[name].as_str().unwrap();
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(text.bytes().all(is_known), "{name}");
        text.len()
    };
    let algorithms: &[&str] = match (&key["kty"], key.get("crv")) {
        (kty, Some(crv)) if kty == "EC" => {
            let (curve, algorithm): (_, &[&str]) = match length("x") {
                43 => ("P-256", &["ES256"]),
                _ => ("P-384", &["ES384"]),
            };
            assert_eq!(*crv, curve);
            let expected = if curve == "P-256" { 43 } else { 64 };
            assert_eq!([length("x"), length("y")], [expected; 2]);
            algorithm
        }
        (kty, Some(crv)) if kty == "OKP" => {
            assert_eq!((crv, length("x")), (&json!("Ed25519"), 43));
            &["EdDSA", "Ed25519"]
        }
        (kty, _) => {
            assert_eq!(kty, "RSA");
            assert!(length("n") >= 342, "fewer than 2048 bits");
            assert!(!["", "AA", "AQ", "Ag"].contains(&key["e"].as_str().unwrap()));
            &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
        }
    };
    let alg = key.get("alg").map(|alg| alg.as_str().unwrap());
    assert!(alg.is_none_or(|alg| algorithms.contains(&alg)), "{alg:?}");
}

/// The usable keys of a set, and the indexes of the refused keys.
#[derive(Debug, PartialEq)]
struct Keys {
    usable: Vec<(String, Thumbprint)>,
    refused: Vec<usize>,
}

fn keys(document: &[u8]) -> Option<Keys> {
    let set = KeySet::parse(document, &Algorithm::ALL).ok()?;
    let usable = set.keys().iter();
    let usable = usable.map(|key| (key.kid().as_str().to_owned(), key.thumbprint()));
    let refused = set.refused().iter().map(|key| key.index);
    Some(Keys {
        usable: usable.collect(),
        refused: refused.collect(),
    })
}

fn elements(document: &[u8]) -> Vec<Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct Document {
        keys: Vec<Box<RawValue>>,
    }
    serde_json::from_slice::<Document>(document).unwrap().keys
}

const CEILING: Duration = Duration::from_secs(3600);
const COOLDOWN: Duration = Duration::from_secs(30);

/// The first two bytes of the input are the `Age`; the rest is the value of `Cache-Control`.
///
/// Keys are never fresh for longer than a second parser of RFC 9111 allows, and never for longer than the settings allow.
/// Case, order and white space do not change the result, and another directive never makes keys fresh for longer.
pub(crate) fn cache_control(input: &[u8]) {
    let Some((age, value)) = input.split_first_chunk::<2>() else {
        return;
    };
    let Ok(value) = str::from_utf8(value) else {
        return;
    };
    let found = StatedLifetime::of(Some(value));
    let mut same = vec![value.to_ascii_uppercase(), format!(", {value}")];
    if let Some(mut directives) = directives(value) {
        same.push(directives.join(" \t, "));
        directives.reverse();
        same.push(directives.join(","));
    }
    for same in same {
        assert_eq!(StatedLifetime::of(Some(&same)), found, "{same:?}");
    }
    let forbidden = StatedLifetime::of(Some(&format!("{value}, No-Store")));
    assert_eq!(forbidden, StatedLifetime::NotKept);
    let ended = StatedLifetime::of(Some(&format!("{value},max-age=0")));
    assert!([StatedLifetime::NotKept, StatedLifetime::Seconds(0)].contains(&ended));

    let age = u64::from(u16::from_be_bytes(*age));
    let limit = most_by_rfc_9111(value, age);
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(NOW)));
    let source = source(value, age, &clock);
    assert_eq!(lookup(&source), KeyState::Fetched);
    clock.advance(limit.max(Duration::from_secs(1)));
    assert_ne!(lookup(&source), KeyState::Fresh, "fresh after {limit:?}");
}

fn source(cache_control: &str, age: u64, clock: &Arc<ManualClock>) -> KeySource {
    let document = Document {
        body: json!({"keys": [issuer_key().jwk("k1")]}).to_string().into(),
        cache_control: Some(cache_control.to_owned()),
        age: Some(age),
    };
    let settings = KeySettings {
        issuer: ISSUER.to_owned(),
        jwks_uri: KEYS_URI.parse().ok(),
        algorithms: vec![Algorithm::EdDSA],
        cache: KeyCacheSettings {
            max_age: CEILING,
            max_stale: CEILING,
            cooldown: COOLDOWN,
            timeout: Duration::from_secs(2),
            key_file: None,
        },
    };
    let clock: Arc<dyn Clock> = clock.clone();
    KeySource::new(settings, Arc::new(OneDocument(document)), clock)
}

fn lookup(source: &KeySource) -> KeyState {
    let kid = KeyId::parse("k1").unwrap();
    let found = source.lookup(&kid, Algorithm::EdDSA, Deadline::UNKNOWN);
    wait(found).unwrap().state
}

/// The longest freshness by RFC 9111, section 5.2. It is the cooldown if the answer forbids caching or is malformed.
fn most_by_rfc_9111(value: &str, age: u64) -> Duration {
    let Some(directives) = directives(value) else {
        return COOLDOWN;
    };
    let mut most = CEILING;
    for directive in &directives {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        let argument = argument.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return COOLDOWN,
            "max-age" if argument.is_empty() => return COOLDOWN,
            "max-age" if !argument.chars().all(|digit| digit.is_ascii_digit()) => return COOLDOWN,
            "max-age" => {
                let seconds = argument.parse::<u64>().unwrap_or(u64::MAX);
                most = most.min(Duration::from_secs(seconds.saturating_sub(age)));
            }
            _ => {}
        }
    }
    most
}

/// A list of which an element may have commas in quotes. `None` if the last quote has no end.
fn directives(value: &str) -> Option<Vec<String>> {
    let mut directives = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character == ',' && !is_quoted {
            directives.push(String::new());
            continue;
        }
        let last = directives.last_mut()?;
        last.push(character);
        match character {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => last.extend(characters.next()),
            _ => {}
        }
    }
    (!is_quoted).then_some(directives)
}

/// Accepted metadata is an object with exactly this issuer, and its URLs are https and not on this machine. It is
/// accepted again after it was parsed and serialised. White space around the document does not change the result.
pub(crate) fn metadata(input: &[u8]) {
    let found = addresses(input);
    let padded = [b"\r\n ", input, b"\t"].concat();
    assert_eq!(addresses(&padded), found, "white space around the document");
    let Some(found) = found else {
        return;
    };
    for address in found.iter().flatten() {
        assert!(address.starts_with("https://"), "{address}");
        assert!(!is_on_this_machine(address), "{address}");
    }
    // Not every accepted document can be parsed as a `Value`: members that are ignored may have numbers out of range.
    if let Ok(document) = serde_json::from_slice::<Value>(input) {
        assert_eq!(document["issuer"], ISSUER);
        assert_eq!(addresses(document.to_string().as_bytes()), Some(found));
    }
}

/// Whether the host of this URL is a loopback address, or the unspecified address, which also leads to this machine.
fn is_on_this_machine(url: &str) -> bool {
    let authority = url.split('/').nth(2).unwrap();
    let v4 = |ip: Ipv4Addr| ip.is_loopback() || ip.is_unspecified();
    if let Some((ip, _)) = authority
        .strip_prefix('[')
        .and_then(|ip| ip.split_once(']'))
    {
        let ip: Ipv6Addr = ip.parse().unwrap();
        return ip.is_loopback() || ip.is_unspecified() || ip.to_ipv4_mapped().is_some_and(v4);
    }
    let host = authority.split(':').next().unwrap().trim_end_matches('.');
    let name = host.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || host.parse().is_ok_and(v4)
}

/// The two URLs of metadata, if it is accepted.
fn addresses(document: &[u8]) -> Option<[Option<String>; 2]> {
    let transport = OneDocument(Document {
        body: document.to_vec(),
        ..Document::default()
    });
    let fetched = IssuerMetadata::fetch(ISSUER, &transport, Duration::from_secs(2));
    let metadata = wait(fetched).ok()?;
    let found = [metadata.jwks_uri(), metadata.introspection_endpoint()];
    Some(found.map(|address| Some(address.ok()?.as_str().to_owned())))
}
