//! `template.yaml`, read as data: the functions to run, the API in front of them, and the tables.
//!
//! Only the parts that run here are resolved, so the rest of a template may use all of CloudFormation. An unsupported
//! part that would change the API's behaviour is an error or a warning with its place in the template.

mod absent_method;
pub mod api;
mod cached_proof;
pub(crate) mod context_variable;
mod document;
mod error;
mod function;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzz;
pub mod gateway_response;
mod given;
mod globals;
mod http_api;
mod intrinsic;
mod method;
mod open_api;
mod parameter;
mod part;
mod permission;
mod product;
pub(crate) mod properties;
mod resources;
mod rest_api;
pub(crate) mod route_path;
mod sections;
mod select;
mod table;
mod warnings;
pub(crate) mod web_headers;
mod yaml;

use std::collections::BTreeSet;

use serde_json::Value;

use api::TemplateRoute;

pub use api::Api;
pub use error::{DefinitionError, TemplateError};
pub use function::FunctionDefinition;
pub use given::Given;
pub use table::TableDefinition;

use absent_method::AbsentMethod;
use globals::Globals;
use intrinsic::Scope;
use part::Part;
use product::Product;
use properties::{API, API_EVENT, FUNCTION, HTTP_API, HTTP_API_EVENT, Section};
use resources::Resource;
use rest_api::Event;
use sections::Sections;
use select::Selected;
use warnings::Warnings;

/// The events of functions that SAM knows and that are not sent here.
const OTHER_EVENTS: [&str; 17] = [
    "AlexaSkill",
    "CloudWatchEvent",
    "CloudWatchLogs",
    "Cognito",
    "DocumentDB",
    "DynamoDB",
    "EventBridgeRule",
    "IoTRule",
    "Kinesis",
    "MQ",
    "MSK",
    "S3",
    "SNS",
    "SQS",
    "Schedule",
    "ScheduleV2",
    "SelfManagedKafka",
];

/// The parts of a template that one machine runs.
#[derive(Debug)]
pub struct Template {
    pub api: Api,
    /// The functions, in the order of their names in the template.
    pub functions: Vec<FunctionDefinition>,
    pub(crate) tables: Vec<TableDefinition>,
    /// The parts of the template that have no effect here, each with its place.
    pub(crate) warnings: Vec<String>,
}

impl Template {
    /// Reads a template. Fails if it is malformed, or has a part that cannot be run here and would change an answer.
    pub fn read(text: &str, given: &Given) -> Result<Self, TemplateError> {
        let document = Sections::read(text)?;
        let mut scope = document.scope(given)?;
        let mut warnings = Warnings::default();
        let all = document.section("Resources")?;
        let resources = resources::present(&all, &scope)?;
        resources::check_kinds(&resources, &mut warnings)?;
        let selected = Selected::of(&resources, given.api.as_deref())?;
        let served = (selected.id.as_str(), selected.product.kind());
        let globals = Globals::new(document.section("Globals")?);
        resources::name_all(&resources, served, &globals, &mut scope)?;
        globals.check(&scope, &mut warnings)?;
        let mut reader = ResourceReader {
            scope: &scope,
            globals: &globals,
            commands: &given.commands,
            runs_nothing: given.runs_nothing,
            warnings,
        };
        let (mut functions, events) = reader.functions(&resources)?;
        let others = of_other_stacks(&given.commands, &functions)?;
        functions.extend(others.iter().map(|name| function::of_another_stack(name)));
        let absent = resources::absent_functions(&all, &resources);
        let absent = selected.absent_methods(&absent);
        let mut api = reader.api(&selected, &events, &absent, &functions)?;
        if let Some(unused) = others.iter().find(|name| !api.calls(name)) {
            let what = "function of the template, or that its API calls,";
            let name = unused.to_string();
            return Err(TemplateError::at(
                "Resources",
                DefinitionError::NoSuch { what, name },
            ));
        }
        let warnings = &mut reader.warnings;
        permission::settle(&mut api, &resources, &functions, &others, &scope, warnings);
        cached_proof::warn(&api, &functions, warnings);
        let tables = reader.tables(&resources)?;
        Ok(Self {
            api,
            functions,
            tables,
            warnings: reader.warnings.0,
        })
    }

    /// The binaries of a template's functions, for any values of its parameters, except functions that a command runs.
    /// Fails if the template is malformed.
    pub(crate) fn binaries(
        text: &str,
        commands: &BTreeSet<String>,
    ) -> Result<Vec<String>, TemplateError> {
        let document = yaml::read(text)?;
        let resources = document.get("Resources").and_then(Value::as_object);
        let mut binaries: Vec<_> = resources
            .into_iter()
            .flatten()
            .filter(|(id, _)| !commands.contains(id.as_str()))
            .filter_map(|(_, resource)| function::binary(resource))
            .map(str::to_owned)
            .collect();
        binaries.sort_unstable();
        binaries.dedup();
        Ok(binaries)
    }

    /// The names of a template's parameters. Fails if the template is malformed.
    pub(crate) fn parameters(text: &str) -> Result<Vec<String>, TemplateError> {
        let parameters = Sections::read(text)?.section("Parameters")?;
        Ok(parameters.keys().cloned().collect())
    }
}

/// The functions that a command runs and that are not in the template.
fn of_other_stacks<'a>(
    commands: &'a BTreeSet<String>,
    functions: &[FunctionDefinition],
) -> Result<Vec<&'a str>, TemplateError> {
    let mut others = Vec::new();
    for id in commands {
        let own = functions.iter().find(|function| function.is_named(id));
        match own {
            None => others.push(id.as_str()),
            Some(function) if function.logical_id == *id => {}
            // Otherwise two processes would have one name.
            Some(function) => {
                let expected = format!("the logical id `{}` in `--function`", function.logical_id);
                let found = format!("`{id}`");
                return Err(TemplateError::at(
                    "Resources",
                    DefinitionError::Unexpected { expected, found },
                ));
            }
        }
    }
    Ok(others)
}

struct ResourceReader<'a> {
    scope: &'a Scope,
    globals: &'a Globals,
    commands: &'a BTreeSet<String>,
    runs_nothing: bool,
    warnings: Warnings,
}

impl ResourceReader<'_> {
    /// A resource's properties, checked by a table, with its section of `Globals` merged in.
    fn properties(
        &mut self,
        resource: &Resource<'_>,
        section: &str,
        table: &Section,
    ) -> Result<Part, TemplateError> {
        let place = format!("{}/Properties", resource.place());
        let own = table.resolve(resource.properties(), self.scope, &place)?;
        table.check(&place, &own, &mut self.warnings)?;
        let merged = self
            .globals
            .merged(section, &resource.place(), resource.value)?;
        let merged = table.resolve(&merged, self.scope, &place)?;
        Part::open(place, merged)
    }

    fn functions(
        &mut self,
        resources: &[Resource<'_>],
    ) -> Result<(Vec<FunctionDefinition>, Vec<Event>), TemplateError> {
        let mut functions = Vec::new();
        let mut events = Vec::new();
        for resource in resources.iter().filter(|resource| resource.is_function()) {
            let value = with_sent_events(resource.value);
            let value = &value;
            let resource = &Resource { value, ..*resource };
            let properties = self.properties(resource, "Function", &FUNCTION)?;
            let (name, binary) = resources::function_name(resource, resources);
            let has_program = binary.is_some() || self.commands.contains(resource.id);
            if !has_program && !self.runs_nothing {
                let no_program = DefinitionError::NoProgram(resource.id.to_owned());
                return Err(TemplateError::at(resource.place(), no_program));
            }
            for (_, event) in properties.parts("Events")? {
                events.extend(self.event(name, &event)?);
            }
            functions.push(function::read(resource.id, name, binary, &properties)?);
        }
        Ok((functions, events))
    }

    /// An event that is a route of an API; none for an event of another type.
    fn event(&mut self, function: &str, event: &Part) -> Result<Option<Event>, TemplateError> {
        let kind = event.required_text("Type")?;
        let (product, table) = match kind.as_str() {
            "Api" => (Product::Rest, &API_EVENT),
            "HttpApi" => (Product::Http, &HTTP_API_EVENT),
            other if OTHER_EVENTS.contains(&other) => {
                let why = format!("events of type {other} are not sent on one machine");
                self.warnings.add(event.place(), &why);
                return Ok(None);
            }
            _ => {
                let what = "type of event".to_owned();
                let expected = format!("Api, HttpApi, {}", OTHER_EVENTS.join(", "));
                return Err(event.error("Type", DefinitionError::Unknown { what, expected }));
            }
        };
        let properties = event.part("Properties")?;
        let value = event.value("Properties").cloned().unwrap_or_default();
        table.check(properties.place(), &value, &mut self.warnings)?;
        Ok(Some(Event {
            product,
            function: function.to_owned(),
            properties,
        }))
    }

    fn api(
        &mut self,
        selected: &Selected<'_>,
        events: &[Event],
        absent: &[AbsentMethod],
        functions: &[FunctionDefinition],
    ) -> Result<Api, TemplateError> {
        let product = selected.product;
        let section = product.event();
        let table = match product {
            Product::Rest => &API,
            Product::Http => &HTTP_API,
        };
        let properties = match selected.resource {
            Some(resource) => self.properties(&resource, section, table)?,
            None => {
                let implicit = product.implicit_resource();
                let place = format!("Globals/{section}");
                let merged = self.globals.merged(section, "", &implicit)?;
                let merged = table.resolve(&merged, self.scope, &place)?;
                Part::open(place, merged)?
            }
        };
        let mut own = Vec::new();
        for event in events {
            if selected.has(event.product, &event.properties, self.scope)? {
                own.push(event);
            }
        }
        let document = open_api::read(&properties, product, functions)?;
        let api = match product {
            Product::Rest => rest_api::read(&properties, document, &own, absent, functions),
            Product::Http => http_api::read(&properties, document, &own, functions),
        }?;
        if properties.value("DefinitionBody").is_some() {
            self.warn_of_missing_routes(&own, &api)?;
        }
        Ok(api)
    }

    /// Warns of events without a route in the API's OpenAPI document: they add no route to the API.
    fn warn_of_missing_routes(
        &mut self,
        events: &[&Event],
        api: &Api,
    ) -> Result<(), TemplateError> {
        for event in events {
            let verb = event.properties.text("Method")?.unwrap_or_default();
            let path = event.properties.text("Path")?.unwrap_or_default();
            let has = |route: &TemplateRoute| {
                let own = route.verb.as_deref().unwrap_or("ANY");
                own.eq_ignore_ascii_case(&verb) && route.path.to_string() == path
            };
            if !api.routes.iter().any(has) {
                let why = "the DefinitionBody has no such route, so the event adds none";
                self.warnings.add(event.properties.place(), why);
            }
        }
        Ok(())
    }

    fn tables(
        &mut self,
        resources: &[Resource<'_>],
    ) -> Result<Vec<TableDefinition>, TemplateError> {
        let tables = resources.iter().filter(|resource| resource.is_table());
        tables
            .map(|resource| {
                let place = format!("{}/Properties", resource.place());
                let own = self
                    .scope
                    .resolve(resource.properties())
                    .map_err(|error| error.inside(&place))?;
                let names = self.scope.resources.get(resource.id);
                let name = names.map_or(resource.id, |names| names.reference.as_str());
                table::read(
                    resource.id,
                    name,
                    &own.unwrap_or_default(),
                    &mut self.warnings,
                )
            })
            .collect()
    }
}

/// A function without the properties of events that have no effect here, because they may refer to resources that one
/// machine does not have.
fn with_sent_events(function: &Value) -> Value {
    let mut function = function.clone();
    let events = function.pointer_mut("/Properties/Events");
    for (_, event) in events.and_then(Value::as_object_mut).into_iter().flatten() {
        let table = match event.get("Type").and_then(Value::as_str) {
            Some("Api") => Some(&API_EVENT),
            Some("HttpApi") => Some(&HTTP_API_EVENT),
            Some(kind) if OTHER_EVENTS.contains(&kind) => None,
            _ => continue,
        };
        let Some(event) = event.as_object_mut() else {
            continue;
        };
        if let Some(properties) = event.remove("Properties")
            && let Some(table) = table
        {
            let properties = table.without_ignored(&properties);
            event.insert("Properties".to_owned(), properties);
        }
    }
    function
}

#[cfg(test)]
mod tests;
