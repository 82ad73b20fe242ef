//! Writes `tracing` events as log lines: a few of the function's own, and warnings of libraries.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{Level, Log};
use crate::clock::{Clock, SystemClock};

/// Writes events as lines of the [`Log`]. Spans are disabled: the runtime opens one per invocation, and nothing reads
/// it.
#[derive(Debug)]
pub struct EventLog {
    log: Log,
    function: &'static str,
}

impl EventLog {
    /// `function` is the crate whose events are written at the level of the log. Other crates log only warnings and
    /// errors.
    pub const fn new(log: Log, function: &'static str) -> Self {
        Self { log, function }
    }

    /// Installs this as the subscriber of the process, unless it has one.
    pub fn install(self) {
        let _first = tracing::subscriber::set_global_default(self);
    }
}

impl Subscriber for EventLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if !metadata.is_event() || is_repetition(metadata) {
            return false;
        }
        let level = level_of(metadata);
        // Libraries log only warnings and errors, whatever the level: at `trace` the Lambda runtime logs whole events,
        // which contain tokens.
        let is_ours = [self.function, env!("CARGO_CRATE_NAME")]
            .iter()
            .any(|ours| metadata.target().starts_with(ours));
        (is_ours || level <= Level::Warn) && self.log.is_on(level)
    }

    /// Without this hint `tracing` calls `enabled` for every event and span of the libraries, each time.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        let levels = [
            (Level::Trace, LevelFilter::TRACE),
            (Level::Debug, LevelFilter::DEBUG),
            (Level::Info, LevelFilter::INFO),
            (Level::Warn, LevelFilter::WARN),
        ];
        let most = levels.into_iter().find(|(level, _)| self.log.is_on(*level));
        Some(most.map_or(LevelFilter::ERROR, |(_, filter)| filter))
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
        self.log.write(
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

/// Whether this event repeats a handler's error, such as a 401, which is already in the line of the invocation. The
/// runtime's event about a panic has one more field and is kept.
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
