//! The records of a file. The beginning of the file shows its form.

use std::cell::Cell;
use std::io::{BufRead, Read};
use std::mem;

use serde_json::Value;

use super::document::{self, MAX_RECORD, Metered, RecordsError};
use super::lines::{LogLines, Understood};
use super::source::{LogFileError, LogSource};

/// The columns of CSV files, and the members of results, that have the line.
const MESSAGES: [&str; 2] = ["@message", "message"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileForm {
    /// One record per line. `aws logs tail --format json` prints a record over several lines.
    Lines,
    /// JSON with an array of records.
    Document,
    /// The first row has the names of the columns.
    Csv,
}

/// The records of one file.
#[derive(Debug)]
struct FileReading<'l> {
    lines: &'l mut LogLines,
    records: u64,
    of_a_log: u64,
    unknown: u64,
    first_unknown: Option<u64>,
    has_message: bool,
}

/// Adds the records of a file, and reports records that cannot be parsed: their number, and the first. Fails if
/// the file cannot be read, or none of its records is a line of a log.
pub(super) fn read(
    source: &LogSource,
    lines: &mut LogLines,
) -> Result<Option<String>, LogFileError> {
    let opened = source.open()?;
    let mut reading = FileReading {
        lines,
        records: 0,
        of_a_log: 0,
        unknown: 0,
        first_unknown: None,
        has_message: true,
    };
    let read = match FileForm::of(&opened.head) {
        FileForm::Lines => reading.lines(opened.reader),
        FileForm::Document => reading.document(opened.reader),
        FileForm::Csv => reading.csv(opened.reader),
    };
    read.and_then(|()| reading.judge())
        .map_err(|found| LogFileError::Form {
            path: source.name(),
            found,
        })
}

impl FileForm {
    fn of(head: &[u8]) -> Self {
        if document::has_records(head) {
            Self::Document
        } else if is_csv(head) {
            Self::Csv
        } else {
            Self::Lines
        }
    }
}

/// Whether the first line has the column names of Logs Insights or of the console's log events.
fn is_csv(head: &[u8]) -> bool {
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut csv = csv::Reader::from_reader(first);
    csv.headers().is_ok_and(|names| {
        let mut names = names.iter();
        names.any(|name| MESSAGES.contains(&name) || name == "@timestamp" || name == "@ptr")
    })
}

impl FileReading<'_> {
    fn lines(&mut self, mut reader: impl BufRead) -> Result<(), RecordsError> {
        let mut bytes = Vec::new();
        let mut pretty = String::new();
        let limit = u64::try_from(MAX_RECORD).unwrap_or(u64::MAX);
        loop {
            bytes.clear();
            let length = (&mut reader).take(limit).read_until(b'\n', &mut bytes);
            match length {
                Err(cause) => return Err(cause.into()),
                Ok(0) => {
                    self.record(&pretty);
                    return Ok(());
                }
                Ok(_) => {}
            }
            if bytes.len() + pretty.len() >= MAX_RECORD {
                return Err(RecordsError::TooLarge);
            }
            let line = str::from_utf8(&bytes)
                .map_err(|_| RecordsError::NotUtf8 {
                    record: self.records + 1,
                })?
                .trim_end();
            // JSON of several lines: the first line is `{`, the last is `}`, and the lines between are indented.
            if pretty.is_empty() && line == "{" {
                pretty.push_str(line);
            } else if !pretty.is_empty() && (line == "}" || line.starts_with(' ')) {
                pretty.push_str(line);
                if line == "}" {
                    self.record(&mem::take(&mut pretty));
                }
            } else {
                if !pretty.is_empty() {
                    self.record(&mem::take(&mut pretty));
                }
                self.record(line);
            }
        }
    }

    fn document(&mut self, reader: impl Read) -> Result<(), RecordsError> {
        let count = Cell::new(0);
        document::elements(reader, &count, |element| self.element(element)).map_err(|error| {
            if error.is_io() {
                return RecordsError::Read(error.into());
            }
            // The error itself may contain a value.
            RecordsError::Json {
                line: error.line(),
                column: error.column(),
            }
        })
    }

    fn csv(&mut self, reader: impl Read) -> Result<(), RecordsError> {
        let count = Cell::new(0);
        let metered = Metered {
            reader,
            count: &count,
        };
        let mut csv = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(metered);
        let malformed = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(cause) => RecordsError::Read(cause),
            _ => RecordsError::Csv,
        };
        let names = csv.headers().map_err(malformed)?;
        let column = names.iter().position(|name| MESSAGES.contains(&name));
        let column = column.ok_or(RecordsError::NoMessage)?;
        let mut row = csv::StringRecord::new();
        while csv.read_record(&mut row).map_err(malformed)? {
            count.set(0);
            self.record(row.get(column).unwrap_or_default());
        }
        Ok(())
    }

    /// An element of an array: an event, a result of a query, a line of a log, or such a line as a string.
    fn element(&mut self, element: Value) {
        match element {
            Value::String(line) => self.record(&line),
            Value::Object(mut members) => match members.remove("@message") {
                Some(message) => self.element(message),
                None => {
                    self.has_message &= !members.contains_key("@ptr");
                    let understood = self.lines.object(members);
                    self.count(understood);
                }
            },
            Value::Array(fields) => match fields.iter().find_map(message_field) {
                Some(line) => self.record(line),
                None => {
                    self.has_message = false;
                    self.count(Understood::Nothing);
                }
            },
            _ => self.count(Understood::Nothing),
        }
    }

    fn record(&mut self, line: &str) {
        if !line.trim().is_empty() {
            let understood = self.lines.line(line);
            self.count(understood);
        }
    }

    fn count(&mut self, understood: Understood) {
        self.records += 1;
        match understood {
            Understood::Line => self.of_a_log += 1,
            Understood::Nothing => {
                self.unknown += 1;
                self.first_unknown.get_or_insert(self.records);
            }
        }
    }

    fn judge(&self) -> Result<Option<String>, RecordsError> {
        if self.of_a_log > 0 || self.records == 0 {
            return Ok(self.first_unknown.map(|first| {
                format!(
                    "{} of {} records are not lines that this command reads; the first is number {first}",
                    self.unknown, self.records
                )
            }));
        }
        Err(if self.has_message {
            RecordsError::NoLine {
                records: self.records,
            }
        } else {
            RecordsError::NoMessage
        })
    }
}

/// The line, if this field of a query's result contains it.
fn message_field(field: &Value) -> Option<&str> {
    let is_message = field.get("field")?.as_str() == Some("@message");
    is_message.then(|| field.get("value")?.as_str()).flatten()
}
