//! Reads environment variables and collects their faults.

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Source;
use super::fault::{Holds, SettingFault, SettingsError};
use crate::log::Level;

/// Reads one variable at a time. It records an invalid one and returns the default, so that reading continues.
/// [`Reader::finish`] discards the result if there is a fault.
#[expect(
    missing_debug_implementations,
    reason = "a source is the environment, which contains all secrets"
)]
pub struct Reader<'s> {
    source: &'s dyn Source,
    faults: Vec<SettingFault>,
    warnings: Vec<String>,
}

impl<'s> Reader<'s> {
    pub const fn new(source: &'s dyn Source) -> Self {
        Self {
            source,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The settings that were read, with the warnings. Fails with all faults, if there is one.
    pub fn finish<T>(self, settings: T) -> Result<(T, Vec<String>), SettingsError> {
        if self.faults.is_empty() {
            Ok((settings, self.warnings))
        } else {
            Err(SettingsError(self.faults))
        }
    }

    /// Records a fault of a variable.
    pub fn fault(&mut self, name: &str, expected: impl Into<String>) {
        let holds = match self.source.variable(name).map(OsString::into_string) {
            None => Holds::Unset,
            // `Self::text` has recorded it already.
            Some(Err(_)) => return,
            Some(Ok(value)) => Holds::of(name, value),
        };
        self.push(name.to_owned(), holds, expected);
    }

    /// Records a fault inside a variable.
    pub fn fault_at(&mut self, place: String, value: Option<String>, expected: impl Into<String>) {
        let holds = value.map_or(Holds::Unset, Holds::shown);
        self.push(place, holds, expected);
    }

    fn push(&mut self, name: String, holds: Holds, expected: impl Into<String>) {
        let expected = expected.into();
        let fault = SettingFault {
            name,
            holds,
            expected,
        };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Adds a warning: a valid setting that is most likely a mistake.
    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Whether a variable is set, but empty.
    pub fn is_set_blank(&mut self, name: &str) -> bool {
        self.source.variable(name).is_some() && self.text(name).is_none()
    }

    /// A variable, unless it is unset or empty. A value that is not UTF-8 is a fault: with replacement characters it
    /// could become equal to a value in a token.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.source.variable(name)?.into_string() {
            Ok(text) => Some(text).filter(|text| !text.trim().is_empty()),
            Err(_) => {
                self.push(name.to_owned(), Holds::NotUtf8, "a UTF-8 string");
                None
            }
        }
    }

    /// A variable that must be set.
    pub fn required(&mut self, name: &str, expected: &str) -> String {
        let text = self.text(name);
        if text.is_none() {
            self.fault(name, expected);
        }
        text.unwrap_or_default()
    }

    /// A list separated by commas, without the white space around its items.
    pub fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let items: Vec<String> = self
            .text(name)?
            .split(',')
            .map(|item| item.trim().to_owned())
            .collect();
        if items.iter().any(String::is_empty) {
            self.fault(name, "values separated by commas, none of them empty");
            return None;
        }
        Some(items)
    }

    pub fn number(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
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

    /// One of several words, each with its meaning. An unset variable has the meaning of `default`.
    pub fn choice<T: Copy>(&mut self, name: &str, default: (&str, T), others: &[(&str, T)]) -> T {
        let Some(text) = self.text(name) else {
            return default.1;
        };
        let words = || std::iter::once(&default).chain(others);
        if let Some((_, meaning)) = words().find(|(word, _)| *word == text) {
            return *meaning;
        }
        let words: Vec<&str> = words().map(|(word, _)| *word).collect();
        self.fault(name, words.join(" or "));
        default.1
    }

    /// A value of a type that can be parsed. `expected` describes its form.
    pub fn parsed<T>(&mut self, name: &str, expected: &str) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        match self.text(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, format!("{expected}; it is {error}"));
                None
            }
        }
    }

    /// The contents of the file that a variable names, without a byte order mark.
    pub fn file(&mut self, name: &str, of_what: &str) -> Option<Vec<u8>> {
        const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
        match self.source.file(&self.text(name)?) {
            Ok(mut contents) => {
                if contents.starts_with(BYTE_ORDER_MARK) {
                    contents.drain(..BYTE_ORDER_MARK.len());
                }
                Some(contents)
            }
            Err(error) => {
                self.fault(
                    name,
                    format!("the path of a readable file of {of_what}; {error}"),
                );
                None
            }
        }
    }

    /// `LOG_LEVEL`, else the level of the function's logging configuration, else info.
    pub fn log_level(&mut self) -> Level {
        let name = if self.text("LOG_LEVEL").is_some() {
            "LOG_LEVEL"
        } else {
            "AWS_LAMBDA_LOG_LEVEL"
        };
        let Some(text) = self.text(name) else {
            return Level::Info;
        };
        text.parse().unwrap_or_else(|()| {
            self.fault(name, "one of error, warn, info, debug, trace");
            Level::Info
        })
    }
}
