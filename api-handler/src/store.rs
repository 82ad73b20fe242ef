//! Stores the resources in DynamoDB: one table, conditional writes, `Query` on two indexes, no `Scan`.
//!
//! The SDK's own retries and time limits are off, because the SDK would repeat a write that may have been applied. `retry`
//! does not repeat such a write, and `write` reads the item to find out whether it was applied.

mod connection;
pub(crate) mod http;
mod item;
mod open_ahead;
mod read;
mod retry;
mod update;
mod visible;
mod write;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::Client;
use lambda_support::clock::Clock;

pub(crate) use self::{http::Connector, read::Ids, visible::VisibleTo};
use crate::{
    config::{Aws, Settings},
    problem::Problem,
    state::GroupName,
};

/// A failed call of the store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The condition of the write did not hold, because another write came first. This write changed nothing.
    #[error("the condition of the write did not hold")]
    Lost,
    /// DynamoDB throttled the call; nothing was written.
    #[error("throttled: {0}")]
    Throttled(String),
    /// A write had no valid response. It is unknown whether the write was applied or will be applied.
    #[error("in doubt: {0}")]
    InDoubt(String),
    /// Any other failure; nothing was written.
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

impl From<item::ItemError> for StoreError {
    fn from(error: item::ItemError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A partition of one of the indexes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Partition {
    /// The resources of a principal.
    Owner(String),
    /// A part of the public resources, or the resources of a group.
    Audience(String),
}

impl Partition {
    /// All partitions with public resources.
    pub(crate) fn public() -> impl Iterator<Item = Self> {
        item::public_audiences().map(Self::Audience)
    }

    /// The partition of a group's resources.
    pub(crate) fn group(name: &GroupName) -> Self {
        Self::Audience(item::group_audience(name))
    }
}

/// The table. A clone from [`Store::for_request`] measures the calls of one request.
#[derive(Debug)]
pub(crate) struct Store {
    client: Client,
    table: String,
    spent: Arc<AtomicU64>,
}

impl Store {
    /// Creates a client for the table in the settings, without sending a request, and the connector of that client.
    /// Fails if TLS cannot be set up.
    pub(crate) fn new(settings: &Settings) -> Result<(Self, Connector), rustls::Error> {
        let (client, connector) = connection::client(&settings.aws)?;
        let store = Self {
            client,
            table: settings.table.clone(),
            spent: Arc::default(),
        };
        Ok((store, connector))
    }

    /// The same table, with a separate time measurement.
    pub(crate) fn for_request(&self) -> Self {
        Self {
            client: self.client.clone(),
            table: self.table.clone(),
            spent: Arc::default(),
        }
    }

    /// The total time of the calls of this request.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_micros(self.spent.load(Ordering::Relaxed))
    }

    fn timer(&self) -> Timer<'_> {
        Timer {
            started: Instant::now(),
            spent: &self.spent,
        }
    }
}

/// Starts to open a connection to DynamoDB in the background. Does nothing without an access key in the environment,
/// because DynamoDB's endpoint may then depend on the account of the credentials.
pub(crate) async fn open_connection(connector: &Connector, aws: &Aws, clock: Arc<dyn Clock>) {
    if aws.access_key.is_some()
        && let Some(endpoint) = connection::endpoint(aws).await
    {
        connector.open(endpoint, clock);
    }
}

/// Adds the time for which it exists, even if the call is cancelled.
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
