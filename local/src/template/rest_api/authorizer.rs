//! The authorizers of a REST API.

use std::collections::BTreeMap;
use std::time::Duration;

use regex_lite::Regex;

use crate::aws;
use crate::template::api::{
    Identity, IdentitySource, InvokePermission, LambdaAuthorizer, TemplateAuthorizer,
};
use crate::template::context_variable::CONTEXT_VARIABLES;
use crate::template::error::{DefinitionError, TemplateError};
use crate::template::function::FunctionDefinition;
use crate::template::part::Part;

/// The default and the maximum cache time of an authorizer's answer.
const DEFAULT_TTL: u64 = 300;
const MAX_TTL: u64 = 3600;

/// The authorizer of routes that name none.
pub(super) struct DefaultAuthorizer {
    name: Option<String>,
    on_preflight: bool,
}

impl DefaultAuthorizer {
    pub(super) fn read(
        auth: &Part,
        authorizers: &BTreeMap<String, TemplateAuthorizer>,
    ) -> Result<Self, TemplateError> {
        const PROPERTY: &str = "DefaultAuthorizer";
        let name = auth.text(PROPERTY)?;
        if let Some(name) = &name {
            known(name, authorizers).map_err(|fault| auth.error(PROPERTY, fault))?;
        }
        Ok(Self {
            name,
            on_preflight: auth
                .boolean("AddDefaultAuthorizerToCorsPreflight")?
                .unwrap_or(true),
        })
    }

    pub(super) fn of(&self, verb: Option<&str>) -> Option<String> {
        let applies = verb != Some("OPTIONS") || self.on_preflight;
        self.name.clone().filter(|_| applies)
    }
}

pub(in crate::template) fn known(
    name: &str,
    authorizers: &BTreeMap<String, TemplateAuthorizer>,
) -> Result<(), DefinitionError> {
    match name {
        _ if authorizers.contains_key(name) => Ok(()),
        "AWS_IAM" => Err(DefinitionError::NotSupported(
            "IAM decides who may call; expected a Lambda authorizer".to_owned(),
        )),
        _ => Err(DefinitionError::NoSuch {
            what: "authorizer of the API",
            name: name.to_owned(),
        }),
    }
}

/// The function whose ARN or name a property has.
pub(in crate::template) fn function<'a>(
    part: &Part,
    property: &'static str,
    functions: &'a [FunctionDefinition],
) -> Result<&'a FunctionDefinition, TemplateError> {
    let arn = part.required_text(property)?;
    function_of(&arn, functions).map_err(|fault| part.error(property, fault))
}

/// The function that an ARN or a name belongs to.
pub(in crate::template) fn function_of<'a>(
    arn: &str,
    functions: &'a [FunctionDefinition],
) -> Result<&'a FunctionDefinition, DefinitionError> {
    let name = aws::function_name(arn);
    functions
        .iter()
        .find(|function| function.is_named(name))
        .ok_or_else(|| DefinitionError::NoFunction(name.to_owned()))
}

pub(in crate::template) fn authorizer(
    part: &Part,
    functions: &[FunctionDefinition],
) -> Result<TemplateAuthorizer, TemplateError> {
    let function = function(part, "FunctionArn", functions)?;
    let withheld = part
        .boolean("DisableFunctionDefaultPermissions")?
        .unwrap_or(false);
    let identity = part.part("Identity")?;
    let ttl = ttl(&identity)?.unwrap_or(DEFAULT_TTL);
    let identity = match part.text("FunctionPayloadType")?.as_deref() {
        None | Some("TOKEN") => token_identity(&identity)?,
        Some("REQUEST") => Identity::Request {
            sources: sources(&identity, ttl)?,
        },
        Some(other) => {
            let expected = "TOKEN or REQUEST".to_owned();
            let found = format!("`{other}`");
            return Err(part.error(
                "FunctionPayloadType",
                DefinitionError::Unexpected { expected, found },
            ));
        }
    };
    Ok(TemplateAuthorizer::Lambda(LambdaAuthorizer {
        function: function.name.clone(),
        identity,
        ttl: Duration::from_secs(ttl),
        limit: None,
        permission: InvokePermission::granted_if(has_role(part) || !withheld),
        place: part.place().to_owned(),
    }))
}

/// Whether API Gateway assumes a role to invoke the function.
pub(in crate::template) fn has_role(authorizer: &Part) -> bool {
    authorizer
        .value("FunctionInvokeRole")
        .is_some_and(|role| role != "NONE")
}

/// The number of seconds for which an authorizer's answer is cached.
pub(in crate::template) fn ttl(identity: &Part) -> Result<Option<u64>, TemplateError> {
    let ttl: Option<u64> = identity.parsed("ReauthorizeEvery", "a number of seconds")?;
    if let Some(ttl) = ttl.filter(|ttl| *ttl > MAX_TTL) {
        let expected = format!("at most {MAX_TTL} seconds");
        let found = ttl.to_string();
        return Err(identity.error(
            "ReauthorizeEvery",
            DefinitionError::Unexpected { expected, found },
        ));
    }
    Ok(ttl)
}

fn token_identity(identity: &Part) -> Result<Identity, TemplateError> {
    const EXPRESSION: &str = "ValidationExpression";
    let validation = match identity.text(EXPRESSION)? {
        // AWS does not document whether the whole value must match; its own example implies it.
        Some(text) => Some(Regex::new(&format!("^(?:{text})$")).map_err(|error| {
            let expected = "a regular expression".to_owned();
            let found = format!("`{text}`: {error}");
            identity.error(EXPRESSION, DefinitionError::Unexpected { expected, found })
        })?),
        None => None,
    };
    Ok(Identity::Token {
        header: identity
            .text("Header")?
            .unwrap_or_else(|| "Authorization".to_owned()),
        validation,
    })
}

/// The identity sources of an authorizer, in SAM's order.
pub(in crate::template) fn identity_sources(
    identity: &Part,
) -> Result<Vec<IdentitySource>, TemplateError> {
    type Wrap = fn(String) -> IdentitySource;
    let properties: [(&str, Wrap); 4] = [
        ("Headers", IdentitySource::Header),
        ("QueryStrings", IdentitySource::QueryString),
        ("StageVariables", IdentitySource::StageVariable),
        ("Context", IdentitySource::Context),
    ];
    let mut sources = Vec::new();
    for (property, source) in properties {
        sources.extend(identity.texts(property)?.into_iter().map(source));
    }
    Ok(sources)
}

/// Refuses a variable that the gateway does not have: it would always be missing, so every call would be 401.
pub(in crate::template) fn check_variables(identity: &Part) -> Result<(), TemplateError> {
    const PROPERTY: &str = "Context";
    let names = identity.texts(PROPERTY)?;
    let is_known = |name: &String| CONTEXT_VARIABLES.contains(&name.as_str());
    match names.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(unknown) => {
            let expected = format!("one of {}", CONTEXT_VARIABLES.join(", "));
            let found = format!("`{unknown}`");
            Err(identity.error(PROPERTY, DefinitionError::Unexpected { expected, found }))
        }
    }
}

fn sources(identity: &Part, ttl: u64) -> Result<Vec<IdentitySource>, TemplateError> {
    let sources = identity_sources(identity)?;
    if sources.is_empty() && ttl > 0 {
        let expected =
            "an identity source for a REQUEST authorizer with a cache, or ReauthorizeEvery: 0";
        return Err(identity.fault(DefinitionError::Unexpected {
            expected: expected.to_owned(),
            found: "no identity source".to_owned(),
        }));
    }
    // Without a cache no source is required.
    if ttl > 0 {
        check_variables(identity)?;
    }
    Ok(sources)
}
