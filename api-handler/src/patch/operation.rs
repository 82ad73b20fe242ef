//! Parses the operations of a JSON patch.

use super::pointer::Pointer;
use crate::json::{Json, Object};

/// An operation (RFC 6902, section 4).
#[derive(Debug)]
pub(crate) enum Operation {
    Add { path: Pointer, value: Json },
    Remove { path: Pointer },
    Replace { path: Pointer, value: Json },
    Move { from: Pointer, path: Pointer },
    Copy { from: Pointer, path: Pointer },
    Test { path: Pointer, value: Json },
}

impl Operation {
    /// Parses an operation. Members that it does not define are ignored (RFC 6902, section 3). The error says what is
    /// missing or malformed.
    pub(super) fn parse(operation: Json) -> Result<Self, &'static str> {
        let Json::Object(mut members) = operation else {
            return Err("expected an operation: an object with `op` and `path`");
        };
        let Some(Json::String(op)) = members.remove("op") else {
            return Err("expected `op` to be add, remove, replace, move, copy or test");
        };
        let path = pointer(&mut members, "path")
            .ok_or("expected `path` to be a JSON pointer such as `/value/title`")?;
        let value = |members: &mut Object| {
            members
                .remove("value")
                .ok_or("`value` is missing; this operation requires it")
        };
        let from = |members: &mut Object| {
            pointer(members, "from")
                .ok_or("expected `from` to be a JSON pointer such as `/value/title`")
        };
        Ok(match &*op {
            "add" => Self::Add {
                path,
                value: value(&mut members)?,
            },
            "remove" => Self::Remove { path },
            "replace" => Self::Replace {
                path,
                value: value(&mut members)?,
            },
            "move" => Self::Move {
                from: from(&mut members)?,
                path,
            },
            "copy" => Self::Copy {
                from: from(&mut members)?,
                path,
            },
            "test" => Self::Test {
                path,
                value: value(&mut members)?,
            },
            _ => return Err("expected `op` to be add, remove, replace, move, copy or test"),
        })
    }
}

fn pointer(members: &mut Object, name: &str) -> Option<Pointer> {
    match members.remove(name) {
        Some(Json::String(text)) => Pointer::parse(text),
        _ => None,
    }
}
