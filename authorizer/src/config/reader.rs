//! Reads variables and gathers what is wrong with them.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use super::fault::{Fault, Faults, Holds};
use super::source::{FileContents, Source};
use super::{Settings, lints};
use crate::http_client::{Endpoint, without_query};

/// Reads one variable at a time. A wrong one is noted and stands in with its default, so that reading goes on; what is
/// returned in the end is not used if there was a fault.
pub(super) struct Reader<'s> {
    source: &'s dyn Source,
    faults: Vec<Fault>,
    warnings: Vec<String>,
}

impl<'s> Reader<'s> {
    pub(super) const fn new(source: &'s dyn Source) -> Self {
        Self {
            source,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn finish(mut self, mut settings: Settings) -> Result<Settings, Faults> {
        if !self.faults.is_empty() {
            return Err(Faults(self.faults));
        }
        self.warnings.extend(
            settings
                .issuers
                .iter()
                .flat_map(|issuer| lints::of_issuer(&issuer.issuer)),
        );
        settings.warnings = self.warnings;
        Ok(settings)
    }

    /// Notes that a variable is wrong.
    pub(super) fn fault(&mut self, name: &str, expected: impl Into<String>) {
        let holds = match self.source.variable(name).map(OsString::into_string) {
            None => Holds::Unset,
            // Noted when it was read.
            Some(Err(_)) => return,
            Some(Ok(_)) if name.ends_with("_SECRET") => Holds::Secret,
            Some(Ok(value)) if name.ends_with("_URI") => Holds::shown(without_query(&value)),
            Some(Ok(value)) => Holds::shown(value),
        };
        self.faults.push(Fault {
            name: name.to_owned(),
            holds,
            expected: expected.into(),
        });
    }

    /// Notes that something inside a variable is wrong.
    pub(super) fn fault_at(
        &mut self,
        place: String,
        value: Option<String>,
        expected: impl Into<String>,
    ) {
        let holds = value.map_or(Holds::Unset, Holds::shown);
        self.faults.push(Fault {
            name: place,
            holds,
            expected: expected.into(),
        });
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Whether a variable is set, if only to nothing.
    pub(super) fn is_set_blank(&mut self, name: &str) -> bool {
        self.source.variable(name).is_some() && self.text(name).is_none()
    }

    /// A variable, unless it is unset or empty. One that is not UTF-8 is noted, and counts as unset: altered to be
    /// text, it could be what a token has.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.source.variable(name)?.into_string() {
            Ok(text) => Some(text).filter(|text| !text.trim().is_empty()),
            Err(_) => {
                let fault = Fault {
                    name: name.to_owned(),
                    holds: Holds::NotUtf8,
                    expected: "text".to_owned(),
                };
                if !self.faults.contains(&fault) {
                    self.faults.push(fault);
                }
                None
            }
        }
    }

    /// Texts joined by commas, blanks around them left off.
    pub(super) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let items: Vec<String> = self
            .text(name)?
            .split(',')
            .map(|item| item.trim().to_owned())
            .collect();
        if items.iter().any(String::is_empty) {
            self.fault(name, "values joined by commas, none of them empty");
            return None;
        }
        Some(items)
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(text) = self.text(name) else {
            return default;
        };
        let digits_only = text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits_only && range.contains(&number) => number,
            _ => {
                self.fault(
                    name,
                    format!("a whole number from {} to {}", range.start(), range.end()),
                );
                default
            }
        }
    }

    /// One of several words, the first of which is the default.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T); 2]) -> T {
        let [(first, default), (second, other)] = *words;
        match self.text(name).as_deref() {
            None => default,
            Some(word) if word == first => default,
            Some(word) if word == second => other,
            Some(_) => {
                self.fault(name, format!("{first} or {second}"));
                default
            }
        }
    }

    /// An address.
    pub(super) fn endpoint(&mut self, name: &str) -> Option<Endpoint> {
        match self.text(name)?.parse() {
            Ok(endpoint) => Some(endpoint),
            Err(error) => {
                self.fault(
                    name,
                    format!("an https address, or http on a loopback host; it is {error}"),
                );
                None
            }
        }
    }

    /// The contents of the file that a variable names.
    pub(super) fn file(&mut self, name: &str, of_what: &str) -> Option<FileContents> {
        match self.source.file(&self.text(name)?) {
            Ok(contents) => Some(contents),
            Err(error) => {
                self.fault(
                    name,
                    format!("the path of a readable file of {of_what}; {error}"),
                );
                None
            }
        }
    }
}
