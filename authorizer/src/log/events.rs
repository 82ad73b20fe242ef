//! What `tracing` events become: the rarer lines, of this crate, and what the libraries below it warn of.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{Level, Log};
use crate::clock::{Clock, SystemClock};

/// Writes events as lines of the [`Log`]. Spans are turned off: one is opened for each invocation, nothing reads them,
/// and the decision has its own line.
#[derive(Debug)]
pub struct EventLog(Log);

impl EventLog {
    /// Events go to this log.
    #[must_use]
    pub const fn new(log: Log) -> Self {
        Self(log)
    }
}

impl Subscriber for EventLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if !metadata.is_event() || is_repetition(metadata) {
            return false;
        }
        let level = level_of(metadata);
        // Libraries warn, and say no more, whatever the level: at `trace` the Lambda runtime writes whole events, and
        // with each its caller's token.
        let is_ours = metadata.target().starts_with(env!("CARGO_CRATE_NAME"));
        (is_ours || level <= Level::Warn) && self.0.is_on(level)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut members = fields.0;
        let message = members
            .remove("message")
            .and_then(|message| message.as_str().map(str::to_owned));
        members.insert("target".to_owned(), event.metadata().target().into());
        let level = level_of(event.metadata());
        self.0.write(
            level,
            &message.unwrap_or_default(),
            SystemClock.now(),
            Value::Object(members),
        );
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The runtime logs every error of a handler, and so every 401; the decision's own line has told it already. Its line
/// about a panic has one field more, and stays.
fn is_repetition(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "lambda_runtime::layers::panic" && metadata.fields().len() == 1
}

fn level_of(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0
            .insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}
