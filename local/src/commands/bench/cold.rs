//! The cost of a cold start: from the spawn of a process to its first answer.

use bytes::Bytes;

use super::figure::Figure;
use super::process::{Cost, Process, Program};
use super::{BenchError, Effort};

/// A function, its first event, and a string that the answer contains.
pub(super) struct ColdStart {
    pub(super) program: Program,
    pub(super) event: Bytes,
    pub(super) expected: &'static str,
}

impl ColdStart {
    async fn measure(&self) -> Result<Cost, BenchError> {
        let mut process = Process::start(&self.program).await?;
        let answer = process.invoke(self.event.clone()).await?;
        let cost = process.cost()?;
        let text = String::from_utf8_lossy(&answer);
        if !text.contains(self.expected) {
            return Err(BenchError::Answer(self.expected, text.into_owned()));
        }
        Ok(cost)
    }
}

/// CPU and wall time of the function and of the floor.
pub(super) async fn compare(
    names: (&'static str, &'static str),
    ours: &ColdStart,
    floor: (&'static str, &ColdStart),
    target: Option<f64>,
    effort: Effort,
) -> Result<[Figure; 2], BenchError> {
    let mut rounds = Vec::new();
    for _ in 0..effort.starts {
        rounds.push((ours.measure().await?, floor.1.measure().await?));
    }
    Ok(Figure::of_costs(names, &rounds, floor.0, target))
}
