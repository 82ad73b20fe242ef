//! The resources in DynamoDB: one table, conditional writes, `Query` on two indexes, no `Scan`.
//!
//! The SDK's own retries and time limits are off, for it would repeat a write whose first try may have landed. `retry`
//! does not, and `write` then looks whether it has.

mod http;
mod item;
mod read;
mod retry;
mod write;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
};

pub use self::read::Ids;
use crate::{config::Settings, problem::Problem};

/// The store failed, or turned a write down.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The write's condition did not hold: somebody else's write came first, and this one changed nothing.
    #[error("the condition of the write did not hold")]
    Lost,
    /// DynamoDB takes no more at present; nothing was written.
    #[error("throttled: {0}")]
    Throttled(String),
    /// A write without an answer that can be read. Whether it landed, or still will, is not known.
    #[error("in doubt: {0}")]
    InDoubt(String),
    /// Anything else; nothing was written.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Lost => Self::PreconditionFailed,
            StoreError::Throttled(cause) => Self::Throttled(cause),
            StoreError::InDoubt(cause) | StoreError::Failed(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<item::BadItem> for StoreError {
    fn from(error: item::BadItem) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Some of the resources, by what an index holds together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Partition {
    /// Those of a principal.
    Owner(String),
    /// Public ones, or those of a group.
    Audience(String),
}

impl Partition {
    /// All partitions with public resources.
    pub fn public() -> impl Iterator<Item = Self> {
        item::public_audiences().map(Self::Audience)
    }

    /// The partition of a group's resources.
    #[must_use]
    pub fn group(name: &str) -> Self {
        Self::Audience(item::group_audience(name))
    }
}

/// The table. A clone is for one request: it counts the time that its calls take.
#[derive(Debug)]
pub struct Store {
    client: Client,
    table: String,
    spent: Arc<AtomicU64>,
}

impl Store {
    /// The table that the settings name. Nothing is sent yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: &Settings) -> Result<Self, rustls::Error> {
        let aws = &settings.aws;
        let credentials = Credentials::new(
            &aws.access_key_id,
            &aws.secret_access_key,
            aws.session_token.clone(),
            None,
            "environment",
        );
        let mut sdk = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(aws.region.clone()))
            .credentials_provider(credentials)
            .http_client(http::client()?)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled());
        if let Some(endpoint) = &aws.endpoint {
            sdk = sdk.endpoint_url(endpoint);
        }
        Ok(Self {
            client: Client::from_conf(sdk.build()),
            table: settings.table.clone(),
            spent: Arc::default(),
        })
    }

    /// The same table, with a count of its own.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self {
            client: self.client.clone(),
            table: self.table.clone(),
            spent: Arc::default(),
        }
    }

    /// How long the calls of this request took.
    #[must_use]
    pub fn spent(&self) -> Duration {
        Duration::from_micros(self.spent.load(Ordering::Relaxed))
    }

    fn timer(&self) -> Timer<'_> {
        Timer {
            started: Instant::now(),
            spent: &self.spent,
        }
    }
}

/// Adds the time that it lived, also when the call is given up.
struct Timer<'a> {
    started: Instant,
    spent: &'a AtomicU64,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.spent.fetch_add(micros, Ordering::Relaxed);
    }
}
