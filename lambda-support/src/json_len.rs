//! The length of a value as JSON.

use std::io;

use serde::Serialize;

/// The number of bytes of a value as compact JSON, without writing it anywhere. A value that cannot be written, such as
/// a map whose keys are not strings, exceeds every limit.
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
