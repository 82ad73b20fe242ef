//! The whole system, started part by part and ended together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use tokio::task::JoinHandle;

use crate::clock::{Clock, SystemClock};
use crate::database::{Database, DatabaseError};
use crate::function::{Function, FunctionSettings, Functions};
use crate::gateway::Gateway;
use crate::invocation::Invoke;
use crate::issuer::{self, Issuer, IssuerError};
use crate::packages::{self, PackagesError};
use crate::port::{self, Taken};
use crate::progress::{Log, Progress};
use crate::server::Server;
use crate::stack_file::StackFile;
use crate::template::{FunctionDefinition, Given, Template, TemplateError};
use crate::toolchain::{self, BuildError};
use crate::web::Pages;
use crate::{aws, http_client};

/// How long each part may take to answer once it has started.
const PROBE_TIMEOUT: Duration = Duration::from_secs(15);

/// What a stack is started with.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// The port of the web pages; 0 is any free one, for this and the others.
    pub web_port: u16,
    /// The port of the API.
    pub api_port: u16,
    /// The port of the database.
    pub database_port: u16,
    /// The port of the issuer.
    pub issuer_port: u16,
    /// A real issuer in place of the one that is started.
    pub issuer: Option<RealIssuer>,
    /// Where the state is kept.
    pub data: PathBuf,
    /// The template.
    pub template: PathBuf,
    /// Values of the template's parameters, over those that the stack gives.
    pub parameters: BTreeMap<String, String>,
    /// Whether release builds are run.
    pub release: bool,
}

/// An issuer that is not ours to start.
#[derive(Clone, Debug)]
pub struct RealIssuer {
    /// The exact `iss` of its tokens.
    pub url: String,
    /// The client id of the pages.
    pub client_id: String,
    /// The audience of its access tokens.
    pub audience: String,
}

/// A stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// Another one uses the data folder.
    #[error(
        "`cargo local` runs already with the data folder {data} (process {pid}, API {api}): stop it, or choose another \
         folder with --data"
    )]
    Running {
        /// The folder.
        data: String,
        /// Its process.
        pid: u32,
        /// Its API.
        api: String,
    },
    /// A port is taken.
    #[error(transparent)]
    Port(#[from] Taken),
    /// A function does not build.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// npm packages are missing.
    #[error(transparent)]
    Packages(#[from] PackagesError),
    /// The issuer does not start.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The template cannot be run.
    #[error("{file}: {cause}")]
    Template {
        /// The template.
        file: String,
        /// What is wrong.
        cause: TemplateError,
    },
    /// The database does not start.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A function does not start.
    #[error("the function `{name}` does not start: {error}")]
    Function {
        /// The function.
        name: String,
        /// What Lambda would say.
        error: String,
    },
    /// A part started but does not answer.
    #[error("{part} does not answer at {url}: {problem}")]
    Silent {
        /// The part.
        part: &'static str,
        /// Where.
        url: String,
        /// What happened instead.
        problem: String,
    },
    /// A file or folder cannot be used.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        cause: io::Error,
    },
    /// No HTTP client.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// Where its parts are.
    pub file: StackFile,
    data: PathBuf,
    issuer: Option<Issuer>,
    database: Option<Database>,
    servers: Vec<JoinHandle<()>>,
    log: Log,
}

/// The folder of the workspace: where this crate was compiled.
#[must_use]
pub fn workspace() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().unwrap_or(crate_folder).to_owned()
}

impl Stack {
    /// Starts everything, and returns when all of it answers.
    ///
    /// # Errors
    /// When a part does not start; what had started by then is ended.
    pub async fn start(options: &StackOptions, progress: Progress) -> Result<Self, StackError> {
        let client = http_client::new().map_err(StackError::Tls)?;
        let logs = options.data.join("logs");
        fs::create_dir_all(&logs).map_err(|cause| file_error(&logs, cause))?;
        if let Some(running) = StackFile::running(&options.data, &client).await {
            let data = options.data.display().to_string();
            return Err(StackError::Running {
                data,
                pid: running.pid,
                api: running.api,
            });
        }
        let web = port::take("web pages", "--web-port", options.web_port).await?;
        let api = port::take("API", "--api-port", options.api_port).await?;
        let database = port::take("database", "--database-port", options.database_port).await?;
        if options.issuer.is_none() {
            // The issuer binds its port itself: here it is only seen to be free before the build.
            drop(port::take("issuer", "--issuer-port", options.issuer_port).await?);
            packages::check_node().await?;
        }
        let workspace = workspace();
        let text = fs::read_to_string(&options.template)
            .map_err(|cause| file_error(&options.template, cause))?;
        let web_origin = format!("http://{}", web.address);

        progress.step("building the functions");
        let names = ["authorizer".to_owned(), "api-handler".to_owned()];
        let binaries = toolchain::build(&workspace, &names, options.release).await?;

        let npm_lock = options.data.join("npm.lock");
        // A real issuer needs no Node.js, so the lack of it costs only the pages' sign-in then.
        match packages::check_node().await {
            Ok(()) => packages::install(&workspace.join("web"), &npm_lock, progress).await?,
            Err(missing) => progress.warn(format_args!("nobody can sign in in the web pages: {missing}")),
        }
        let (issuer, issued_by) = match &options.issuer {
            Some(real) => (None, real.clone()),
            None => {
                let folder = workspace.join("local/issuer");
                packages::install(&folder, &npm_lock, progress).await?;
                progress.step("starting the issuer");
                let log = Log::open("issuer", &logs, progress);
                let data = options.data.join("issuer");
                fs::create_dir_all(&data).map_err(|cause| file_error(&data, cause))?;
                let issuer = Issuer::start(
                    &folder.join("main.mjs"),
                    options.issuer_port,
                    &web_origin,
                    &data,
                    &log,
                )
                .await?;
                let url = issuer.url.clone();
                let client_id = issuer::CLIENT_ID.to_owned();
                (
                    Some(issuer),
                    RealIssuer {
                        url,
                        client_id,
                        audience: issuer::AUDIENCE.to_owned(),
                    },
                )
            }
        };

        let region = std::env::var("AWS_REGION").unwrap_or_else(|_| aws::DEFAULT_REGION.to_owned());
        let mut parameters = BTreeMap::from([
            ("Issuer".to_owned(), issued_by.url.clone()),
            ("Audience".to_owned(), issued_by.audience.clone()),
            ("ClientIds".to_owned(), issued_by.client_id.clone()),
            ("WebOrigin".to_owned(), web_origin.clone()),
        ]);
        parameters.extend(options.parameters.clone());
        let template = Template::read(
            &text,
            &Given {
                parameters,
                region: region.clone(),
            },
        )
        .map_err(|cause| StackError::Template {
            file: options.template.display().to_string(),
            cause,
        })?;
        for warning in &template.warnings {
            progress.warn(format_args!("template: {warning}"));
        }

        progress.step("starting the database and the functions");
        let file = StackFile {
            pid: std::process::id(),
            api: format!("http://{}/{}", api.address, template.api.stage),
            lambda: format!("http://{}", api.address),
            database: format!("http://{}", database.address),
            web: web_origin,
            issuer: issued_by.url,
            issuer_pid: issuer.as_ref().and_then(Issuer::process_id),
            client_id: issued_by.client_id,
            audience: issued_by.audience,
        };
        let database = Database::start(
            database,
            &options.data.join("state.sqlite"),
            &template.tables,
        )
        .await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let functions = Functions::new(template.functions.iter().map(|definition| {
            let settings = settings(definition, &binaries, &region, &file.database);
            Function::new(
                settings,
                Arc::clone(&clock),
                Log::open(&definition.name, &logs, progress),
            )
        }));
        for (name, function) in functions.iter() {
            let started = function.warm_up().await;
            started.map_err(|error| StackError::Function {
                name: name.to_owned(),
                error: error.to_string(),
            })?;
        }
        let functions: Arc<dyn Invoke> = Arc::new(functions);
        let pages = Pages::new(workspace.join("web"), &template.web_headers, &region, &file);
        let log = Log::open("gateway", &logs, progress);
        let gateway = Gateway::new(
            template.api,
            region,
            Arc::clone(&functions),
            clock,
            log.clone(),
        );
        let server = Server {
            gateway: Arc::new(gateway),
            functions,
        };
        let servers = vec![
            spawn("API", server.serve(api.listener), &log),
            spawn("web pages", pages.serve(web.listener), &log),
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
        stack
            .file
            .write(&options.data)
            .map_err(|cause| file_error(&options.data, cause))?;
        Ok(stack)
    }

    /// Asks each part for something, until it answers.
    async fn probe(&self, client: &reqwest::Client) -> Result<(), StackError> {
        let metadata = format!("{}/.well-known/openid-configuration", self.file.issuer);
        let parts = [
            ("the issuer", metadata, true),
            ("the database", self.file.database.clone(), true),
            ("the API", format!("{}/", self.file.api), false),
            ("the web server", self.file.web.clone(), true),
        ];
        for (part, url, success) in parts {
            let answered = client.get(&url).timeout(PROBE_TIMEOUT).send().await;
            let problem = match answered {
                // The root of the API is nobody's method: any answer of the gateway will do.
                Ok(answer) if answer.status().is_success() || !success => continue,
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            };
            return Err(StackError::Silent { part, url, problem });
        }
        Ok(())
    }

    /// Waits until the issuer ends by itself, and says so; forever when there is none.
    ///
    /// The rest runs on: callers with tokens are served from the keys that the authorizer has.
    pub async fn issuer_ended(&mut self) {
        match self.issuer.as_mut() {
            Some(issuer) => issuer.ended().await,
            None => std::future::pending().await,
        }
        self.issuer = None;
        self.log
            .warn("the issuer has ended: nobody can sign in until `cargo local` is started again");
    }

    /// Ends every part.
    pub async fn stop(mut self) {
        StackFile::remove(&self.data);
        for server in self.servers.drain(..) {
            server.abort();
            // With the server the functions are dropped, and so their processes killed.
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

fn spawn(
    part: &'static str,
    server: impl Future<Output = io::Result<()>> + Send + 'static,
    log: &Log,
) -> JoinHandle<()> {
    let log = log.clone();
    tokio::spawn(async move {
        if let Err(error) = server.await {
            log.warn(format_args!("the server of the {part} has failed: {error}"));
        }
    })
}

fn file_error(path: &Path, cause: io::Error) -> StackError {
    StackError::File {
        path: path.display().to_string(),
        cause,
    }
}

/// A function's process as Lambda would start it: the template's variables and Lambda's own, and nothing else.
fn settings(
    definition: &FunctionDefinition,
    binaries: &BTreeMap<String, PathBuf>,
    region: &str,
    database: &str,
) -> FunctionSettings {
    let binary = binaries
        .get(&definition.name)
        .cloned()
        .unwrap_or_else(|| PathBuf::from(&definition.name));
    let mut environment = BTreeMap::new();
    let mut set = |name: &str, value: &str| environment.insert(name.to_owned(), value.to_owned());
    set("AWS_LAMBDA_FUNCTION_NAME", &definition.name);
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        &definition.memory_mb.to_string(),
    );
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_LAMBDA_LOG_FORMAT", "JSON");
    set(
        "AWS_LAMBDA_LOG_GROUP_NAME",
        &format!("/aws/lambda/{}", definition.name),
    );
    set("AWS_LAMBDA_LOG_STREAM_NAME", "local");
    if let Some(level) = &definition.log_level {
        set("AWS_LAMBDA_LOG_LEVEL", level);
    }
    set("AWS_REGION", region);
    set("AWS_DEFAULT_REGION", region);
    // The database takes any credentials; the SDK signs only with some.
    set("AWS_ACCESS_KEY_ID", "local");
    set("AWS_SECRET_ACCESS_KEY", "local");
    set("AWS_ENDPOINT_URL_DYNAMODB", database);
    set("TZ", ":UTC");
    environment.extend(definition.environment.clone());
    FunctionSettings {
        name: definition.name.clone(),
        arn: aws::function_arn(region, &definition.name),
        binary,
        timeout: definition.timeout,
        environment,
    }
}
