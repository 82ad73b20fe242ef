//! The floor of the benchmarks: a bare Lambda runtime that answers each event with a constant.
//!
//! With `FLOOR=get` it first makes one `GetItem` with the SDK, with `FLOOR=put` one conditional `PutItem`. Both use the
//! handler's HTTP client.

use std::collections::HashMap;

use api_handler::http_client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, Config};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

const ID: &str = "floor";

fn client() -> Result<Client, Error> {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(std::env::var("AWS_REGION")?))
        .credentials_provider(Credentials::new("floor", "floor", None, None, "floor"))
        .endpoint_url(std::env::var("AWS_ENDPOINT_URL_DYNAMODB")?)
        .http_client(http_client()?)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled());
    Ok(Client::from_conf(config.build()))
}

async fn get(client: &Client, table: &str) -> Result<(), Error> {
    let id = AttributeValue::S(ID.to_owned());
    client
        .get_item()
        .table_name(table)
        .key("id", id)
        .send()
        .await?;
    Ok(())
}

async fn put(client: &Client, table: &str) -> Result<(), Error> {
    let item = HashMap::from([
        ("id".to_owned(), AttributeValue::S(ID.to_owned())),
        ("version".to_owned(), AttributeValue::N("1".to_owned())),
        (
            "value".to_owned(),
            AttributeValue::S(r#"{"lamp":"on"}"#.to_owned()),
        ),
    ]);
    client
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(id) OR version = :version")
        .expression_attribute_values(":version", AttributeValue::N("1".to_owned()))
        .send()
        .await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let floor = std::env::var("FLOOR").unwrap_or_default();
    let table = std::env::var("STATE_TABLE").unwrap_or_default();
    let client = if floor.is_empty() {
        None
    } else {
        Some(client()?)
    };
    let answer = RawValue::from_string(r#"{"statusCode":200}"#.to_owned())?;
    let (floor, table, client, answer) = (&floor, &table, &client, &answer);
    lambda_runtime::run(service_fn(
        |_event: LambdaEvent<Box<RawValue>>| async move {
            match (floor.as_str(), client) {
                ("get", Some(client)) => get(client, table).await?,
                ("put", Some(client)) => put(client, table).await?,
                _ => {}
            }
            Ok::<_, Error>(answer.clone())
        },
    ))
    .await
}
