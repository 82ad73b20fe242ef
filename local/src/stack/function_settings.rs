//! A function of the template as a process of this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::aws;
use crate::lambda::function::FunctionSettings;
use crate::stack_file::StackFile;
use crate::template::FunctionDefinition;

/// A function's process as Lambda would start it, with only the template's variables and Lambda's own.
pub(super) fn settings(
    definition: &FunctionDefinition,
    binaries: &BTreeMap<String, PathBuf>,
    region: &str,
    stack: &StackFile,
    command: Option<&[String]>,
) -> FunctionSettings {
    let (binary, arguments) = program(definition, binaries, command);
    let lambda_name = definition
        .function_name
        .as_ref()
        .unwrap_or(&definition.name);
    let mut environment = BTreeMap::new();
    let mut set = |name: &str, value: &str| environment.insert(name.to_owned(), value.to_owned());
    set("AWS_LAMBDA_FUNCTION_NAME", lambda_name);
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        &definition.memory_mb.to_string(),
    );
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    let format = definition.log_format.as_deref();
    set("AWS_LAMBDA_LOG_FORMAT", format.unwrap_or("Text"));
    set(
        "AWS_LAMBDA_LOG_GROUP_NAME",
        &format!("/aws/lambda/{lambda_name}"),
    );
    set("AWS_LAMBDA_LOG_STREAM_NAME", "local");
    if let Some(level) = &definition.log_level {
        set("AWS_LAMBDA_LOG_LEVEL", level);
    }
    set("AWS_REGION", region);
    set("AWS_DEFAULT_REGION", region);
    // The database accepts any credentials, but the SDK needs some to sign.
    set("AWS_ACCESS_KEY_ID", "local");
    set("AWS_SECRET_ACCESS_KEY", "local");
    set("AWS_ENDPOINT_URL_DYNAMODB", &stack.database);
    set("TZ", ":UTC");
    if definition.takes_bound_tokens() {
        // An event has no scheme and no port, because API Gateway always uses https.
        set("DPOP_PUBLIC_URL", &stack.api);
    }
    // A runtime interface client is found by the caller's PATH. A binary of the workspace needs no variable of the shell.
    let path = command.and_then(|_| std::env::var("PATH").ok());
    environment.extend(path.map(|path| ("PATH".to_owned(), path)));
    environment.extend(definition.environment.clone());
    FunctionSettings {
        name: definition.name.clone(),
        aliases: definition.names().map(str::to_owned).collect(),
        arn: aws::function_arn(region, lambda_name),
        binary,
        arguments,
        timeout: definition.timeout,
        environment,
    }
}

/// The program and its arguments: the command of `--function`, or the binary of the workspace.
fn program(
    definition: &FunctionDefinition,
    binaries: &BTreeMap<String, PathBuf>,
    command: Option<&[String]>,
) -> (PathBuf, Vec<String>) {
    if let Some((program, arguments)) = command.and_then(<[String]>::split_first) {
        return (PathBuf::from(program), arguments.to_vec());
    }
    let name = definition.binary.as_deref().unwrap_or(&definition.name);
    let binary = binaries.get(name).cloned();
    (binary.unwrap_or_else(|| PathBuf::from(name)), Vec::new())
}
