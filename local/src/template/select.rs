//! Selects the API of a template that is served.

use serde_json::Value;

use super::absent_method::AbsentMethod;
use super::error::{DefinitionError, TemplateError};
use super::intrinsic::Scope;
use super::part::Part;
use super::product::Product;
use super::resources::{HTTP_API, REST_API, Resource};
use crate::aws;

/// The API that is served.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    pub(super) id: String,
    pub(super) product: Product,
    /// Its resource; the implicit API has none.
    pub(super) resource: Option<Resource<'a>>,
}

impl<'a> Selected<'a> {
    /// Selects the API with the logical id `wanted`, or the only one.
    pub(super) fn of(
        resources: &[Resource<'a>],
        wanted: Option<&str>,
    ) -> Result<Self, TemplateError> {
        let mut apis = Vec::new();
        for product in [Product::Rest, Product::Http] {
            let of_product = resources
                .iter()
                .filter(|resource| resource.kind == product.kind());
            apis.extend(of_product.map(|resource| Self {
                id: resource.id.to_owned(),
                product,
                resource: Some(*resource),
            }));
            if resources
                .iter()
                .any(|resource| has_event_without_api(resource, product))
            {
                apis.push(Self {
                    id: product.implicit().to_owned(),
                    product,
                    resource: None,
                });
            }
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
                    DefinitionError::Unexpected { expected, found },
                ))
            }
            (None, _) if ids.is_empty() => {
                let expected = format!("an API of type {REST_API} or {HTTP_API}");
                let found = "none".to_owned();
                Err(TemplateError::at(
                    "Resources",
                    DefinitionError::Unexpected { expected, found },
                ))
            }
            (None, _) => {
                let expected = format!("`--api` with one of {}", ids.join(", "));
                let found = format!("`{}`", wanted.unwrap_or_default());
                Err(TemplateError::at(
                    "Resources",
                    DefinitionError::Unexpected { expected, found },
                ))
            }
        }
    }

    /// The API's methods on functions whose condition is false.
    pub(super) fn absent_methods(&self, functions: &[&Value]) -> Vec<AbsentMethod> {
        let events = functions
            .iter()
            .filter_map(|function| function.pointer("/Properties/Events")?.as_object())
            .flatten();
        let implicit = self.resource.is_none();
        events
            .filter_map(|(_, event)| AbsentMethod::read(event, &self.id, implicit))
            .collect()
    }

    /// Whether an event of a product belongs to the API.
    pub(super) fn has(
        &self,
        product: Product,
        event: &Part,
        scope: &Scope,
    ) -> Result<bool, TemplateError> {
        let Some(api) = event.text(product.reference())? else {
            return Ok(self.resource.is_none() && self.product == product);
        };
        let known = scope
            .resources
            .values()
            .any(|names| names.kind == product.kind() && names.reference == api);
        if !known {
            let (what, name) = ("API of that type in the template", api);
            return Err(event.error(product.reference(), DefinitionError::NoSuch { what, name }));
        }
        Ok(api == aws::API_ID)
    }
}

/// Whether the resource is a function with an event of the product that names no API.
fn has_event_without_api(resource: &Resource<'_>, product: Product) -> bool {
    let events = resource.value.pointer("/Properties/Events");
    let mut events = events.and_then(Value::as_object).into_iter().flatten();
    let reference = format!("/Properties/{}", product.reference());
    resource.is_function()
        && events.any(|(_, event)| {
            event
                .get("Type")
                .is_some_and(|kind| kind == product.event())
                && event.pointer(&reference).is_none()
        })
}
