//! The resources in DynamoDB: one table, conditional writes, `Query` on two indexes, no `Scan`.
//!
//! The SDK's own retries and time limits are off, for it would repeat a write whose first try may have landed and
//! report the second as a lost race. [`retry`] keeps the two apart.

mod http;
mod item;
mod retry;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    operation::put_item::PutItemError,
    types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use self::retry::{Failure, with_retries};
use crate::{
    config::Config,
    problem::Problem,
    state::{State, StateId, Tag},
};

/// How many of a page's index reads are under way at a time.
const CONCURRENT_QUERIES: usize = 16;

/// The store failed, or turned a write down.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The write's condition did not hold: somebody else's write came first, and this one changed nothing.
    #[error("the condition of the write did not hold")]
    Lost,
    /// DynamoDB takes no more at present.
    #[error("throttled: {0}")]
    Throttled(String),
    /// Anything else. Whether a write landed is not known.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Lost => Self::PreconditionFailed,
            StoreError::Throttled(cause) => Self::Throttled(cause),
            StoreError::Failed(cause) => Self::Unavailable(cause),
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

/// Ids of a partition, in order.
#[derive(Debug)]
pub struct Ids {
    /// The first ids.
    pub ids: Vec<StateId>,
    /// Whether more follow.
    pub more: bool,
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
    pub fn new(config: &Config) -> Result<Self, rustls::Error> {
        let aws = &config.aws;
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
            table: config.table.clone(),
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

    /// The resource, as it is now: the read is consistent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, id: &StateId) -> Result<Option<State>, StoreError> {
        let _timer = self.timer();
        let call = || {
            let request = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(item::key(id)))
                .consistent_read(true);
            async { request.send().await.map_err(|error| Failure::of(&error)) }
        };
        let Some(item) = with_retries(call).await?.item else {
            return Ok(None);
        };
        let state = item::from_item(item)?;
        if state.id == *id {
            Ok(Some(state))
        } else {
            Err(StoreError::Failed(
                "the item has another id than asked for".to_owned(),
            ))
        }
    }

    /// Writes a resource that is not there yet.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the id is taken.
    pub async fn create(&self, state: &State) -> Result<(), StoreError> {
        self.put(state, None).await
    }

    /// Writes a resource over the very version `old`.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when that is no longer what is there.
    pub async fn replace(&self, old: &State, new: &State) -> Result<(), StoreError> {
        self.put(new, Some(old)).await
    }

    async fn put(&self, new: &State, old: Option<&State>) -> Result<(), StoreError> {
        let _timer = self.timer();
        let item = item::to_item(new);
        let call = || {
            let request = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(item.clone()));
            let request = match old {
                None => request.condition_expression("attribute_not_exists(id)"),
                Some(old) => request
                    .condition_expression(SAME_VERSION)
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_names("#tag", "tag")
                    .set_expression_attribute_values(Some(version_values(old))),
            };
            let request = request.return_values_on_condition_check_failure(
                ReturnValuesOnConditionCheckFailure::AllOld,
            );
            async {
                match request.send().await {
                    Ok(_) => Ok(()),
                    // The write of an earlier try, whose answer did not arrive: the tag says so.
                    Err(error) if written_tag(&error).is_some_and(|tag| tag == new.tag) => Ok(()),
                    Err(error) => Err(Failure::of(&error)),
                }
            }
        };
        with_retries(call).await
    }

    /// Deletes the very version `old`.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when that is no longer what is there.
    pub async fn delete(&self, old: &State) -> Result<(), StoreError> {
        let _timer = self.timer();
        let call = || {
            let request = self
                .client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(item::key(&old.id)))
                .condition_expression(SAME_VERSION)
                .expression_attribute_names("#version", "version")
                .expression_attribute_names("#tag", "tag")
                .set_expression_attribute_values(Some(version_values(old)));
            async {
                request
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| Failure::of(&error))
            }
        };
        with_retries(call).await
    }

    /// The first `limit` ids after `after` of each partition.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ids(
        &self,
        partitions: &BTreeSet<Partition>,
        after: Option<&StateId>,
        limit: usize,
    ) -> Result<Vec<Ids>, StoreError> {
        let _timer = self.timer();
        let queries = partitions
            .iter()
            .map(|partition| self.query(partition, after, limit));
        stream::iter(queries)
            .buffer_unordered(CONCURRENT_QUERIES)
            .try_collect()
            .await
    }

    async fn query(
        &self,
        partition: &Partition,
        after: Option<&StateId>,
        limit: usize,
    ) -> Result<Ids, StoreError> {
        let (index, attribute, value) = match partition {
            Partition::Owner(principal) => ("owner", "owner", principal),
            Partition::Audience(audience) => ("audience", "audience", audience),
        };
        let call = || {
            let mut request = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(index)
                .projection_expression("id")
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .expression_attribute_names("#partition", attribute)
                .expression_attribute_values(":partition", AttributeValue::S(value.clone()));
            request = match after {
                None => request.key_condition_expression("#partition = :partition"),
                Some(after) => request
                    .key_condition_expression("#partition = :partition AND id > :after")
                    .expression_attribute_values(":after", AttributeValue::S(after.to_string())),
            };
            async { request.send().await.map_err(|error| Failure::of(&error)) }
        };
        let output = with_retries(call).await?;
        let ids = output
            .items
            .unwrap_or_default()
            .into_iter()
            .map(item::id_of)
            .collect::<Result<Vec<_>, _>>()?;
        let in_order = ids.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let after_start = ids
            .first()
            .zip(after)
            .is_none_or(|(first, after)| first > after);
        // A full page may have more behind it, whatever the store says of it.
        let more = ids.len() >= limit || output.last_evaluated_key.is_some();
        if in_order && after_start && !(more && ids.is_empty()) {
            Ok(Ids { ids, more })
        } else {
            Err(StoreError::Failed(
                "the index answers out of order".to_owned(),
            ))
        }
    }

    /// The resources with these ids that are there, as they are now, in no order, and the ids that the store did not
    /// get to.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get_many(
        &self,
        ids: &BTreeSet<StateId>,
    ) -> Result<(Vec<State>, BTreeSet<StateId>), StoreError> {
        let _timer = self.timer();
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().map(item::key).collect()))
            .consistent_read(true)
            .build()
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        let call = || {
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.table, keys.clone());
            async { request.send().await.map_err(|error| Failure::of(&error)) }
        };
        let output = with_retries(call).await?;
        let items = output.responses.unwrap_or_default().into_values().flatten();
        let states = items.map(item::from_item).collect::<Result<Vec<_>, _>>()?;
        let unread = output
            .unprocessed_keys
            .unwrap_or_default()
            .into_values()
            .flat_map(|keys| keys.keys);
        let unread = unread.map(item::id_of).collect::<Result<_, _>>()?;
        Ok((states, unread))
    }

    fn timer(&self) -> Timer<'_> {
        Timer {
            started: Instant::now(),
            spent: &self.spent,
        }
    }
}

/// The condition of a write over a known version.
const SAME_VERSION: &str = "#version = :version AND #tag = :tag";

fn version_values(old: &State) -> HashMap<String, AttributeValue> {
    HashMap::from([
        (
            ":version".to_owned(),
            AttributeValue::N(old.version.to_string()),
        ),
        (
            ":tag".to_owned(),
            AttributeValue::S(old.tag.as_str().to_owned()),
        ),
    ])
}

/// The tag of what stood in the way of a write.
fn written_tag<R>(error: &aws_sdk_dynamodb::error::SdkError<PutItemError, R>) -> Option<Tag> {
    let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
    else {
        return None;
    };
    let tag = failed.item()?.get("tag")?.as_s().ok()?;
    Some(Tag::stored(tag.clone()))
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
