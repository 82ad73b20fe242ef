//! Applies JSON merge patches (RFC 7396) and JSON patches (RFC 6902) to `{"value", "visibility"}`.
//!
//! The crate `json-patch` is not used, because it works on `serde_json::Value` (see [`crate::json`]), clones the values
//! that it inserts, and recurses into a document before its depth can be checked.

mod apply;
mod operation;
mod pointer;

use self::apply::Applying;
pub(crate) use self::operation::Operation;
use crate::{
    json::{Json, Object},
    problem::{Fault, Problem},
};

/// The media type of a merge patch.
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// The media type of a JSON patch.
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";

/// The maximum number of operations in one JSON patch. Each operation may walk through and shift the whole value.
const MAX_OPERATIONS: usize = 1000;

/// A parsed patch. Only applying it shows whether it fits a document.
#[derive(Debug)]
pub(crate) enum Patch {
    /// RFC 7396.
    Merge(Json),
    /// RFC 6902.
    Operations(Vec<Operation>),
}

impl Patch {
    /// Parses a JSON patch. Fails with 400 if the document is not a list of operations (RFC 5789, section 2.2), and
    /// with 422 if the list has more than a thousand.
    pub(crate) fn operations(document: Json) -> Result<Self, Problem> {
        let malformed =
            |pointer: String, detail| Problem::BadRequest(vec![Fault::new(pointer, detail)]);
        let Json::Array(operations) = document else {
            let detail = "expected an array of operations";
            return Err(malformed("#".to_owned(), detail));
        };
        if operations.len() > MAX_OPERATIONS {
            let detail = format!("too many operations; at most {MAX_OPERATIONS}");
            return Err(Problem::Unprocessable(vec![Fault::new("#", detail)]));
        }
        let parse = |(at, operation): (usize, Box<Json>)| {
            Operation::parse(*operation).map_err(|detail| malformed(format!("#/{at}"), detail))
        };
        operations
            .into_iter()
            .enumerate()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self::Operations)
    }

    /// Applies the whole patch. Fails with 409 if an operation does not fit the document, with 413 if the document
    /// would become too large or the patch copies too much, and with 422 if the document would nest too deeply.
    pub(crate) fn apply(self, document: Json) -> Result<Json, Problem> {
        match self {
            Self::Merge(patch) => Ok(merge(document, patch)),
            Self::Operations(operations) => {
                let mut applying = Applying::new(document);
                for (at, operation) in operations.into_iter().enumerate() {
                    applying
                        .step(operation)
                        .map_err(|error| error.into_problem(at))?;
                }
                Ok(applying.finish())
            }
        }
    }
}

/// Merges a patch (RFC 7396, section 2). The result does not nest deeper than both `target` and `patch`.
fn merge(target: Json, patch: Json) -> Json {
    let Json::Object(patch) = patch else {
        return patch;
    };
    let target = match target {
        Json::Object(target) => target,
        _ => Object::default(),
    };
    Json::Object(target.merge(patch, |old, new| match new {
        None => old,
        Some(Json::Null) => None,
        Some(new) => Some(merge(old.unwrap_or(Json::Null), new)),
    }))
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;
