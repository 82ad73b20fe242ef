//! The cost of one invocation of a warm function, in rounds that alternate with the floor's.

use std::time::Duration;

use bytes::Bytes;

use super::figure::Figure;
use super::process::{Cost, Process, Program};
use super::{BenchError, Effort};

/// Makes the next event from the previous answer.
pub(super) type NextEvent = Box<dyn FnMut(Option<&Bytes>) -> Bytes + Send>;

/// A function, its events, and a string that each answer contains.
pub(super) struct Subject {
    pub(super) program: Program,
    pub(super) next_event: NextEvent,
    pub(super) expected: &'static str,
}

impl Subject {
    /// The same event every time.
    pub(super) fn constant(program: Program, event: Bytes, expected: &'static str) -> Self {
        Self {
            program,
            next_event: Box::new(move |_| event.clone()),
            expected,
        }
    }
}

struct Running {
    process: Process,
    subject: Subject,
    last: Option<Bytes>,
}

impl Running {
    async fn start(subject: Subject) -> Result<Self, BenchError> {
        Ok(Self {
            process: Process::start(&subject.program).await?,
            subject,
            last: None,
        })
    }

    /// The cost of one of `count` invocations.
    async fn run(&mut self, count: u32) -> Result<Cost, BenchError> {
        let before = self.process.cost()?;
        for _ in 0..count {
            let event = (self.subject.next_event)(self.last.as_ref());
            let answer = self.process.invoke(event).await?;
            let text = String::from_utf8_lossy(&answer);
            if !text.contains(self.subject.expected) {
                return Err(BenchError::Answer(self.subject.expected, text.into_owned()));
            }
            self.last = Some(answer);
        }
        let after = self.process.cost()?;
        let each = |before: Duration, after: Duration| after.saturating_sub(before) / count;
        Ok(Cost {
            cpu: each(before.cpu, after.cpu),
            wall: each(before.wall, after.wall),
        })
    }
}

/// CPU and wall time of the function and of the floor.
pub(super) async fn compare(
    names: (&'static str, &'static str),
    ours: Subject,
    floor: (&'static str, Subject),
    target: Option<f64>,
    effort: Effort,
) -> Result<[Figure; 2], BenchError> {
    let mut ours = Running::start(ours).await?;
    let mut bare = Running::start(floor.1).await?;
    ours.run(effort.invocations).await?;
    bare.run(effort.invocations).await?;
    let mut rounds = Vec::new();
    for _ in 0..effort.rounds {
        let one = ours.run(effort.invocations).await?;
        rounds.push((one, bare.run(effort.invocations).await?));
    }
    Ok(Figure::of_costs(names, &rounds, floor.0, target))
}

/// The peak memory of a function, in MiB, after `count` invocations.
pub(super) async fn peak_memory(subject: Subject, invocations: u32) -> Result<f64, BenchError> {
    let mut running = Running::start(subject).await?;
    running.run(invocations).await?;
    Ok(
        f64::from(u32::try_from(running.process.peak_memory()? / 1024).unwrap_or(u32::MAX))
            / 1024.0,
    )
}
