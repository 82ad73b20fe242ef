//! Applies the operations of a JSON patch one by one, within limits of depth, size and work.

use lambda_support::json_len;

use super::{
    Operation,
    pointer::{Pointer, index},
};
use crate::{
    json::{Json, Object},
    problem::{Fault, Problem},
    state::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH},
};

/// The maximum size of the document after each operation, as compact JSON: the largest value, and 2 KiB for the rest.
const MAX_DOCUMENT_BYTES: usize = MAX_VALUE_BYTES + 2048;

/// The maximum depth of the document after each operation: the deepest value, within `{"value": …}`.
const MAX_DOCUMENT_DEPTH: usize = MAX_VALUE_DEPTH + 1;

/// The maximum total size of the values that the `copy` and `move` operations of one patch take, as compact JSON. Other
/// operations use only values that are already in the document or in the patch.
const MAX_TAKEN_BYTES: usize = 1024 * 1024;

/// A document while a patch is applied to it.
#[derive(Debug)]
pub(super) struct Applying {
    // INVARIANT: nests at most MAX_DOCUMENT_DEPTH arrays and objects.
    document: Json,
    // INVARIANT: the compact length of the document. It is updated at each operation, because measuring it takes as
    // long as serialising the document.
    len: usize,
    /// The total size of the values that `copy` and `move` have taken so far.
    taken: usize,
}

/// Why an operation was not applied.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StepError {
    /// The operation does not fit the document.
    Conflict(&'static str),
    /// The document would nest too deeply.
    TooDeep,
    /// The document would become too large.
    TooLarge,
    /// The patch copies and moves too much.
    TakesTooMuch,
}

impl StepError {
    /// The problem for the caller; `at` is the index of the operation.
    pub(super) fn into_problem(self, at: usize) -> Problem {
        let pointer = format!("#/{at}");
        match self {
            Self::Conflict(detail) => Problem::Conflict(Fault::new(pointer, detail)),
            Self::TooDeep => Problem::Unprocessable(vec![Fault::new(
                pointer,
                format!(
                    "nested too deeply; a value may nest at most {MAX_VALUE_DEPTH} arrays and objects"
                ),
            )]),
            Self::TooLarge => Problem::ValueTooLarge(MAX_VALUE_BYTES),
            Self::TakesTooMuch => Problem::PatchTooLarge(MAX_TAKEN_BYTES),
        }
    }
}

const NO_PARENT: StepError =
    StepError::Conflict("the parent of this location is missing, or is not an array or object");
const NO_VALUE: StepError = StepError::Conflict("there is no value at this location");
const NO_ELEMENT: StepError =
    StepError::Conflict("not an index of this array; `add` may also use its length or `-`");

impl Applying {
    /// Takes a document that is within the limits.
    pub(super) fn new(document: Json) -> Self {
        Self {
            len: document.compact_len(),
            document,
            taken: 0,
        }
    }

    /// The document after the operations so far.
    pub(super) fn finish(self) -> Json {
        self.document
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[cfg(test)]
    pub(super) fn document(&self) -> &Json {
        &self.document
    }

    /// Applies one operation. After an error the document may be partly changed.
    pub(super) fn step(&mut self, operation: Operation) -> Result<(), StepError> {
        match operation {
            Operation::Add { path, value } => self.add(&path, value),
            Operation::Remove { path } => self.remove(&path).map(drop),
            Operation::Replace { path, value } => self.replace(&path, value),
            Operation::Copy { from, path } => {
                let value = self.take(&from)?.clone();
                self.add(&path, value)
            }
            Operation::Move { from, path } => {
                if from.contains(&path) {
                    return Err(StepError::Conflict("a value cannot be moved into itself"));
                }
                self.take(&from)?;
                if from == path {
                    return Ok(());
                }
                let value = self.remove(&from)?;
                self.add(&path, value)
            }
            Operation::Test { path, value } => match path.find(&self.document) {
                Some(found) if found.equals(&value) => Ok(()),
                Some(_) => Err(StepError::Conflict(
                    "the value at this location differs from the tested value",
                )),
                None => Err(NO_VALUE),
            },
        }
    }

    /// The value that `copy` or `move` takes. Its length is counted before the value is used.
    fn take(&mut self, from: &Pointer) -> Result<&Json, StepError> {
        let value = from.find(&self.document).ok_or(NO_VALUE)?;
        self.taken += value.compact_len();
        if self.taken > MAX_TAKEN_BYTES {
            return Err(StepError::TakesTooMuch);
        }
        Ok(value)
    }

    fn add(&mut self, path: &Pointer, value: Json) -> Result<(), StepError> {
        if path.is_root() {
            return self.replace(path, value);
        }
        let (parent, last) = path.find_parent(&mut self.document).ok_or(NO_PARENT)?;
        check_depth(path, &value)?;
        let added = value.compact_len();
        match parent {
            Json::Array(items) => {
                let at = if last == "-" {
                    items.len()
                } else {
                    index(&last)
                        .filter(|at| *at <= items.len())
                        .ok_or(NO_ELEMENT)?
                };
                self.len += added + usize::from(!items.is_empty());
                items.insert(at, Box::new(value));
            }
            Json::Object(object) => {
                let beside = member_overhead(object, &last);
                match object.insert(&last, value) {
                    Some(old) => self.len = self.len + added - old.compact_len(),
                    None => self.len += added + beside,
                }
            }
            _ => return Err(NO_PARENT),
        }
        self.check_len()
    }

    fn replace(&mut self, path: &Pointer, value: Json) -> Result<(), StepError> {
        let slot = path.find_mut(&mut self.document).ok_or(NO_VALUE)?;
        check_depth(path, &value)?;
        self.len = self.len + value.compact_len() - slot.compact_len();
        *slot = value;
        self.check_len()
    }

    fn remove(&mut self, path: &Pointer) -> Result<Json, StepError> {
        if path.is_root() {
            return Err(StepError::Conflict("the whole document cannot be removed"));
        }
        let (parent, last) = path.find_parent(&mut self.document).ok_or(NO_PARENT)?;
        let (removed, beside) = match parent {
            Json::Array(items) => {
                let at = index(&last)
                    .filter(|at| *at < items.len())
                    .ok_or(NO_ELEMENT)?;
                let removed = *items.remove(at);
                (removed, usize::from(!items.is_empty()))
            }
            Json::Object(object) => {
                let removed = object.remove(&last).ok_or(NO_VALUE)?;
                (removed, member_overhead(object, &last))
            }
            _ => return Err(NO_PARENT),
        };
        self.len -= removed.compact_len() + beside;
        Ok(removed)
    }

    fn check_len(&self) -> Result<(), StepError> {
        if self.len > MAX_DOCUMENT_BYTES {
            return Err(StepError::TooLarge);
        }
        Ok(())
    }
}

/// Checks that `value` may be at the location of `path`. Each step of the path is one more level.
fn check_depth(path: &Pointer, value: &Json) -> Result<(), StepError> {
    if path.steps() + value.depth() > MAX_DOCUMENT_DEPTH {
        return Err(StepError::TooDeep);
    }
    Ok(())
}

/// The bytes that a member adds besides its value: name, colon, and a comma if there are other members.
fn member_overhead(others: &Object, name: &str) -> usize {
    json_len(name) + 1 + usize::from(!others.is_empty())
}
