//! A string of JSON, borrowed where it has no escapes.

use std::{borrow::Cow, ops::Deref};

use serde::Deserialize;

/// A string that is borrowed from the JSON if it has no escapes. `Cow<str>` is never borrowed.
#[derive(Debug, Deserialize)]
pub struct BorrowedText<'j>(#[serde(borrow)] pub(crate) Cow<'j, str>);

impl BorrowedText<'_> {
    pub fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl Deref for BorrowedText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
