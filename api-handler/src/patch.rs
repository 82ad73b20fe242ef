//! JSON merge patch (RFC 7396) and JSON patch (RFC 6902) on `{"value", "visibility"}`.
//!
//! The crate `json-patch` is not used: it works on `serde_json::Value` (see [`crate::json`]), clones what it inserts,
//! and recurses into a document before its depth can be checked.

mod apply;
mod operation;
mod pointer;

use self::apply::Applying;
pub(crate) use self::operation::Operation;
use crate::{
    json::{Json, Object},
    problem::{Fault, Problem},
};

/// Media type of a merge patch.
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// Media type of a JSON patch.
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";

/// The maximum number of operations in one JSON patch: each may walk and shift the whole value.
const MAX_OPERATIONS: usize = 1000;

/// A parsed patch. Whether it fits a document is known only when it is applied.
#[derive(Debug)]
pub(crate) enum Patch {
    /// RFC 7396.
    Merge(Json),
    /// RFC 6902.
    Operations(Vec<Operation>),
}

impl Patch {
    /// Reads a JSON patch.
    ///
    /// # Errors
    /// 400 if it is not a list of operations (RFC 5789, section 2.2), 422 if it has more than a thousand.
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

    /// Applies the whole patch.
    ///
    /// # Errors
    /// 409 when an operation does not fit the document, 413 when the document would grow too large or the patch copies
    /// too much, 422 when the document would nest too deep.
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

/// RFC 7396, section 2. The result nests no deeper than the deeper of the two.
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
