//! The fuzz targets of entity tags and cursors.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header::IF_MATCH};
use regex_lite::Regex;
use utoipa::{
    PartialSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    cursor::{Cursors, Start},
    precondition::{EntityTags, Preconditions},
    state::{StateId, Tag},
};

/// Each line of the input is one value of `If-Match`.
///
/// An ASCII value is accepted exactly if the pattern in the OpenAPI document matches. White space and commas around a list
/// do not change the result, and a write is permitted exactly over the versions with a strong tag in the list.
pub(super) fn entity_tags(input: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut lines = Vec::new();
    for line in input.split(|byte| *byte == b'\n').take(20) {
        let Ok(value) = HeaderValue::from_bytes(line) else {
            return;
        };
        headers.append(IF_MATCH, value);
        lines.push(line);
    }
    let text = String::from_utf8_lossy(&lines.join(&b", "[..])).into_owned();
    let found = Preconditions::parse(&headers);
    if text.is_ascii() {
        let plain = text.trim_matches([' ', '\t']);
        assert_eq!(found.is_ok(), pattern().is_match(plain), "{text:?}");
    }
    let Ok(found) = found else {
        return;
    };
    let mut expected = HeaderMap::new();
    match found.sole_if_match().unwrap() {
        EntityTags::Any => {
            assert_eq!(text.trim_matches([' ', '\t']), "*");
            assert!(found.permit_write(&Tag::stored("anything".to_owned())));
            return;
        }
        EntityTags::Tags(tags) => {
            for tag in tags.iter().filter_map(|tag| tag.strong()) {
                assert!(text.contains(&format!("\"{tag}\"")));
                assert!(found.permit_write(&Tag::stored(tag.to_owned())));
            }
            let tags = tags.iter().map(|tag| match tag.strong() {
                Some(strong) => format!("\"{strong}\""),
                None => "W/\"weak\"".to_owned(),
            });
            let list = tags.collect::<Vec<_>>().join(",");
            expected.insert(IF_MATCH, HeaderValue::from_str(&list).unwrap());
        }
    }
    let stranger = Tag::stored("a tag that no header has".to_owned());
    assert!(!found.permit_write(&stranger));
    let again = Preconditions::parse(&expected).unwrap();
    assert_eq!(strong(&again), strong(&found));
    let padded = HeaderValue::from_bytes(&[b" ,\t", &*lines.join(&b", "[..]), b" ,"].concat());
    headers.insert(IF_MATCH, padded.unwrap());
    assert_eq!(Preconditions::parse(&headers), Ok(found));
}

fn strong(preconditions: &Preconditions) -> Vec<Option<&str>> {
    match preconditions.sole_if_match() {
        Some(EntityTags::Tags(tags)) => tags.iter().map(|tag| tag.strong()).collect(),
        _ => Vec::new(),
    }
}

fn pattern() -> &'static Regex {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        let RefOr::T(Schema::Object(schema)) = EntityTags::schema() else {
            return Regex::new("^no schema$").unwrap();
        };
        Regex::new(&schema.pattern.unwrap()).unwrap()
    });
    &PATTERN
}

/// After `=` the input is a cursor, otherwise the bytes of a cursor. If it is two lines with ids, they are encoded as a
/// cursor.
///
/// A cursor that this process did not encode never has an encrypted position. Each position has only one accepted
/// spelling, and an encoded cursor is decoded to the same position.
pub(super) fn cursor(input: &[u8]) {
    static CURSORS: LazyLock<[Cursors; 2]> =
        LazyLock::new(|| [Cursors::new().unwrap(), Cursors::new().unwrap()]);
    let [cursors, others] = &*CURSORS;
    let text = match input.strip_prefix(b"=") {
        Some(text) => String::from_utf8_lossy(text).into_owned(),
        None => URL_SAFE_NO_PAD.encode(input),
    };
    if let Ok(start) = cursors.decode(&text) {
        assert_eq!(start.examined, None, "a forged position is accepted");
        if let Some(shown) = &start.shown {
            let decoded = URL_SAFE_NO_PAD.decode(&text).unwrap();
            if decoded.starts_with(b"1:") {
                assert_eq!(cursors.encode(&start).unwrap(), text);
            }
            assert!(
                decoded
                    .get(2..)
                    .unwrap()
                    .starts_with(shown.as_str().as_bytes())
            );
        }
        for other in [format!(" {text}"), format!("{text}\n"), format!("{text}=")] {
            assert!(cursors.decode(&other).is_err(), "{other:?}");
        }
    }
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let (shown, examined) = text.split_once('\n').unwrap_or((text, ""));
    let start = Start {
        shown: shown.parse::<StateId>().ok(),
        examined: examined.parse::<StateId>().ok(),
    };
    if start == Start::default() {
        return;
    }
    let written = cursors.encode(&start).unwrap();
    assert_eq!(cursors.decode(&written).as_ref(), Ok(&start));
    let elsewhere = Start {
        examined: None,
        ..start
    };
    assert_eq!(others.decode(&written), Ok(elsewhere));
    assert!(written.len() <= 512);
}
