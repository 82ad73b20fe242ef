//! JSON merge patch (RFC 7396) and JSON patch (RFC 6902) on `{"value", "visibility"}`.

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

use crate::{
    json,
    problem::{Fault, Problem},
    state::MAX_VALUE_BYTES,
};

/// Media type of a merge patch.
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// Media type of a JSON patch.
pub const JSON_PATCH: &str = "application/json-patch+json";

/// Most operations of one JSON patch: each may walk the whole value.
const MAX_OPERATIONS: usize = 1000;

/// A patch that can be read; whether it fits a document shows when it is applied.
#[derive(Debug)]
pub enum Patch {
    /// RFC 7396.
    Merge(Value),
    /// RFC 6902.
    Operations(Vec<PatchOperation>),
}

impl Patch {
    /// Reads a JSON patch.
    ///
    /// # Errors
    /// 400 for what is no list of operations (RFC 5789, 2.2), 422 for more than a thousand.
    pub fn operations(document: Value) -> Result<Self, Problem> {
        let malformed = |pointer: String, detail: String| {
            Problem::BadRequest(vec![Fault::new(pointer, detail)])
        };
        let Value::Array(operations) = document else {
            return Err(malformed(
                "#".to_owned(),
                "expected an array of operations".to_owned(),
            ));
        };
        if operations.len() > MAX_OPERATIONS {
            return Err(Problem::Unprocessable(vec![Fault::new(
                "#",
                "too many operations; at most 1000",
            )]));
        }
        let parse = |(at, operation)| {
            serde_json::from_value(operation)
                .map_err(|error| malformed(format!("#/{at}"), error.to_string()))
        };
        operations
            .into_iter()
            .enumerate()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self::Operations)
    }

    /// Applies the patch, whole or not at all.
    ///
    /// # Errors
    /// 409 when an operation does not fit the document, 413 when the document would grow too large.
    pub fn apply(self, mut document: Value) -> Result<Value, Problem> {
        match self {
            Self::Merge(patch) => json_patch::merge(&mut document, &patch),
            Self::Operations(operations) => {
                for (at, operation) in operations.iter().enumerate() {
                    step(&mut document, operation).map_err(|kind| {
                        Problem::Conflict(Fault::new(format!("#/{at}"), kind.to_string()))
                    })?;
                    // Each copy can double the document; nothing else adds more than the patch itself holds.
                    if matches!(operation, PatchOperation::Copy(_))
                        && document.to_string().len() > 2 * MAX_VALUE_BYTES
                    {
                        return Err(Problem::ValueTooLarge(MAX_VALUE_BYTES));
                    }
                }
            }
        }
        Ok(document)
    }
}

fn step(document: &mut Value, operation: &PatchOperation) -> Result<(), PatchErrorKind> {
    match operation {
        // The library holds 1 and 1.0 for different.
        PatchOperation::Test(test) => match document.pointer(test.path.as_str()) {
            Some(value) if json::equal(value, &test.value) => Ok(()),
            Some(_) => Err(PatchErrorKind::TestFailed),
            None => Err(PatchErrorKind::InvalidPointer),
        },
        _ => {
            json_patch::patch(document, std::slice::from_ref(operation)).map_err(|error| error.kind)
        }
    }
}

#[cfg(test)]
mod tests;
