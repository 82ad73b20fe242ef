//! What is wrong with the settings.

use std::fmt;

/// One variable that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its name, with the place inside it where it holds JSON.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) holds: Holds,
    /// What was expected.
    pub(crate) expected: String,
}

/// What a variable holds, as far as that may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Nothing.
    Unset,
    /// This.
    Value(String),
    /// What nobody may see.
    Secret,
    /// Bytes that are no text.
    NotUtf8,
}

/// Every variable that is wrong, at least one. Its text is the message that ends the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub(crate) Vec<Fault>);

impl Holds {
    /// What may be told of a value: an address with a user name or password in it is none of the log's business.
    pub(super) fn shown(value: String) -> Self {
        let may_hold_password = value.split("://").skip(1).any(|rest| {
            let authority = rest.split(['/', '?', '#', '"']).next();
            authority.is_some_and(|authority| authority.contains('@'))
        });
        if may_hold_password {
            Self::Secret
        } else {
            Self::Value(value)
        }
    }
}

/// How much of a value is shown.
const SHOWN_CHARS: usize = 160;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            holds,
            expected,
        } = self;
        match holds {
            Holds::Unset => write!(f, "{name} is not set: expected {expected}"),
            Holds::Secret => write!(
                f,
                "{name} holds a value that is not shown: expected {expected}"
            ),
            Holds::NotUtf8 => {
                write!(
                    f,
                    "{name} holds a value that is not UTF-8: expected {expected}"
                )
            }
            Holds::Value(value) => {
                let shown: String = value.chars().take(SHOWN_CHARS).collect();
                let more = if shown.len() < value.len() { "…" } else { "" };
                write!(f, "{name} holds {shown:?}{more}: expected {expected}")
            }
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(
            f,
            "{count} setting{} wrong",
            if count == 1 { " is" } else { "s are" }
        )?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
