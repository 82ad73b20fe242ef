//! The fuzz targets of both kinds of patches, compared with the crate `json-patch`.

use serde_json::Value;

use crate::{
    json::{Json, parse},
    patch::Patch,
    problem::Problem,
    state::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH},
};

/// Parses a document and a patch, each on one line; `None` if one of them is rejected.
fn document_and_patch(input: &[u8]) -> Option<(Json, Json)> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (document, patch) = input.split_at(end);
    let document = read(document, MAX_VALUE_DEPTH + 1)?;
    let patch = read(patch, MAX_VALUE_DEPTH + 3)?;
    // The other library treats such names as its internals.
    let is_internal = |json: &Json| json.to_string().contains("$serde_json");
    (!is_internal(&document) && !is_internal(&patch)).then_some((document, patch))
}

/// Parses JSON. An accepted value is within the depth, and is the same after it is serialised and parsed again.
fn read(text: &[u8], max_depth: usize) -> Option<Json> {
    let found = parse(text, max_depth);
    let padded = parse(&[b" \r", text, b"\t"].concat(), max_depth);
    assert_eq!(
        padded.is_ok(),
        found.is_ok(),
        "white space changes the result"
    );
    let json = found.ok()?;
    assert!(json.depth() <= max_depth);
    assert_same(&json, max_depth);
    Some(json)
}

fn assert_same(json: &Json, max_depth: usize) {
    let text = json.to_string();
    assert_eq!(text.len(), json.compact_len());
    let again = parse(text.as_bytes(), max_depth);
    assert_eq!(again.as_ref(), Ok(json), "written: {text}");
}

fn other_library(json: &Json) -> Value {
    serde_json::from_str(&json.to_string()).unwrap()
}

/// If a patch is applied, the result equals the other library's and is within the limits. If it conflicts, the other
/// library refuses it too.
pub(super) fn json_patch(input: &[u8]) {
    let Some((document, patch)) = document_and_patch(input) else {
        return;
    };
    let mut theirs = other_library(&document);
    let other_patch = serde_json::from_value::<json_patch::Patch>(other_library(&patch)).ok();
    let applied = other_patch.map(|patch| json_patch::patch(&mut theirs, &patch));
    // `test` compares numbers by value here, and as written in the other library.
    let has_test = patch.to_string().contains("\"test\"");
    let size = document.compact_len() + patch.compact_len();
    match Patch::operations(patch).and_then(|patch| patch.apply(document)) {
        Ok(ours) => {
            assert!(ours.compact_len() <= (MAX_VALUE_BYTES + 2048).max(size));
            assert_same(&ours, MAX_VALUE_DEPTH + 1);
            match applied {
                Some(Ok(())) => assert_eq!(other_library(&ours), theirs),
                other => assert!(has_test, "only the other library refuses: {other:?}"),
            }
        }
        Err(Problem::Conflict(fault)) => {
            let refused = !matches!(applied, Some(Ok(())));
            assert!(refused, "only this one refuses: {fault:?}");
        }
        Err(_) => {}
    }
}

/// The result equals the other library's.
pub(super) fn merge_patch(input: &[u8]) {
    let Some((document, patch)) = document_and_patch(input) else {
        return;
    };
    let mut theirs = other_library(&document);
    json_patch::merge(&mut theirs, &other_library(&patch));
    let depth = document.depth().max(patch.depth());
    let size = document.compact_len() + patch.compact_len();
    let ours = Patch::Merge(patch).apply(document).unwrap();
    assert_eq!(other_library(&ours), theirs);
    assert!(ours.depth() <= depth && ours.compact_len() <= size);
    assert_same(&ours, MAX_VALUE_DEPTH + 3);
}
