//! The table of a differential test: each known disagreement with the rule, who is right, and the source for it.

use std::fs;

use crate::repository;

/// The rows of a table, each with the number of times it was used.
pub(super) struct Explanations(Vec<Row>);

struct Row {
    rule: String,
    /// Patterns of step names. The input must have a step that matches one of them. Where patterns are joined by ` & `,
    /// it must have a step for each.
    steps: Vec<String>,
    here: Vec<String>,
    judges: Vec<String>,
    there: Vec<String>,
    used: usize,
}

impl Explanations {
    pub(super) fn read(name: &str) -> Self {
        let file = repository().join(format!("tests/differential/{name}.md"));
        let text = fs::read_to_string(&file).expect("the table");
        let rows = text.lines().filter(|line| line.starts_with('|')).skip(2);
        Self(rows.map(row).collect())
    }

    /// The indexes of the steps with which a row explains these two outcomes; `None` if no row does.
    pub(super) fn explain(
        &mut self,
        steps: &[&str],
        judge: &str,
        here: &str,
        there: &str,
    ) -> Option<Vec<usize>> {
        let row = self.0.iter_mut().find(|row| {
            row.judges.iter().any(|name| name == judge)
                && any(&row.here, here)
                && any(&row.there, there)
                && (row.steps.is_empty() || row.steps.iter().any(|wanted| has_steps(wanted, steps)))
        })?;
        row.used += 1;
        let patterns = row.steps.iter().filter(|wanted| has_steps(wanted, steps));
        let patterns: Vec<&str> = patterns.flat_map(|wanted| wanted.split(" & ")).collect();
        let is_named = |at: &usize| patterns.iter().any(|pattern| matches(pattern, steps[*at]));
        Some((0..steps.len()).filter(is_named).collect())
    }

    pub(super) fn explained(&self) -> usize {
        self.0.iter().map(|row| row.used).sum()
    }

    pub(super) fn idle(&self) -> Vec<String> {
        let idle = self.0.iter().filter(|row| row.used == 0);
        idle.map(|row| row.rule.clone()).collect()
    }
}

/// Parses a row: rule, steps, here, judges, there, right, source.
fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [rule, steps, here, judges, there, right, source] = cells[..] else {
        panic!("expected seven columns: {line}");
    };
    assert!(
        !rule.is_empty() && !right.is_empty() && !source.is_empty(),
        "an empty cell: {line}"
    );
    Row {
        rule: rule.to_owned(),
        steps: patterns(steps),
        here: patterns(here),
        judges: patterns(judges),
        there: patterns(there),
        used: 0,
    }
}

/// The patterns of a cell, each in backticks. A cell without a pattern matches everything.
fn patterns(cell: &str) -> Vec<String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

/// Whether each of the patterns joined by ` & ` matches a step.
fn has_steps(wanted: &str, steps: &[&str]) -> bool {
    let mut wanted = wanted.split(" & ");
    wanted.all(|pattern| steps.iter().any(|step| matches(pattern, step)))
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
}

/// Whether a pattern matches; `*` matches any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| matches(rest, &text[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_explains_only_what_it_names() {
        let row = row(
            "| r | `alg: *`, `kid: x`, `a & b` | `refused_*` | `jose`, `pyjwt` | `accepted` | here | RFC |",
        );
        let mut table = Explanations(vec![row]);
        let mut check = |steps: &[&str], judge, here, there, expected: Option<&[usize]>| {
            assert_eq!(
                table.explain(steps, judge, here, there).as_deref(),
                expected,
                "{steps:?} {judge} {here} {there}"
            );
        };
        let (here, there) = ("refused_x", "accepted");
        check(&["alg: none"], "jose", here, there, Some(&[0]));
        check(&["typ: x", "kid: x"], "pyjwt", here, there, Some(&[1]));
        check(&["kid: xy"], "jose", here, there, None);
        check(&[], "jose", here, there, None);
        check(&["b", "c", "a"], "jose", here, there, Some(&[0, 2]));
        check(&["a"], "jose", here, there, None);
        check(&["alg: none"], "other", here, there, None);
        check(&["alg: none"], "jose", there, there, None);
        check(&["alg: none"], "jose", here, "refused", None);
        assert_eq!(table.explained(), 3);
        assert_eq!(table.idle(), [""; 0]);
    }
}
