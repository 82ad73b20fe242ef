//! Differential tests: this project and other implementations judge generated inputs. A row of a table in
//! `tests/differential/` must explain every disagreement.

mod explanations;
mod judge;
mod mutation;

use std::collections::BTreeMap;

use serde_json::Value;

use self::explanations::Explanations;
pub use self::judge::Judge;
pub use self::mutation::{Mutation, Mutations, mutation};
use crate::seeded::Seeded;

/// The seed if `DIFFERENTIAL_SEED` is not set.
const DEFAULT_SEED: u64 = 1;

/// The number of inputs if `DIFFERENTIAL_CASES` is not set.
const DEFAULT_CASES: usize = 300;

/// With at least this many inputs and the default seed, a row that explains nothing is an error. With fewer inputs or
/// another seed it may be chance.
const CASES_FOR_ALL_ROWS: usize = 20_000;

/// The maximum number of unexplained disagreements whose input is shown.
const MAX_SHOWN: usize = 12;

/// A judge's opinion of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The part in which judges must agree.
    pub outcome: String,
    /// The reason; empty if there is none.
    pub reason: String,
}

impl Opinion {
    /// `accepted`, or `refused` with a reason.
    pub fn accepted_unless(refusal: Option<&str>) -> Self {
        Self {
            outcome: if refusal.is_none() {
                "accepted"
            } else {
                "refused"
            }
            .to_owned(),
            reason: refusal.unwrap_or_default().to_owned(),
        }
    }

    /// The outcome, or `applied` if the outcome is a document.
    fn kind(&self) -> &str {
        if self.reason == "applied" {
            &self.reason
        } else {
            &self.outcome
        }
    }

    fn label(&self) -> &str {
        if self.reason.is_empty() {
            &self.outcome
        } else {
            &self.reason
        }
    }
}

/// One step in building an input. It has its own seed, so that it does the same in an input with fewer steps.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name in the table.
    pub name: String,
    /// The index in the list of possible steps.
    pub index: usize,
    pub seed: u64,
}

/// Draws `count` of these steps at random.
pub fn draw(names: &[&str], count: usize, random: &mut Seeded) -> Vec<Step> {
    let mut steps: Vec<Step> = (0..count)
        .map(|_| {
            let index = random.below(names.len());
            let name = names[index].to_owned();
            let seed = random.number();
            Step { name, index, seed }
        })
        .collect();
    steps.dedup_by_key(|step| step.index);
    steps
}

/// One differential test.
#[expect(missing_debug_implementations, reason = "holds functions")]
pub struct Suite<'s> {
    /// The name of the table, `tests/differential/NAME.md`.
    pub name: &'static str,
    /// Draws the steps of an input.
    pub plan: &'s dyn Fn(&mut Seeded) -> Vec<Step>,
    /// Builds an input from its steps. The same seed gives the same input.
    pub build: &'s dyn Fn(u64, &[Step]) -> Value,
    /// This project's opinions of the inputs.
    pub here: &'s dyn Fn(&[Value]) -> Vec<Opinion>,
    /// The settings of the judges.
    pub settings: Value,
    /// The other implementations.
    pub judges: Vec<Judge>,
}

struct Case {
    seed: u64,
    steps: Vec<Step>,
}

impl Case {
    /// The same input without these steps, if any other step is left and any is removed.
    fn without(&self, removed: &[usize]) -> Option<Self> {
        let steps = self.steps.iter().enumerate();
        let steps: Vec<Step> = steps
            .filter(|(at, _)| !removed.contains(at))
            .map(|(_, step)| step.clone())
            .collect();
        let is_smaller = !steps.is_empty() && steps.len() < self.steps.len();
        is_smaller.then_some(Self {
            seed: self.seed,
            steps,
        })
    }
}

struct Disagreement {
    steps: Vec<Step>,
    input: Value,
    judge: &'static str,
    here: Opinion,
    there: Opinion,
}

impl Suite<'_> {
    /// Judges `DIFFERENTIAL_CASES` inputs, generated from the seed `DIFFERENTIAL_SEED`.
    ///
    /// # Panics
    ///
    /// If a disagreement is not explained. The message shows the smallest input that was found.
    pub fn run(&self) {
        let seed = variable("DIFFERENTIAL_SEED").unwrap_or(DEFAULT_SEED);
        let count = variable("DIFFERENTIAL_CASES").unwrap_or(DEFAULT_CASES);
        let mut random = Seeded::new(seed);
        let cases: Vec<Case> = (0..count)
            .map(|_| Case {
                seed: random.number(),
                steps: (self.plan)(&mut random),
            })
            .collect();
        let mut table = Explanations::read(self.name);
        let mut outcomes = BTreeMap::new();
        let mut others = Vec::new();
        let found = self.judge(&cases, &mut table, &mut outcomes, &mut others);
        let explained = table.explained();
        let not_explained = found.len();
        let mut unexplained = self.shrink(&cases, found);
        unexplained.extend(self.judge_again(others));
        let summary = format!(
            "{}: {count} inputs of seed {seed}; here {outcomes:?}; {explained} disagreements explained, {not_explained} not",
            self.name
        );
        report(&summary);
        assert!(unexplained.is_empty(), "{summary}\n{}", show(&unexplained));
        if count >= CASES_FOR_ALL_ROWS && seed == DEFAULT_SEED {
            let idle = table.idle();
            assert!(
                idle.is_empty(),
                "rows that explain nothing:\n{}",
                idle.join("\n")
            );
        }
    }

    fn judge(
        &self,
        cases: &[Case],
        table: &mut Explanations,
        outcomes: &mut BTreeMap<String, usize>,
        others: &mut Vec<Case>,
    ) -> Vec<(usize, Disagreement)> {
        let build = |case: &Case| (self.build)(case.seed, &case.steps);
        let inputs: Vec<Value> = cases.iter().map(build).collect();
        let here = (self.here)(&inputs);
        assert_eq!(here.len(), inputs.len());
        let differ = here.iter().any(|one| one.outcome != here[0].outcome);
        assert!(
            differ || cases.len() < DEFAULT_CASES,
            "every input has the same outcome"
        );
        for opinion in &here {
            *outcomes.entry(opinion.kind().to_owned()).or_default() += 1;
        }
        let mut unexplained = Vec::new();
        for judge in &self.judges {
            let Some(there) = judge.ask(self.name, &self.settings, &inputs) else {
                continue;
            };
            for (index, there) in there.into_iter().enumerate() {
                let here = &here[index];
                let names: Vec<&str> = cases[index].steps.iter().map(|step| &*step.name).collect();
                if here.outcome == there.outcome {
                    continue;
                }
                if let Some(named) = table.explain(&names, judge.name, here.label(), there.label())
                {
                    others.extend(cases[index].without(&named));
                    continue;
                }
                unexplained.push((
                    index,
                    Disagreement {
                        steps: cases[index].steps.clone(),
                        input: inputs[index].clone(),
                        judge: judge.name,
                        here: here.clone(),
                        there,
                    },
                ));
            }
        }
        unexplained
    }

    /// Judges the inputs that had several steps without the steps that a row names, until no such input is left. So a row
    /// never hides a disagreement that another step of the same input causes.
    fn judge_again(&self, mut cases: Vec<Case>) -> Vec<Disagreement> {
        let mut unexplained = Vec::new();
        while !cases.is_empty() {
            let (mut table, mut others) = (Explanations::read(self.name), Vec::new());
            let found = self.judge(&cases, &mut table, &mut BTreeMap::new(), &mut others);
            unexplained.extend(self.shrink(&cases, found));
            cases = others;
        }
        unexplained
    }

    /// Repeats the first disagreements with fewer steps.
    fn shrink(&self, cases: &[Case], found: Vec<(usize, Disagreement)>) -> Vec<Disagreement> {
        let mut smaller = Vec::new();
        for (index, _) in found.iter().take(10 * MAX_SHOWN) {
            let case = &cases[*index];
            for kept in 1..(1_usize << case.steps.len()) - 1 {
                let keeps = |at: usize| kept & (1 << at) != 0;
                let steps = case.steps.iter().enumerate();
                let steps = steps
                    .filter(|(at, _)| keeps(*at))
                    .map(|(_, step)| step.clone());
                smaller.push(Case {
                    seed: case.seed,
                    steps: steps.collect(),
                });
            }
        }
        let mut shrunk = Vec::new();
        if !smaller.is_empty() {
            shrunk = self.judge(
                &smaller,
                &mut Explanations::read(self.name),
                &mut BTreeMap::new(),
                &mut Vec::new(),
            );
        }
        let mut all: Vec<Disagreement> = shrunk
            .into_iter()
            .chain(found)
            .map(|(_, one)| one)
            .collect();
        all.sort_by_key(|one| one.steps.len());
        let mut kinds = Vec::new();
        all.retain(|one| {
            // If a listed input has a subset of these steps, this one shows nothing new.
            let names: Vec<String> = one.steps.iter().map(|step| step.name.clone()).collect();
            let is_new = !kinds.iter().any(|(judge, kind): &(&str, Vec<String>)| {
                *judge == one.judge && kind.iter().all(|name| names.contains(name))
            });
            if is_new {
                kinds.push((one.judge, names));
            }
            is_new
        });
        all
    }
}

fn show(disagreements: &[Disagreement]) -> String {
    let lines = disagreements.iter().enumerate().map(|(at, one)| {
        let names: Vec<&str> = one.steps.iter().map(|step| &*step.name).collect();
        let input = if at < MAX_SHOWN {
            format!("\n      {}", one.input)
        } else {
            String::new()
        };
        format!(
            "not explained: [{}] here {}: {}, {} {}: {}{input}",
            names.join(", "),
            one.here.outcome,
            one.here.reason,
            one.judge,
            one.there.outcome,
            one.there.reason,
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {value}")),
    )
}

#[expect(
    clippy::print_stderr,
    reason = "the numbers of a run, for docs/proof.md"
)]
fn report(summary: &str) {
    eprintln!("{summary}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_without_the_named_steps_keeps_the_others() {
        let names = ["a", "b", "c"];
        let step = |name: &str| Step {
            name: name.to_owned(),
            index: 0,
            seed: 1,
        };
        let case = Case {
            seed: 7,
            steps: names.map(step).into(),
        };
        let rest = |removed: &[usize]| {
            let steps = case.without(removed)?.steps;
            Some(steps.into_iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(rest(&[1]), Some(vec!["a".to_owned(), "c".to_owned()]));
        assert_eq!(rest(&[0, 1, 2]), None);
        assert_eq!(rest(&[]), None);
    }
}
