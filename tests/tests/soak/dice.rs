//! Random choices.

use std::ops::Range;
use std::time::SystemTime;

/// A xorshift generator: what is random here is only which of several cases comes next.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Each number has choices of its own, in each run.
    pub(crate) fn new(number: u64) -> Self {
        let time = SystemTime::UNIX_EPOCH.elapsed().expect("a time since 1970");
        let seed = time.as_nanos() as u64 ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let place = self.next() % items.len().max(1) as u64;
        items.get(usize::try_from(place).ok()?)
    }
}
