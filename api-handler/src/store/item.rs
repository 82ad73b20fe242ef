//! Converts resources to items of the table and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::value::RawValue;

use crate::state::{GroupName, Metadata, State, StateId, Tag, Visibility};

pub(super) type Item = HashMap<String, AttributeValue>;

/// The number of partitions for public resources in the audience index. There are several, so that writes do not all
/// share one. A listing queries all of them.
const PUBLIC_SHARDS: u32 = 8;

/// The partition of a resource in the audience index. Private resources have none.
pub(super) fn audience(id: &StateId, visibility: &Visibility) -> Option<String> {
    match visibility {
        Visibility::Private => None,
        Visibility::Public => Some(format!(
            "public#{}",
            crc32fast::hash(id.as_str().as_bytes()) % PUBLIC_SHARDS
        )),
        Visibility::Group(_) => Some(visibility.to_string()),
    }
}

/// All partitions of public resources.
pub(super) fn public_audiences() -> impl Iterator<Item = String> {
    (0..PUBLIC_SHARDS).map(|shard| format!("public#{shard}"))
}

/// The partition of a group's resources.
pub(super) fn group_audience(name: &GroupName) -> String {
    Visibility::Group(name.clone()).to_string()
}

/// The key of an item.
pub(super) fn key(id: &StateId) -> Item {
    HashMap::from([("id".to_owned(), AttributeValue::S(id.to_string()))])
}

/// The item of a resource. The value is stored as a JSON string, because DynamoDB's own types would lose the precision
/// of numbers and the type of empty sets.
pub(super) fn to_item(state: &State) -> Item {
    let metadata = &state.metadata;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut item = HashMap::from([
        ("id".to_owned(), text(metadata.id.as_str())),
        ("owner".to_owned(), text(&metadata.owner)),
        (
            "visibility".to_owned(),
            text(&metadata.visibility.to_string()),
        ),
        ("value".to_owned(), text(state.value.get())),
        (
            "version".to_owned(),
            AttributeValue::N(metadata.version.to_string()),
        ),
        ("tag".to_owned(), text(metadata.tag.as_str())),
        ("createdAt".to_owned(), text(&metadata.created_at)),
        ("updatedAt".to_owned(), text(&metadata.updated_at)),
    ]);
    if let Some(audience) = audience(&metadata.id, &metadata.visibility) {
        item.insert("audience".to_owned(), AttributeValue::S(audience));
    }
    item
}

/// The attributes of [`Metadata`], each with a placeholder, because `owner` is a reserved word.
pub(super) const METADATA: [(&str, &str); 7] = [
    ("#id", "id"),
    ("#owner", "owner"),
    ("#visibility", "visibility"),
    ("#version", "version"),
    ("#tag", "tag"),
    ("#createdAt", "createdAt"),
    ("#updatedAt", "updatedAt"),
];

/// The projection expression for [`METADATA`].
pub(super) const METADATA_PROJECTION: &str =
    "#id, #owner, #visibility, #version, #tag, #createdAt, #updatedAt";

/// This function cannot have written the item.
#[derive(Debug, thiserror::Error)]
#[error("the item has no usable `{0}`")]
pub(super) struct ItemError(&'static str);

/// A part of a resource that can be read separately.
pub(super) trait StoredPart: Sized {
    /// Whether the part has no value.
    const IS_METADATA: bool;

    fn from_item(item: Item) -> Result<Self, ItemError>;
}

impl StoredPart for Metadata {
    const IS_METADATA: bool = true;

    fn from_item(mut item: Item) -> Result<Self, ItemError> {
        metadata(&mut item)
    }
}

impl StoredPart for State {
    const IS_METADATA: bool = false;

    fn from_item(mut item: Item) -> Result<Self, ItemError> {
        let value = text(&mut item, "value")?;
        Ok(Self {
            value: RawValue::from_string(value).map_err(|_| ItemError("value"))?,
            metadata: metadata(&mut item)?,
        })
    }
}

fn metadata(item: &mut Item) -> Result<Metadata, ItemError> {
    let version = match item.remove("version") {
        Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| ItemError("version"))?,
        _ => return Err(ItemError("version")),
    };
    Ok(Metadata {
        id: text(item, "id")?.parse().map_err(|_| ItemError("id"))?,
        owner: text(item, "owner")?,
        visibility: text(item, "visibility")?
            .parse()
            .map_err(|_| ItemError("visibility"))?,
        version,
        tag: Tag::stored(text(item, "tag")?),
        created_at: text(item, "createdAt")?,
        updated_at: text(item, "updatedAt")?,
    })
}

/// The id in an entry of an index, or in a key.
pub(super) fn id_of(mut item: Item) -> Result<StateId, ItemError> {
    text(&mut item, "id")?.parse().map_err(|_| ItemError("id"))
}

fn text(item: &mut Item, name: &'static str) -> Result<String, ItemError> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(ItemError(name)),
    }
}
