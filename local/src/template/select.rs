//! The one API of a template that is served.

use serde_json::{Value, json};

use super::absent_method::AbsentMethod;
use super::error::{Fault, TemplateError};
use super::intrinsic::Scope;
use super::part::Part;
use super::resources::{HTTP_API, REST_API, Resource};
use crate::aws;

/// API Gateway's two products in a SAM template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Rest,
    Http,
}

impl Product {
    /// The type of its resources.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Rest => REST_API,
            Self::Http => HTTP_API,
        }
    }

    /// The type of its events, and its section of `Globals`.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Rest => "Api",
            Self::Http => "HttpApi",
        }
    }

    /// The property of an event that names the API.
    const fn reference(self) -> &'static str {
        match self {
            Self::Rest => "RestApiId",
            Self::Http => "ApiId",
        }
    }

    /// The logical id of the API that SAM makes for events that name none.
    const fn implicit(self) -> &'static str {
        match self {
            Self::Rest => "ServerlessRestApi",
            Self::Http => "ServerlessHttpApi",
        }
    }

    /// How many milliseconds an integration may take when the template does not say.
    pub(super) const fn default_timeout(self) -> u64 {
        match self {
            Self::Rest => 29_000,
            Self::Http => 30_000,
        }
    }

    /// The resource of that API.
    pub(super) fn implicit_resource(self) -> Value {
        match self {
            Self::Rest => json!({"Properties": {"StageName": "Prod"}}),
            Self::Http => json!({}),
        }
    }
}

/// The API that is served.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    /// Its logical id.
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
                    Fault::Unexpected { expected, found },
                ))
            }
            (None, _) if ids.is_empty() => {
                let expected = format!("an API of type {REST_API} or {HTTP_API}");
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
            return Err(event.error(product.reference(), Fault::NoSuch { what, name }));
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
