//! `If-Match` and `If-None-Match` (RFC 9110, sections 13.1 and 13.2).

use http::{
    HeaderMap, HeaderName,
    header::{IF_MATCH, IF_NONE_MATCH},
};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{
    problem::{Fault, Problem},
    state::Tag,
};

/// The preconditions of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Preconditions {
    if_match: Option<EntityTags>,
    if_none_match: Option<EntityTags>,
}

/// The value of one of the two headers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EntityTags {
    /// `*`: any existing version.
    Any,
    Tags(Vec<EntityTag>),
}

/// The syntax that [`Preconditions::parse`] accepts.
impl PartialSchema for EntityTags {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("`*`, or entity tags separated by commas"))
            .pattern(Some(
                r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#,
            ))
            .into()
    }
}

impl ToSchema for EntityTags {}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EntityTag {
    weak: bool,
    opaque: String,
}

impl EntityTag {
    /// The content of a strong tag. A weak tag never matches in `If-Match`.
    pub(crate) fn strong(&self) -> Option<&str> {
        (!self.weak).then_some(&self.opaque)
    }
}

/// The outcome of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadOutcome {
    /// 200: the resource.
    Whole,
    /// 304: the caller already has the resource.
    NotModified,
    /// 412: a precondition does not hold.
    Failed,
}

impl Preconditions {
    /// Parses the two headers. Fails with 400 if a header is not a list of entity tags. Otherwise a tag without quotes
    /// would be accepted and never match.
    pub(crate) fn parse(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            if_match: tag_list(headers, &IF_MATCH)?,
            if_none_match: tag_list(headers, &IF_NONE_MATCH)?,
        })
    }

    /// Whether the request has no preconditions.
    pub(crate) fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    pub(crate) fn has_if_match(&self) -> bool {
        self.if_match.is_some()
    }

    /// Whether the request has `If-None-Match: *`, so the resource must not exist.
    pub(crate) fn wants_absence(&self) -> bool {
        self.if_none_match == Some(EntityTags::Any)
    }

    /// `If-Match`, if the request does not also have `If-None-Match`.
    pub(crate) fn sole_if_match(&self) -> Option<&EntityTags> {
        self.if_match
            .as_ref()
            .filter(|_| self.if_none_match.is_none())
    }

    /// Whether a write may replace the version `current`. `If-Match` uses strong comparison, `If-None-Match` weak
    /// comparison.
    pub(crate) fn permit_write(&self, current: &Tag) -> bool {
        self.matches(current) && !self.none_match_fails(current)
    }

    /// The outcome of reading the version `current`.
    pub(crate) fn read(&self, current: &Tag) -> ReadOutcome {
        if !self.matches(current) {
            ReadOutcome::Failed
        } else if self.none_match_fails(current) {
            ReadOutcome::NotModified
        } else {
            ReadOutcome::Whole
        }
    }

    fn matches(&self, current: &Tag) -> bool {
        match &self.if_match {
            None | Some(EntityTags::Any) => true,
            Some(EntityTags::Tags(tags)) => tags
                .iter()
                .any(|tag| !tag.weak && tag.opaque == current.as_str()),
        }
    }

    fn none_match_fails(&self, current: &Tag) -> bool {
        match &self.if_none_match {
            None => false,
            Some(EntityTags::Any) => true,
            Some(EntityTags::Tags(tags)) => tags.iter().any(|tag| tag.opaque == current.as_str()),
        }
    }
}

fn tag_list(headers: &HeaderMap, name: &HeaderName) -> Result<Option<EntityTags>, Problem> {
    let lines: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(http::HeaderValue::as_bytes)
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&lines.join(b", ".as_slice())).into_owned();
    // White space is only a space or a tab (RFC 9110, section 5.6.3).
    let list = if text.trim_matches([' ', '\t']) == "*" {
        Some(EntityTags::Any)
    } else {
        entity_tags(&text).map(EntityTags::Tags)
    };
    list.map(Some).ok_or_else(|| {
        let expected = "expected `*` or entity tags in double quotes, separated by commas";
        Problem::BadRequest(vec![Fault::new(format!("#/{name}"), expected)])
    })
}

/// Parses `[W/]"…"`, separated by commas. Empty elements are skipped (RFC 9110, sections 5.6.1 and 8.8.3).
fn entity_tags(text: &str) -> Option<Vec<EntityTag>> {
    let mut tags = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (weak, quoted) = rest
            .strip_prefix("W/")
            .map_or((false, rest), |strong| (true, strong));
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if opaque.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return None;
        }
        tags.push(EntityTag {
            weak,
            opaque: opaque.to_owned(),
        });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    (!tags.is_empty()).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(if_match: &[&str], if_none_match: &[&str]) -> Result<Preconditions, Problem> {
        let mut headers = HeaderMap::new();
        for value in if_match {
            headers.append(IF_MATCH, value.parse().unwrap());
        }
        for value in if_none_match {
            headers.append(IF_NONE_MATCH, value.parse().unwrap());
        }
        Preconditions::parse(&headers)
    }

    #[test]
    fn if_match_compares_strongly() {
        let check = |lines: &[&str], permitted: Option<bool>| {
            let got = parse(lines, &[])
                .ok()
                .map(|p| p.permit_write(&Tag::stored("now".to_owned())));
            assert_eq!(got, permitted, "{lines:?}");
        };
        check(&[r#""now""#], Some(true));
        check(&[r#""old", "now""#], Some(true));
        check(&[r#""old"	,,"now","#], Some(true));
        check(&[r#""old""#, r#""now""#], Some(true));
        check(&["*"], Some(true));
        check(&[r#"W/"now""#], Some(false));
        check(&[r#""old""#], Some(false));
        check(&[r#""now,""#], Some(false));
        check(&[r#""""#], Some(false));
        check(&["now"], None);
        check(&[""], None);
        check(&[r#""now"#], None);
        check(&[r#""old" "now""#], None);
        check(&[r#"w/"now""#], None);
        check(&[r#"*, "now""#], None);
        check(&["*", r#""now""#], None);
        check(&[" *\t"], Some(true));
        check(&["\u{a0}*"], None);
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let check = |line: &str, read: ReadOutcome| {
            assert_eq!(
                parse(&[], &[line])
                    .unwrap()
                    .read(&Tag::stored("now".to_owned())),
                read,
                "{line:?}"
            );
        };
        check(r#""now""#, ReadOutcome::NotModified);
        check(r#"W/"now""#, ReadOutcome::NotModified);
        check(r#""old", W/"now""#, ReadOutcome::NotModified);
        check("*", ReadOutcome::NotModified);
        check(r#""old""#, ReadOutcome::Whole);
    }

    #[test]
    fn if_match_is_evaluated_first() {
        let read = |m: &str, n: &str| {
            parse(&[m], &[n])
                .unwrap()
                .read(&Tag::stored("now".to_owned()))
        };
        assert_eq!(read(r#""old""#, r#""now""#), ReadOutcome::Failed);
        assert_eq!(read(r#""now""#, r#""now""#), ReadOutcome::NotModified);
        assert_eq!(read(r#""now""#, r#""old""#), ReadOutcome::Whole);
    }
}
