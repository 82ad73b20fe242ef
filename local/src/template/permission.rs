//! Decides whether API Gateway may invoke the authorizers' functions.
//!
//! Without a permission AWS answers every call of the authorizer's routes with 500.

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::Value;

use super::api::{Api, ApiKind, InvokePermission, TemplateAuthorizer};
use super::function::FunctionDefinition;
use super::intrinsic::Scope;
use super::resources::Resource;
use super::warnings::Warnings;
use crate::aws;

const KIND: &str = "AWS::Lambda::Permission";
const PRINCIPAL: &str = "apigateway.amazonaws.com";

/// Applies the template's own permissions, and warns of each authorizer that may not be invoked. The permissions of
/// functions of other stacks are unknown.
pub(super) fn settle(
    api: &mut Api,
    resources: &[Resource<'_>],
    functions: &[FunctionDefinition],
    of_other_stacks: &[&str],
    scope: &Scope,
    warnings: &mut Warnings,
) {
    let granted: BTreeSet<&str> = resources
        .iter()
        .filter(|resource| resource.kind == KIND)
        .flat_map(|permission| functions_of(permission, functions, scope))
        .chain(of_other_stacks.iter().copied())
        .collect();
    for authorizer in api.authorizers.values_mut() {
        let TemplateAuthorizer::Lambda(authorizer) = authorizer else {
            continue;
        };
        if authorizer.permission == InvokePermission::Granted {
            continue;
        }
        if granted.contains(authorizer.function.as_str()) {
            authorizer.permission = InvokePermission::Granted;
            continue;
        }
        let grant = match api.kind {
            _ if authorizer.place.contains("/DefinitionBody/") => "set `authorizerCredentials`",
            ApiKind::Rest { .. } => "remove `DisableFunctionDefaultPermissions`",
            ApiKind::Http { .. } => "set `EnableFunctionDefaultPermissions: true`",
        };
        let why = format!(
            "API Gateway may not invoke the function, so every call of the authorizer's routes is answered with 500; \
             {grant}, or add an {KIND} for {PRINCIPAL}"
        );
        warnings.add(&authorizer.place, &why);
    }
}

/// The names of the functions that a permission allows API Gateway to invoke for authorizers. A value that only AWS knows
/// is treated as the right one.
fn functions_of<'f>(
    permission: &Resource<'_>,
    functions: &'f [FunctionDefinition],
    scope: &Scope,
) -> Vec<&'f str> {
    let property = |name: &str| {
        let value = permission.value.get("Properties")?.get(name)?;
        match scope.resolve(value).ok()?? {
            Value::String(text) => Some(text),
            _ => None,
        }
    };
    let is_one_of = |name: &str, values: &[&str]| {
        property(name).is_none_or(|value| values.contains(&value.as_str()))
    };
    let covers = is_one_of("Principal", &[PRINCIPAL, "*"])
        && is_one_of("Action", &["lambda:InvokeFunction", "lambda:*", "*"])
        && property("SourceArn").is_none_or(|source| covers_authorizers(&source));
    let name = property("FunctionName");
    let is_named = |function: &&FunctionDefinition| {
        name.as_deref()
            .is_none_or(|name| function.is_named(aws::function_name(name)))
    };
    functions
        .iter()
        .filter(|_| covers)
        .filter(is_named)
        .map(|function| function.name.as_str())
        .collect()
}

/// Whether a `SourceArn` covers an authorizer of the API: `{api}/authorizers/{id}`. Only AWS knows the id.
fn covers_authorizers(source: &str) -> bool {
    let Some(resource) = source.splitn(6, ':').nth(5) else {
        return true;
    };
    let id = resource
        .split_once("/authorizers/")
        .map_or("id", |(_, id)| id);
    let expression = regex_lite::escape(resource)
        .replace(r"\*", ".*")
        .replace(r"\?", ".");
    Regex::new(&format!("^(?:{expression})$"))
        .is_ok_and(|pattern| pattern.is_match(&format!("{}/authorizers/{id}", aws::API_ID)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_cover_an_authorizer() {
        fn check(resource: &str, expected: bool) {
            let source = format!("arn:aws:execute-api:eu-west-1:111122223333:{resource}");
            assert_eq!(covers_authorizers(&source), expected, "{resource}");
        }
        check("local00000/*", true);
        check("local00000/*/*", true);
        check("local00000/authorizers/*", true);
        check("local00000/authorizers/a1b2c3", true);
        check("*", true);
        check("local00000/*/*/*", false);
        check("local00000/prod/GET/items", false);
        check("Other/*", false);
        assert!(covers_authorizers("arn:aws:execute-api:*"));
    }
}
