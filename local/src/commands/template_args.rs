//! The template that a command inspects, parsed as `cargo local` does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::run::parameter;
use super::{CommandError, progress_warnings};
use crate::issuer;
use crate::stack::{RealIssuer, StackOptions, given};
use crate::stack_file::StackFile;
use crate::template::{Given, Template, TemplateError};
use crate::{aws, http_client, text_file};

/// Which template, with which parameters.
#[derive(Clone, Debug, Args)]
pub(super) struct TemplateArgs {
    /// Template [default: template.yaml of the workspace]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Logical id of the API, for a template with several
    #[arg(long, value_name = "LOGICAL_ID")]
    api: Option<String>,
    /// Value of a parameter of the template; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Value that another stack exports, for `Fn::ImportValue`; may be repeated
    #[arg(long = "import", value_name = "NAME=VALUE", value_parser = parameter)]
    imports: Vec<(String, String)>,
}

#[derive(Debug)]
pub(super) struct OpenedTemplate {
    pub(super) template: Template,
    /// Its folder, from which its functions' files are read.
    pub(super) folder: PathBuf,
    pub(super) region: String,
    /// The address of the API while a stack is running.
    pub(super) running_api: Option<String>,
}

/// The values of the parameters that `cargo local` knows, from the options and a running stack.
struct Known {
    issued_by: RealIssuer,
    web_origin: String,
    running_api: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("{file}: {cause}")]
struct TemplateFileError {
    file: String,
    cause: TemplateError,
}

impl TemplateArgs {
    /// Reads the template. The parameters that `cargo local` knows have the values of the running stack, or those that a
    /// stack with these options would have.
    pub(super) async fn open(
        &self,
        options: &StackOptions,
    ) -> Result<OpenedTemplate, CommandError> {
        let options = self.options(options);
        let known = known(&options).await?;
        let text = text_file::read(&options.template)?;
        read(&text, &options, &known)
    }

    /// Reads an older template and this one. A parameter is set in each that has it, and one of them must.
    pub(super) async fn open_both(
        &self,
        old: &Path,
        options: &StackOptions,
    ) -> Result<(OpenedTemplate, OpenedTemplate), CommandError> {
        let options = self.options(options);
        let known = known(&options).await?;
        // Each is read once, because one of them may be standard input.
        let named = |template: &Path| -> Result<(String, Vec<String>), CommandError> {
            let text = text_file::read(template)?;
            let names = Template::parameters(&text).map_err(|cause| unreadable(template, cause))?;
            Ok((text, names))
        };
        let with_own_parameters = |template: &Path, names: &[String]| {
            let mut own = options.clone();
            template.clone_into(&mut own.template);
            own.parameters.retain(|name, _| names.contains(name));
            own
        };
        let (old_text, old_names) = named(old)?;
        let (new_text, new_names) = named(&options.template)?;
        let in_none = |name: &&String| !old_names.contains(name) && !new_names.contains(name);
        if let Some(name) = options.parameters.keys().find(in_none) {
            return Err(format!("no parameter of either template is named `{name}`").into());
        }
        let old = with_own_parameters(old, &old_names);
        let new = with_own_parameters(&options.template, &new_names);
        Ok((
            read(&old_text, &old, &known)?,
            read(&new_text, &new, &known)?,
        ))
    }

    /// The options of a stack with this template.
    fn options(&self, options: &StackOptions) -> StackOptions {
        let mut options = options.clone();
        if let Some(template) = &self.template {
            options.template.clone_from(template);
        }
        if self.api.is_some() {
            options.api.clone_from(&self.api);
        }
        let parameters: BTreeMap<_, _> = self.parameters.iter().cloned().collect();
        options.parameters.extend(parameters);
        options.imports.extend(self.imports.iter().cloned());
        options
    }
}

async fn known(options: &StackOptions) -> Result<Known, CommandError> {
    let client = http_client::new()?;
    if let Some(stack) = StackFile::running(&options.data, &client).await {
        let issued_by = RealIssuer {
            url: stack.issuer,
            client_id: stack.client_id,
            audience: stack.audience,
        };
        return Ok(Known {
            issued_by: options.issuer.clone().unwrap_or(issued_by),
            web_origin: stack.web,
            running_api: Some(stack.api),
        });
    }
    let local = || RealIssuer {
        url: format!("http://127.0.0.1:{}/oauth2/default", options.issuer_port),
        client_id: issuer::CLIENT_ID.to_owned(),
        audience: issuer::AUDIENCE.to_owned(),
    };
    Ok(Known {
        issued_by: options.issuer.clone().unwrap_or_else(local),
        web_origin: format!("http://127.0.0.1:{}", options.web_port),
        running_api: None,
    })
}

fn read(text: &str, options: &StackOptions, known: &Known) -> Result<OpenedTemplate, CommandError> {
    let region = std::env::var("AWS_REGION").unwrap_or_else(|_| aws::DEFAULT_REGION.to_owned());
    let given = Given {
        commands: BTreeSet::new(),
        runs_nothing: true,
        ..given(options, &known.issued_by, &known.web_origin, &region)
    };
    let template =
        Template::read(text, &given).map_err(|cause| unreadable(&options.template, cause))?;
    progress_warnings(&template.warnings);
    Ok(OpenedTemplate {
        template,
        folder: given.folder,
        region,
        running_api: known.running_api.clone(),
    })
}

fn unreadable(file: &Path, cause: TemplateError) -> TemplateFileError {
    TemplateFileError {
        file: file.display().to_string(),
        cause,
    }
}
