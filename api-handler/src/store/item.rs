//! A resource as an item of the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::value::RawValue;

use crate::state::{State, StateId, Tag, Visibility};

/// An item.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Over how many partitions of the audience index the public resources are spread, so that there is none that
/// every write shares. A listing asks all of them.
const PUBLIC_SHARDS: u32 = 8;

/// The partition of the audience index that a resource is in. Private ones are in none.
fn audience(id: &StateId, visibility: &Visibility) -> Option<String> {
    match visibility {
        Visibility::Private => None,
        Visibility::Public => Some(format!(
            "public#{}",
            crc32fast::hash(id.as_str().as_bytes()) % PUBLIC_SHARDS
        )),
        Visibility::Group(_) => Some(visibility.to_string()),
    }
}

/// All partitions that public resources can be in.
pub(super) fn public_audiences() -> impl Iterator<Item = String> {
    (0..PUBLIC_SHARDS).map(|shard| format!("public#{shard}"))
}

/// The partition of a group's resources.
pub(super) fn group_audience(name: &str) -> String {
    format!("group:{name}")
}

/// The key of an item.
pub(super) fn key(id: &StateId) -> Item {
    HashMap::from([("id".to_owned(), AttributeValue::S(id.to_string()))])
}

/// The item of a resource. The value is kept as its JSON text: DynamoDB's own types would lose numbers' precision and
/// empty sets' kind.
pub(super) fn to_item(state: &State) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut item = HashMap::from([
        ("id".to_owned(), text(state.id.as_str())),
        ("owner".to_owned(), text(&state.owner)),
        ("visibility".to_owned(), text(&state.visibility.to_string())),
        ("value".to_owned(), text(state.value.get())),
        (
            "version".to_owned(),
            AttributeValue::N(state.version.to_string()),
        ),
        ("tag".to_owned(), text(state.tag.as_str())),
        ("createdAt".to_owned(), text(&state.created_at)),
        ("updatedAt".to_owned(), text(&state.updated_at)),
    ]);
    if let Some(audience) = audience(&state.id, &state.visibility) {
        item.insert("audience".to_owned(), AttributeValue::S(audience));
    }
    item
}

/// The item is not one that this function wrote.
#[derive(Debug, thiserror::Error)]
#[error("the item has no usable `{0}`")]
pub(super) struct BadItem(&'static str);

/// The resource of an item.
pub(super) fn from_item(mut item: Item) -> Result<State, BadItem> {
    let id = text(&mut item, "id")?.parse().map_err(|_| BadItem("id"))?;
    let version = match item.remove("version") {
        Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| BadItem("version"))?,
        _ => return Err(BadItem("version")),
    };
    Ok(State {
        id,
        owner: text(&mut item, "owner")?,
        visibility: text(&mut item, "visibility")?
            .parse()
            .map_err(|_| BadItem("visibility"))?,
        value: RawValue::from_string(text(&mut item, "value")?).map_err(|_| BadItem("value"))?,
        version,
        tag: Tag::stored(text(&mut item, "tag")?),
        created_at: text(&mut item, "createdAt")?,
        updated_at: text(&mut item, "updatedAt")?,
    })
}

/// The id in what an index says.
pub(super) fn id_of(mut item: Item) -> Result<StateId, BadItem> {
    text(&mut item, "id")?.parse().map_err(|_| BadItem("id"))
}

fn text(item: &mut Item, name: &'static str) -> Result<String, BadItem> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(BadItem(name)),
    }
}
