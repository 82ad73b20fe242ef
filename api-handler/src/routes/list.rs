//! `GET /state`: pages of the resources that the caller may see.

use http::{Response, StatusCode, header::LINK};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    Context,
    negotiate::accept_json,
    reply::{REVALIDATE, json, set},
};
use crate::{
    caller::MAX_PRINCIPAL_BYTES,
    cursor::Start,
    listing::{self, ListingScope, Next},
    problem::{Fault, Problem},
    state::StateBody,
};

/// A page of resources.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct List {
    /// The resources, sorted by id.
    #[schema(value_type = Vec<StateBody<'_>>)]
    items: Vec<Box<RawValue>>,
    /// The cursor of the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// Lists the resources that the caller may see.
#[utoipa::path(
    get,
    path = "/state",
    operation_id = "listStates",
    params(
        ("limit" = Option<u8>, Query, minimum = 1, maximum = 100, description = "The maximum number of resources on the page, by default 25; a page of large resources ends early"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page"),
        ("owner" = Option<String>, Query, description = "`me`, or, for admins, any principal", example = "me"),
    ),
    responses(
        (status = 200, body = List, description = "A page", headers(("Link" = String, description = "The next page, if there is one (`rel=\"next\"`)"))),
        (status = 400, description = "A parameter is wrong"),
    ),
    security((), ("accessToken" = []))
)]
pub(super) async fn get(context: &Context<'_>) -> Result<Response<String>, Problem> {
    accept_json(&context.request.headers)?;
    let limit = parameter(context, "limit")?.map_or(Ok(25), limit)?;
    let start = match parameter(context, "cursor")? {
        Some(cursor) => context.cursors.decode(cursor)?,
        None => Start::default(),
    };
    let owner = parameter(context, "owner")?;
    if owner.is_some_and(|owner| owner.is_empty() || owner.len() > MAX_PRINCIPAL_BYTES) {
        return Err(Problem::BadRequest(vec![Fault::new(
            "#/owner",
            "expected `me` or a principal; omit the parameter to list all resources that you may see",
        )]));
    }
    let scope = match owner {
        None => ListingScope::Visible(context.caller),
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
            ListingScope::Owner(principal, caller)
        }
    };

    let page = listing::page(context.store, &scope, start.after(), limit).await?;
    let next = page.next.map(|next| match next {
        Next::AfterShown(id) => Start {
            shown: Some(id),
            examined: None,
        },
        Next::AfterHidden(id) => Start {
            shown: start.shown,
            examined: Some(id),
        },
    });
    let next_cursor = next
        .map(|next| context.cursors.encode(&next))
        .transpose()
        .map_err(|error| Problem::Internal(error.to_string()))?;
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
        let base = context.base_url;
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

/// Parses a number as in JSON. `str::parse` would also accept `+5` and `05`.
fn limit(text: &str) -> Result<usize, Problem> {
    text.parse()
        .ok()
        .filter(|limit: &usize| (1..=100).contains(limit) && limit.to_string() == text)
        .ok_or_else(|| {
            Problem::BadRequest(vec![Fault::new(
                "#/limit",
                "expected a whole number from 1 to 100",
            )])
        })
}

/// The value of a query parameter, which may occur only once.
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
            "expected the parameter only once",
        )]));
    }
    Ok(value)
}
