//! The cost of a cold start: from the spawn of a process to its first answer.

use bytes::Bytes;

use super::figure::{Figure, micros};
use super::process::{Process, Program};
use super::{BenchError, Effort};

/// A function, its first event, and a string that the answer contains.
pub(super) struct ColdStart {
    pub(super) program: Program,
    pub(super) event: Bytes,
    pub(super) expected: &'static str,
}

impl ColdStart {
    /// CPU and wall time in microseconds.
    async fn measure(&self) -> Result<(f64, f64), BenchError> {
        let mut process = Process::start(&self.program).await?;
        let answer = process.invoke(self.event.clone()).await?;
        let cost = process.cost()?;
        let text = String::from_utf8_lossy(&answer);
        if !text.contains(self.expected) {
            return Err(BenchError::Answer(self.expected, text.into_owned()));
        }
        Ok((micros(cost.cpu), micros(cost.wall)))
    }
}

/// CPU and wall time of ours and of the floor.
pub(super) async fn compare(
    names: (&'static str, &'static str),
    ours: &ColdStart,
    floor: (&'static str, &ColdStart),
    target: Option<f64>,
    effort: Effort,
) -> Result<[Figure; 2], BenchError> {
    let (mut cpu, mut wall) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for _ in 0..effort.starts {
        let (one, other) = (ours.measure().await?, floor.1.measure().await?);
        cpu.0.push(one.0);
        cpu.1.push(other.0);
        wall.0.push(one.1);
        wall.1.push(other.1);
    }
    Ok([
        Figure::compared(names.0, "µs", &cpu.0, (floor.0, &cpu.1), target),
        Figure::compared(names.1, "µs", &wall.0, (floor.0, &wall.1), None),
    ])
}
