//! A JSON string that is borrowed from the document if possible.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::Deserialize;

/// A string that is borrowed from the JSON if it has no escapes. Serde never borrows into a plain `Cow<str>`.
#[derive(Deserialize)]
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

/// Shows no value: the JSON may contain claims or a token.
impl fmt::Debug for BorrowedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BorrowedText({} bytes)", self.len())
    }
}
