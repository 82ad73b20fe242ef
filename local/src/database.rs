//! The local database: DynamoDB's API over one file, with the template's tables.

use std::fmt::Display;
use std::path::Path;

use dynoxide::Database as Dynoxide;
use dynoxide::actions::describe_table::DescribeTableRequest;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::port::Port;
use crate::template::TableDefinition;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error("the database {file} cannot be opened: {cause}")]
    Open { file: String, cause: String },
    #[error("the table `{table}` of the template cannot be created: {cause}")]
    Create { table: String, cause: String },
    /// The file has a table of an older template.
    #[error(
        "the table `{table}` in {file} was created with other keys or indexes than the template now has: delete that file \
         (its data is lost), or keep it and choose another folder with --data"
    )]
    Changed { table: String, file: String },
}

#[derive(Debug)]
pub(crate) struct Database {
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Database {
    /// Opens `file`, creates the missing tables, and serves it on `port`. Fails if the file cannot be opened, or has
    /// a table that differs from the template's.
    pub(crate) async fn start(
        port: Port,
        file: &Path,
        tables: &[TableDefinition],
    ) -> Result<Self, DatabaseError> {
        let (path, tables) = (file.display().to_string(), tables.to_vec());
        let open = |cause: String| DatabaseError::Open {
            file: file.display().to_string(),
            cause,
        };
        let opened = tokio::task::spawn_blocking(move || -> Result<Dynoxide, DatabaseError> {
            let cause = |cause: dynoxide::DynoxideError| DatabaseError::Open {
                file: path.clone(),
                cause: cause.to_string(),
            };
            let database = Dynoxide::new(&path).map_err(cause)?;
            for table in &tables {
                prepare(&database, table, &path)?;
            }
            Ok(database)
        });
        let database = opened.await.map_err(|error| open(error.to_string()))??;
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let serving = dynoxide::server::serve_with_shutdown(port.listener, database, shutdown);
        let server = tokio::spawn(async move { drop(serving.await) });
        Ok(Self {
            stop: Some(stop),
            server,
        })
    }

    /// Waits for the requests in progress, then closes the file.
    pub(crate) async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let graceful =
            tokio::time::timeout(std::time::Duration::from_secs(2), &mut self.server).await;
        if graceful.is_err() {
            self.server.abort();
        }
    }
}

/// Creates the table, or compares the existing one with the template.
fn prepare(database: &Dynoxide, table: &TableDefinition, file: &str) -> Result<(), DatabaseError> {
    let create = |cause: &dyn Display| DatabaseError::Create {
        table: table.name.clone(),
        cause: cause.to_string(),
    };
    let describe = DescribeTableRequest {
        table_name: table.name.clone(),
    };
    if let Ok(found) = database.describe_table(describe) {
        let found = serde_json::to_value(found).map_err(|error| create(&error))?;
        let found = found.get("Table").cloned().unwrap_or_default();
        if shape(&found) != shape(&table.create) {
            return Err(DatabaseError::Changed {
                table: table.name.clone(),
                file: file.to_owned(),
            });
        }
        return Ok(());
    }
    let request = typed(&table.create).map_err(|error| create(&error))?;
    database
        .create_table(request)
        .map_err(|error| create(&error))?;
    if let Some(time_to_live) = &table.time_to_live {
        let request = typed(time_to_live).map_err(|error| create(&error))?;
        database
            .update_time_to_live(request)
            .map_err(|error| create(&error))?;
    }
    Ok(())
}

fn typed<T: DeserializeOwned>(request: &Value) -> serde_json::Result<T> {
    serde_json::from_value(request.clone())
}

/// The keys and indexes of a table, in a fixed order: the parts that writes to the table do not change.
fn shape(table: &Value) -> Value {
    let list = |name: &str, members: &[&str]| -> Value {
        let items = table
            .get(name)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut items: Vec<_> = items
            .iter()
            .map(|item| {
                let kept = members
                    .iter()
                    .filter_map(|&member| Some((member.to_owned(), item.get(member)?.clone())));
                Value::Object(kept.collect::<Map<_, _>>())
            })
            .collect();
        items.sort_by_key(Value::to_string);
        items.into()
    };
    let indexes = ["IndexName", "KeySchema", "Projection"];
    [
        list("KeySchema", &["AttributeName", "KeyType"]),
        list("AttributeDefinitions", &["AttributeName", "AttributeType"]),
        list("GlobalSecondaryIndexes", &indexes),
        list("LocalSecondaryIndexes", &indexes),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(index: Option<&str>) -> TableDefinition {
        let mut create = json!({
            "TableName": "Table",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        });
        if let Some(index) = index {
            create["AttributeDefinitions"]
                .as_array_mut()
                .unwrap()
                .push(json!({"AttributeName": "owner", "AttributeType": "S"}));
            create["GlobalSecondaryIndexes"] = json!([{
                "IndexName": index,
                "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["value"]},
            }]);
        }
        let time_to_live = json!({"TableName": "Table", "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}});
        TableDefinition {
            name: "Table".to_owned(),
            create,
            time_to_live: Some(time_to_live),
        }
    }

    #[test]
    fn a_table_is_created_once_and_then_compared_with_the_template() {
        fn check(first: Option<&str>, second: Option<&str>, expected: bool) {
            let database = Dynoxide::memory().unwrap();
            prepare(&database, &definition(first), "file").unwrap();
            let again = prepare(&database, &definition(second), "file");
            assert_eq!(again.is_ok(), expected, "{first:?} {second:?}: {again:?}");
        }
        check(None, None, true);
        check(Some("ByOwner"), Some("ByOwner"), true);
        check(None, Some("ByOwner"), false);
        check(Some("ByOwner"), None, false);
        check(Some("ByOwner"), Some("Other"), false);
    }
}
