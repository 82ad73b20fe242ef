//! `/state` and `/state/{id}`.
//!
//! Whatever can be said of a request without looking at the resource is said first. What is said after that is the
//! same for a resource that is not there and one that the caller may not see.

use std::str::FromStr;

use http::{
    Response, StatusCode,
    header::{CONTENT_TYPE, ETAG, LINK, LOCATION},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use super::{Context, accept_json, json, media_type, set};
use crate::{
    caller::SignedIn,
    clock::timestamp,
    cursor, json as strict_json,
    listing::{self, Scope},
    patch::{JSON_PATCH, MERGE_PATCH, Patch},
    precondition::{Preconditions, Read},
    problem::{Fault, Problem},
    state::{MAX_VALUE_BYTES, State, StateId, Tag, Visibility},
};

/// Kept by the browser, but asked about each time: what a caller may see can change.
const REVALIDATE: &str = "private, no-cache";

/// A page of resources.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    items: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Answers `GET /state`.
pub(super) async fn list(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let limit_text = parameter(context, "limit")?;
    let limit = match limit_text {
        None => 25,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| {
                Problem::BadRequest(vec![Fault::new(
                    "#/limit",
                    "expected a whole number from 1 to 100",
                )])
            })?,
    };
    let after = parameter(context, "cursor")?
        .map(cursor::decode)
        .transpose()?;
    let owner = parameter(context, "owner")?;
    let scope = match owner {
        None => Scope::Visible(context.caller),
        Some(owner) => {
            let caller = context.caller.signed_in()?;
            let principal = if owner == "me" {
                caller.principal.as_str()
            } else {
                owner
            };
            if principal != caller.principal && !caller.admin {
                return Err(Problem::Forbidden(
                    "only admins may list another principal's resources; use owner=me",
                ));
            }
            Scope::Owner(principal, caller)
        }
    };

    let page = listing::page(context.store, &scope, after, limit).await?;
    let next_cursor = page.next.as_ref().map(cursor::encode);
    let mut response = json(
        StatusCode::OK,
        REVALIDATE,
        &List {
            items: page.items,
            next_cursor: next_cursor.clone(),
        },
    )?;
    if let Some(cursor) = next_cursor {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let owner = owner
            .map(|owner| format!("&owner={}", encode(owner)))
            .unwrap_or_default();
        let base = &context.request.base_url;
        set(
            &mut response,
            LINK,
            &format!(
                "<{base}/state?limit={limit}&cursor={}{owner}>; rel=\"next\"",
                encode(&cursor)
            ),
        )?;
    }
    Ok(response)
}

/// Answers `GET /state/{id}`.
pub(super) async fn get(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let preconditions = Preconditions::parse(&context.request.headers)?;
    let state = visible(context, id).await?;
    match preconditions.read(&state.tag) {
        Read::Failed => Err(Problem::PreconditionFailed),
        Read::Whole => answer(StatusCode::OK, &state),
        Read::NotModified => {
            let mut response = answer(StatusCode::NOT_MODIFIED, &state)?;
            response.headers_mut().remove(CONTENT_TYPE);
            response.body_mut().clear();
            Ok(response)
        }
    }
}

/// Answers `HEAD /state/{id}`: as `GET`, without the body.
pub(super) async fn head(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    get(context, id).await
}

/// Answers `PUT /state/{id}`.
pub(super) async fn put(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    let caller = context.caller.signed_in()?;
    let headers = &context.request.headers;
    accept_json(headers)?;
    if media_type(headers).as_deref() != Some("application/json") {
        return Err(Problem::UnsupportedMediaType("application/json"));
    }
    let id = StateId::from_str(id)
        .map_err(|error| Problem::BadRequest(vec![Fault::new("#/id", error.to_string())]))?;
    let preconditions = Preconditions::parse(headers)?;
    if !preconditions.has_if_match() && !preconditions.wants_absence() {
        return Err(Problem::PreconditionRequired(
            "send `If-None-Match: *` to create, or `If-Match` with the resource's ETag to replace",
        ));
    }
    let document = Document::parse(strict_json::parse(&context.request.body)?)?;

    if preconditions.has_if_match() {
        replace(context, caller, &id, &preconditions, document).await
    } else {
        create(context, caller, id, document).await
    }
}

async fn create(
    context: &Context<'_>,
    caller: &SignedIn,
    id: StateId,
    document: Document,
) -> Result<Response<String>, Problem> {
    let now = timestamp(context.clock.now());
    let state = State {
        id,
        owner: caller.principal.clone(),
        visibility: document.visibility.unwrap_or(Visibility::Private),
        value: document.value,
        version: 1,
        created_at: now.clone(),
        updated_at: now,
        tag: new_tag()?,
    };
    context.store.create(&state).await?;
    let mut response = answer(StatusCode::CREATED, &state)?;
    set(
        &mut response,
        LOCATION,
        &format!("{}/state/{}", context.request.base_url, state.id),
    )?;
    Ok(response)
}

async fn replace(
    context: &Context<'_>,
    caller: &SignedIn,
    id: &StateId,
    preconditions: &Preconditions,
    document: Document,
) -> Result<Response<String>, Problem> {
    // `If-Match` never holds where there is nothing (RFC 9110, 13.1.1), and for this caller there is nothing.
    let old = context
        .store
        .get(id)
        .await?
        .filter(|state| context.caller.may_see(state))
        .ok_or(Problem::PreconditionFailed)?;
    write_over(context, caller, preconditions, &old, document).await
}

/// Answers `PATCH /state/{id}`.
pub(super) async fn patch(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    let caller = context.caller.signed_in()?;
    let headers = &context.request.headers;
    accept_json(headers)?;
    let media_type = media_type(headers);
    let merge = match media_type.as_deref() {
        Some(MERGE_PATCH) => true,
        Some(JSON_PATCH) => false,
        _ => {
            return Err(Problem::UnsupportedMediaType(
                "application/merge-patch+json, application/json-patch+json",
            ));
        }
    };
    let preconditions = if_match(context)?;
    let body = strict_json::parse(&context.request.body)?;
    let patch = if merge {
        Patch::Merge(body)
    } else {
        Patch::operations(body)?
    };

    let old = visible(context, id).await?;
    if !caller.may_write(&old) {
        return Err(NOT_OWNER);
    }
    if !preconditions.permit_write(&old.tag) {
        return Err(Problem::PreconditionFailed);
    }
    let value = strict_json::parse(old.value.get().as_bytes()).map_err(|_| {
        Problem::Unavailable("the item's value is not JSON that this function stored".to_owned())
    })?;
    let target = Map::from_iter([
        ("value".to_owned(), value),
        ("visibility".to_owned(), old.visibility.to_string().into()),
    ]);
    let patched = patch.apply(Value::Object(target))?;
    let document = Document::parse(patched)?;
    if document.visibility.is_none() {
        return Err(Problem::Unprocessable(vec![Fault::new(
            "#/visibility",
            "cannot be removed; set `private`",
        )]));
    }
    write_over(context, caller, &preconditions, &old, document).await
}

/// Answers `DELETE /state/{id}`.
pub(super) async fn delete(context: &Context<'_>, id: &str) -> Result<Response<String>, Problem> {
    let caller = context.caller.signed_in()?;
    let preconditions = if_match(context)?;
    let old = visible(context, id).await?;
    if !caller.may_write(&old) {
        return Err(NOT_OWNER);
    }
    if !preconditions.permit_write(&old.tag) {
        return Err(Problem::PreconditionFailed);
    }
    context.store.delete(&old).await?;
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

const NOT_OWNER: Problem = Problem::Forbidden("only its owner and admins may change this resource");

async fn write_over(
    context: &Context<'_>,
    caller: &SignedIn,
    preconditions: &Preconditions,
    old: &State,
    document: Document,
) -> Result<Response<String>, Problem> {
    if !caller.may_write(old) {
        return Err(NOT_OWNER);
    }
    if !preconditions.permit_write(&old.tag) {
        return Err(Problem::PreconditionFailed);
    }
    let new = State {
        id: old.id.clone(),
        owner: old.owner.clone(),
        visibility: document
            .visibility
            .unwrap_or_else(|| old.visibility.clone()),
        value: document.value,
        version: old.version + 1,
        created_at: old.created_at.clone(),
        updated_at: timestamp(context.clock.now()),
        tag: new_tag()?,
    };
    context.store.replace(old, &new).await?;
    answer(StatusCode::OK, &new)
}

/// The resource, if there is one that this caller may see. An id that cannot be is not there.
async fn visible(context: &Context<'_>, id: &str) -> Result<State, Problem> {
    let id = StateId::from_str(id).map_err(|_| Problem::NotFound)?;
    let state = context.store.get(&id).await?;
    state
        .filter(|state| context.caller.may_see(state))
        .ok_or(Problem::NotFound)
}

/// The preconditions of a change, which needs `If-Match`.
fn if_match(context: &Context<'_>) -> Result<Preconditions, Problem> {
    let preconditions = Preconditions::parse(&context.request.headers)?;
    if preconditions.has_if_match() {
        Ok(preconditions)
    } else {
        Err(Problem::PreconditionRequired(
            "send `If-Match` with the resource's ETag",
        ))
    }
}

fn answer(status: StatusCode, state: &State) -> Result<Response<String>, Problem> {
    let mut response = json(status, REVALIDATE, state)?;
    set(&mut response, ETAG, &state.tag.etag())?;
    Ok(response)
}

fn new_tag() -> Result<Tag, Problem> {
    Tag::random().map_err(|error| Problem::Internal(error.to_string()))
}

/// The one value of a query parameter.
fn parameter<'a>(context: &'a Context<'_>, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = context
        .request
        .query
        .iter()
        .filter(|(n, _)| n == name)
        .map(|(_, value)| value.as_str());
    let value = values.next();
    if values.next().is_some() {
        return Err(Problem::BadRequest(vec![Fault::new(
            format!("#/{name}"),
            "expected once",
        )]));
    }
    Ok(value)
}

/// What a caller writes.
#[derive(Debug)]
struct Document {
    value: Box<RawValue>,
    visibility: Option<Visibility>,
}

impl Document {
    fn parse(document: Value) -> Result<Self, Problem> {
        let Value::Object(mut members) = document else {
            return Err(Problem::Unprocessable(vec![Fault::new(
                "#",
                "expected an object with `value` and perhaps `visibility`",
            )]));
        };
        let mut faults = Vec::new();
        let value = members.remove("value");
        if value.is_none() {
            faults.push(Fault::new("#/value", "is missing"));
        }
        let visibility = match members.remove("visibility") {
            None => None,
            Some(Value::String(text)) => match text.parse::<Visibility>() {
                Ok(visibility) => Some(visibility),
                Err(error) => {
                    faults.push(Fault::new("#/visibility", error.to_string()));
                    None
                }
            },
            Some(_) => {
                faults.push(Fault::new("#/visibility", "expected a string"));
                None
            }
        };
        for name in members.keys() {
            let name = name.replace('~', "~0").replace('/', "~1");
            faults.push(Fault::new(
                format!("#/{name}"),
                "is not known; there are `value` and `visibility`",
            ));
        }
        let value = value.unwrap_or_default();
        if !strict_json::is_shallow(&value) {
            faults.push(Fault::new("#/value", "nested too deep; at most 99 levels"));
        }
        if !faults.is_empty() {
            return Err(Problem::Unprocessable(faults));
        }
        let value = to_raw_value(&value).map_err(|error| Problem::Internal(error.to_string()))?;
        if value.get().len() > MAX_VALUE_BYTES {
            return Err(Problem::TooLarge(MAX_VALUE_BYTES));
        }
        Ok(Self { value, visibility })
    }
}
