//! The one API of a template that is served.

use serde_json::{Value, json};

use super::error::{Fault, TemplateError};
use super::intrinsic::Scope;
use super::part::Part;
use super::resources::{REST_API, Resource};
use crate::aws;

/// The API that SAM makes for events that name none.
const IMPLICIT: &str = "ServerlessRestApi";

/// The API that is served.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    /// Its logical id.
    pub(super) id: String,
    /// Its resource; the implicit API has none.
    pub(super) resource: Option<Resource<'a>>,
}

/// The resource of an implicit API.
pub(super) fn implicit_api() -> Value {
    json!({"Properties": {"StageName": "Prod"}})
}

impl<'a> Selected<'a> {
    /// Selects the API with the logical id `wanted`, or the only one.
    pub(super) fn of(
        resources: &[Resource<'a>],
        wanted: Option<&str>,
    ) -> Result<Self, TemplateError> {
        let explicit = resources
            .iter()
            .filter(|resource| resource.kind == REST_API);
        let mut apis: Vec<_> = explicit
            .map(|resource| Self {
                id: resource.id.to_owned(),
                resource: Some(*resource),
            })
            .collect();
        if resources.iter().any(has_event_without_api) {
            apis.push(Self {
                id: IMPLICIT.to_owned(),
                resource: None,
            });
        }
        let ids: Vec<_> = apis.iter().map(|api| api.id.clone()).collect();
        let found = apis
            .into_iter()
            .filter(|api| wanted.is_none_or(|wanted| api.id == wanted));
        let mut found = found.collect::<Vec<_>>();
        match (found.pop(), found.is_empty()) {
            (Some(api), true) => Ok(api),
            (Some(_), false) => {
                let expected = "one API: pass `--api LOGICAL_ID`".to_owned();
                let found = ids.join(", ");
                Err(TemplateError::at(
                    "Resources",
                    Fault::Unexpected { expected, found },
                ))
            }
            (None, _) if ids.is_empty() => {
                let expected = format!("an API of type {REST_API}");
                let found = "none".to_owned();
                Err(TemplateError::at(
                    "Resources",
                    Fault::Unexpected { expected, found },
                ))
            }
            (None, _) => {
                let expected = format!("`--api` with one of {}", ids.join(", "));
                let found = format!("`{}`", wanted.unwrap_or_default());
                Err(TemplateError::at(
                    "Resources",
                    Fault::Unexpected { expected, found },
                ))
            }
        }
    }

    /// Whether an event belongs to the API.
    pub(super) fn has(&self, event: &Part, scope: &Scope) -> Result<bool, TemplateError> {
        const PROPERTY: &str = "RestApiId";
        let Some(api) = event.text(PROPERTY)? else {
            return Ok(self.resource.is_none());
        };
        let known = scope
            .resources
            .iter()
            .any(|(_, names)| names.kind == REST_API && names.reference == api);
        if !known {
            let (what, name) = ("AWS::Serverless::Api of the template", api);
            return Err(event.error(PROPERTY, Fault::NoSuch { what, name }));
        }
        Ok(api == aws::API_ID)
    }
}

/// Whether the resource is a function with an `Api` event that names no API.
fn has_event_without_api(resource: &Resource<'_>) -> bool {
    let events = resource.value.pointer("/Properties/Events");
    let mut events = events.and_then(Value::as_object).into_iter().flatten();
    resource.is_function()
        && events.any(|(_, event)| {
            event.get("Type").is_some_and(|kind| kind == "Api")
                && event.pointer("/Properties/RestApiId").is_none()
        })
}
