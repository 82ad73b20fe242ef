//! The request bodies.

use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use utoipa::ToSchema;

use crate::{
    json::Json,
    problem::{Fault, MAX_FAULTS, Problem},
    state::{MAX_VALUE_BYTES, Visibility},
};

/// The body of a `PUT`, and the document to which a patch is applied.
#[derive(Debug, ToSchema)]
#[schema(as = StateDocument, example = json!({"value": {"title": "Plan", "done": [1, 2]}, "visibility": "group:Everyone"}))]
pub(super) struct StateDocument {
    /// Any JSON of at most 256 KiB as it is returned: without white space, and with numbers written out (`1e9` is
    /// `1000000000.0`). It nests at most 100 arrays and objects.
    #[schema(value_type = Value)]
    pub(super) value: Box<RawValue>,
    /// Who may see the resource.
    #[schema(nullable = false)]
    pub(super) visibility: Option<Visibility>,
}

/// A merge patch (RFC 7396).
#[derive(Debug, ToSchema)]
#[schema(example = json!({"value": {"title": "Plan B"}, "visibility": "public"}))]
#[expect(
    dead_code,
    reason = "only for the OpenAPI document; a patch is read as JSON"
)]
pub(super) struct MergePatch {
    /// The value to merge into the resource's value.
    #[schema(value_type = Value, required = false)]
    value: Value,
    /// Who may see the resource afterwards.
    #[schema(nullable = false)]
    visibility: Option<Visibility>,
}

/// A JSON patch (RFC 6902).
#[derive(Debug, ToSchema)]
#[schema(example = json!([
    {"op": "test", "path": "/value/done/0", "value": 1},
    {"op": "add", "path": "/value/done/-", "value": 3}
]))]
#[expect(
    dead_code,
    reason = "only for the OpenAPI document; a patch is read as JSON"
)]
pub(super) struct JsonPatch(Vec<PatchOperation>);

/// One operation of a JSON patch.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "only for the OpenAPI document; a patch is read as JSON"
)]
pub(super) struct PatchOperation {
    #[schema(pattern = "^(add|remove|replace|move|copy|test)$", example = "add")]
    op: String,
    /// A JSON pointer (RFC 6901) into `{"value", "visibility"}`.
    #[schema(example = "/value/done/-")]
    path: String,
    /// For `move` and `copy`: a JSON pointer.
    #[schema(nullable = false)]
    from: Option<String>,
    /// For `add`, `replace` and `test`.
    #[schema(value_type = Value, required = false)]
    value: Value,
}

impl StateDocument {
    /// Parses a document. The problem lists all its faults, up to the limit of an answer.
    pub(super) fn parse(document: Json) -> Result<Self, Problem> {
        let Json::Object(mut members) = document else {
            return Err(Problem::Unprocessable(vec![Fault::new(
                "#",
                "expected an object with `value` and optionally `visibility`",
            )]));
        };
        let mut faults = Vec::new();
        let value = members.remove("value");
        if value.is_none() {
            faults.push(Fault::new("#/value", "is missing"));
        }
        let visibility = match members.remove("visibility") {
            None => None,
            Some(Json::String(text)) => match text.parse::<Visibility>() {
                Ok(visibility) => Some(visibility),
                Err(error) => {
                    faults.push(Fault::new("#/visibility", error.to_string()));
                    None
                }
            },
            Some(_) => {
                faults.push(Fault::new("#/visibility", "expected a string"));
                None
            }
        };
        let unknown = members
            .iter()
            .map(|(name, _)| Fault::at([name], "is not known; expected `value` or `visibility`"));
        faults.extend(unknown.take(MAX_FAULTS));
        if !faults.is_empty() {
            return Err(Problem::Unprocessable(faults));
        }
        let value = to_raw_value(&value.unwrap_or(Json::Null))
            .map_err(|error| Problem::Internal(error.to_string()))?;
        if value.get().len() > MAX_VALUE_BYTES {
            return Err(Problem::ValueTooLarge(MAX_VALUE_BYTES));
        }
        Ok(Self { value, visibility })
    }
}
