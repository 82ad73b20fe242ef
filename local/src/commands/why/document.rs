//! The arrays of CloudWatch's JSON documents, element by element.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The maximum size of a record: 1 MB of a log event, and the escapes of JSON and CSV.
pub(super) const MAX_RECORD: usize = 8 * 1024 * 1024;

/// The members with records: of `filter-log-events`, of a subscription, and of `get-query-results`.
const ARRAYS: [&str; 3] = ["events", "logEvents", "results"];

#[derive(Debug, thiserror::Error)]
pub(super) enum RecordsError {
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error("a record has over {MAX_RECORD} bytes")]
    TooLarge,
    #[error("record {record} is not UTF-8")]
    NotUtf8 { record: u64 },
    #[error("malformed JSON at line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("malformed CSV")]
    Csv,
    #[error("none of its {records} records is a line of a log")]
    NoLine { records: u64 },
    #[error("the results have no field @message; begin the query with `fields @message`")]
    NoMessage,
    #[error("found a ZIP archive or a spreadsheet")]
    Zip,
}

/// Reads until a record is too large. Each record is counted from zero.
#[derive(Debug)]
pub(super) struct Metered<'m, R> {
    pub(super) reader: R,
    pub(super) count: &'m Cell<usize>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.count.get() > MAX_RECORD {
            return Err(io::Error::other(RecordsError::TooLarge));
        }
        let count = self.reader.read(buffer)?;
        self.count.set(self.count.get() + count);
        Ok(count)
    }
}

/// Calls a function for each element of the arrays in documents that follow each other, as a loop over log groups
/// prints them.
pub(super) fn elements(
    reader: impl Read,
    count: &Cell<usize>,
    mut each: impl FnMut(Value),
) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(Metered { reader, count });
    let mut element = |value| {
        count.set(0);
        each(value);
    };
    loop {
        let mut seen = Seen::default();
        match RecordsDocument(&mut seen, &mut element).deserialize(&mut json) {
            Ok(()) => count.set(0),
            // After the last document.
            Err(error) if error.is_eof() && !seen.begun => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Whether a file begins like a document with records.
pub(super) fn has_records(head: &[u8]) -> bool {
    let mut seen = Seen::default();
    // The part that was read may end within a value.
    let _ = RecordsDocument(&mut seen, &mut |_| ())
        .deserialize(&mut serde_json::Deserializer::from_slice(head));
    seen.records
}

/// The parts of a document that were read.
#[derive(Default)]
struct Seen {
    begun: bool,
    records: bool,
}

/// A document: an object with one of the [`ARRAYS`], or an array of records.
struct RecordsDocument<'d, F>(&'d mut Seen, &'d mut F);

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for RecordsDocument<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for RecordsDocument<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(seen, each) = self;
        seen.begun = true;
        while let Some(name) = map.next_key::<String>()? {
            if ARRAYS.contains(&name.as_str()) {
                seen.records = true;
                map.next_value_seed(Elements(&mut *each))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let Self(seen, each) = self;
        seen.begun = true;
        let mut each = |value: Value| {
            // A line of text may also begin with `[`.
            seen.records |= value.is_object() || value.is_array();
            each(value);
        };
        Elements(&mut each).visit_seq(seq)
    }
}

/// An array. Each of its elements is passed on.
struct Elements<'d, F>(&'d mut F);

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for Elements<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for Elements<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(value) = seq.next_element()? {
            (self.0)(value);
        }
        Ok(())
    }
}
