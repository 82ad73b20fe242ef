//! The whole system, started part by part and stopped together.

mod error;
mod function_settings;
mod options;
mod ports;
mod provider;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use lambda_support::clock::{Clock, SystemClock};
use tokio::task::JoinHandle;

use crate::database::Database;
use crate::decisions::Decisions;
use crate::gateway::Gateway;
use crate::gateway::access_log::AccessLog;
use crate::gateway::request_lines::RequestLines;
use crate::issuer::Issuer;
use crate::lambda::function::{Function, Functions};
use crate::lambda::invocation::Invoke;
use crate::progress::{PartLog, Progress};

use crate::server::Server;
use crate::stack_file::StackFile;
use crate::template::{FunctionDefinition, Given, Template, TemplateError, web_headers};
use crate::text_file;
use crate::toolchain;
use crate::web::Pages;
use crate::{aws, http_client};

pub(crate) use error::StackError;
use function_settings::settings;
pub(crate) use options::given;
pub(crate) use options::{RealIssuer, StackOptions};
use ports::Ports;
use provider::sign_in_provider;

/// The time limit for the first answer of each part.
const PROBE_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(crate) struct Stack {
    /// The addresses of its parts.
    pub(crate) file: StackFile,
    data: PathBuf,
    issuer: Option<Issuer>,
    database: Option<Database>,
    servers: Vec<JoinHandle<()>>,
    log: PartLog,
}

/// The folder of the workspace in which this crate was compiled.
pub(crate) fn workspace() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().unwrap_or(crate_folder).to_owned()
}

impl Stack {
    /// Starts everything, and returns when every part answers. Fails if a part does not start. The parts that were
    /// started before are stopped.
    pub(crate) async fn start(
        options: &StackOptions,
        progress: Progress,
    ) -> Result<Self, StackError> {
        let client = http_client::new()?;
        let logs = options.data.join("logs");
        fs::create_dir_all(&logs).map_err(|cause| file_error(&logs, cause))?;
        refuse_second_stack(options, &client).await?;
        let ports = Ports::take(options).await?;
        let text = text_file::read(&options.template)?;

        let binaries = build(options, &text, progress).await?;
        let web_origin = format!("http://{}", ports.web.address);
        let (issuer, issued_by) = sign_in_provider(options, &web_origin, &logs, progress).await?;
        let region = std::env::var("AWS_REGION").unwrap_or_else(|_| aws::DEFAULT_REGION.to_owned());
        let template = read_template(options, &text, &issued_by, &web_origin, &region)?;
        for warning in &template.warnings {
            progress.warn(format_args!("template: {warning}"));
        }

        progress.step("starting the database and the functions");
        let issuer_pid = issuer.as_ref().and_then(Issuer::process_id);
        let file = ports.stack_file(&template, issued_by, issuer_pid);
        let state = options.data.join("state.sqlite");
        let database = Database::start(ports.database, &state, &template.tables).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let decisions = Arc::new(Decisions::default());
        let functions = Functions::new(template.functions.iter().map(|definition| {
            let command = options.functions.get(&definition.logical_id);
            let command = command.map(Vec::as_slice);
            let settings = settings(definition, &binaries, &region, &file, command);
            // In the same folder as the access log, which refers to these lines.
            let log = PartLog::open(&definition.name, &options.data, progress)
                .with_decisions(Arc::clone(&decisions));
            Function::new(settings, Arc::clone(&clock), log)
        }));
        warm_up(&functions).await?;
        let functions: Arc<dyn Invoke> = Arc::new(functions);
        let mut deployed = template.functions.iter();
        let dpop = deployed.any(FunctionDefinition::takes_bound_tokens);
        let pages = pages(workspace().join("web"), &region, &file, dpop)?;
        let log = PartLog::open("gateway", &logs, progress);
        let invoke = Arc::clone(&functions);
        let access_log =
            AccessLog::create(&options.data).map_err(|cause| file_error(&options.data, cause))?;
        let gateway = Gateway::new(template.api, region, invoke, clock, log.clone())
            .with_access_log(access_log)
            .with_request_lines(RequestLines::new(log.clone(), decisions, options.json));
        let server = Server {
            gateway: Arc::new(gateway),
            functions,
        };
        let servers = vec![
            spawn("API", server.serve(ports.api.listener), &log),
            spawn("web pages", pages.serve(ports.web.listener), &log),
        ];
        let stack = Self {
            file,
            data: options.data.clone(),
            issuer,
            database: Some(database),
            servers,
            log,
        };
        stack.probe(&client).await?;
        let written = stack.file.write(&options.data);
        written.map_err(|cause| file_error(&options.data, cause))?;
        Ok(stack)
    }

    async fn probe(&self, client: &reqwest::Client) -> Result<(), StackError> {
        let metadata = format!("{}/.well-known/openid-configuration", self.file.issuer);
        let parts = [
            ("the issuer", metadata),
            ("the database", self.file.database.clone()),
            ("the web server", self.file.web.clone()),
        ];
        for (part, url) in parts {
            let answered = client.get(&url).timeout(PROBE_TIMEOUT).send().await;
            let problem = match answered {
                Ok(answer) if answer.status().is_success() => continue,
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            };
            return Err(StackError::Silent { part, url, problem });
        }
        if !self.file.answers(client).await {
            let problem = "no answer to a dry run of a function".to_owned();
            return Err(StackError::Silent {
                part: "the API",
                url: self.file.lambda.clone(),
                problem,
            });
        }
        Ok(())
    }

    /// Waits until the issuer ends and logs it; waits forever without an issuer. The other parts continue:
    /// the authorizer verifies tokens with its cached keys.
    pub(crate) async fn issuer_ended(&mut self) {
        match self.issuer.as_mut() {
            Some(issuer) => issuer.ended().await,
            None => std::future::pending().await,
        }
        self.issuer = None;
        self.log
            .warn("the issuer has ended: restart `cargo local` to sign in again");
    }

    pub(crate) async fn stop(mut self) {
        StackFile::remove(&self.data);
        for server in self.servers.drain(..) {
            server.abort();
            // Dropping the server drops the functions, which kills their processes.
            let _ = server.await;
        }
        if let Some(mut issuer) = self.issuer.take() {
            issuer.stop().await;
        }
        if let Some(database) = self.database.take() {
            database.stop().await;
        }
    }
}

/// The web pages, with the headers that `CloudFront` would send for the addresses of this stack. With `dpop` they bind
/// their tokens to a key.
fn pages(
    folder: PathBuf,
    region: &str,
    stack: &StackFile,
    dpop: bool,
) -> Result<Pages, StackError> {
    let template = folder.join("template.yaml");
    let text = text_file::read(&template)?;
    let given = Given {
        parameters: BTreeMap::from([
            ("ApiUrl".to_owned(), stack.api.clone()),
            ("Issuer".to_owned(), stack.issuer.clone()),
            ("WebOrigin".to_owned(), stack.web.clone()),
        ]),
        region: region.to_owned(),
        ..Given::default()
    };
    let headers =
        web_headers::read(&text, &given).map_err(|cause| template_error(&template, cause))?;
    Ok(Pages::new(folder, &headers, stack, dpop))
}

/// Refuses to start when a stack uses the data folder.
async fn refuse_second_stack(
    options: &StackOptions,
    client: &reqwest::Client,
) -> Result<(), StackError> {
    match StackFile::running(&options.data, client).await {
        None => Ok(()),
        Some(running) => Err(StackError::Running {
            data: options.data.display().to_string(),
            pid: running.pid,
            api: running.api,
        }),
    }
}

/// Builds the binaries of the template's functions.
async fn build(
    options: &StackOptions,
    template: &str,
    progress: Progress,
) -> Result<BTreeMap<String, PathBuf>, StackError> {
    let commands = options.functions.keys().cloned().collect();
    let names = Template::binaries(template, &commands)
        .map_err(|cause| template_error(&options.template, cause))?;
    if !names.is_empty() {
        progress.step("building the functions");
    }
    Ok(toolchain::build(&workspace(), &names, options.release).await?)
}

/// Reads the template with the parameters of this stack.
fn read_template(
    options: &StackOptions,
    text: &str,
    issued_by: &RealIssuer,
    web_origin: &str,
    region: &str,
) -> Result<Template, StackError> {
    let given = given(options, issued_by, web_origin, region);
    Template::read(text, &given).map_err(|cause| template_error(&options.template, cause))
}

/// Starts a process of each function, so that a function that does not start is reported before it is called.
async fn warm_up(functions: &Functions) -> Result<(), StackError> {
    for (name, function) in functions.iter() {
        let started = function.warm_up().await;
        started.map_err(|error| StackError::Function {
            name: name.to_owned(),
            error: error.to_string(),
        })?;
    }
    Ok(())
}

fn spawn(
    part: &'static str,
    server: impl Future<Output = io::Result<()>> + Send + 'static,
    log: &PartLog,
) -> JoinHandle<()> {
    let log = log.clone();
    tokio::spawn(async move {
        if let Err(error) = server.await {
            log.warn(format_args!("the server of the {part} has failed: {error}"));
        }
    })
}

fn template_error(path: &Path, cause: TemplateError) -> StackError {
    StackError::Template {
        file: path.display().to_string(),
        cause,
    }
}

fn file_error(path: &Path, cause: io::Error) -> StackError {
    StackError::File {
        path: path.display().to_string(),
        cause,
    }
}
