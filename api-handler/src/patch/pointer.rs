//! JSON pointers (RFC 6901) into a document.

use std::borrow::Cow;

use crate::json::Json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer(Box<str>);

impl Pointer {
    /// Checks the syntax of RFC 6901, section 3.
    pub(super) fn parse(text: Box<str>) -> Option<Self> {
        let absolute = text.is_empty() || text.starts_with('/');
        let escaped = text
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']));
        (absolute && escaped).then_some(Self(text))
    }

    /// The number of reference tokens, which is the depth of the location.
    pub(super) fn steps(&self) -> usize {
        self.0.bytes().filter(|b| *b == b'/').count()
    }

    /// Whether the location of `other` is within this one.
    pub(super) fn contains(&self, other: &Self) -> bool {
        let rest = other.0.strip_prefix(&*self.0);
        rest.is_some_and(|rest| rest.starts_with('/'))
    }

    /// The value at the location.
    pub(super) fn find<'d>(&self, document: &'d Json) -> Option<&'d Json> {
        self.0
            .split('/')
            .skip(1)
            .try_fold(document, |at, token| match at {
                Json::Array(items) => items.get(index(token)?).map(|item| &**item),
                Json::Object(object) => object.get(&unescape(token)),
                _ => None,
            })
    }

    /// The value at the location, for a change.
    pub(super) fn find_mut<'d>(&self, document: &'d mut Json) -> Option<&'d mut Json> {
        find_mut(&self.0, document)
    }

    /// The array or object that contains the location, and the last reference token. `None` for the whole document, or
    /// if the parent is missing.
    pub(super) fn find_parent<'d>(
        &self,
        document: &'d mut Json,
    ) -> Option<(&'d mut Json, Cow<'_, str>)> {
        let (parent, last) = self.0.rsplit_once('/')?;
        Some((find_mut(parent, document)?, unescape(last)))
    }

    /// Whether the location is the whole document.
    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

fn find_mut<'d>(pointer: &str, document: &'d mut Json) -> Option<&'d mut Json> {
    pointer
        .split('/')
        .skip(1)
        .try_fold(document, |at, token| match at {
            Json::Array(items) => items.get_mut(index(token)?).map(|item| &mut **item),
            Json::Object(object) => object.get_mut(&unescape(token)),
            _ => None,
        })
}

/// Parses an array index: digits without a leading zero (RFC 6901, section 4).
pub(super) fn index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|b| b.is_ascii_digit());
    let canonical = token == "0" || !token.starts_with('0');
    token.parse().ok().filter(|_| digits && canonical)
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}
