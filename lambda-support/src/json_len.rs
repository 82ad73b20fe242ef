//! The length of a value as JSON.

use std::io;

use serde::Serialize;

/// The length of a value as compact JSON, in bytes, without building the JSON. A value that JSON cannot express, such
/// as a map with keys that are not strings, exceeds every limit.
pub fn json_len(value: &(impl Serialize + ?Sized)) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
