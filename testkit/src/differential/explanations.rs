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

    /// Whether a row explains these two outcomes of an input with these steps.
    pub(super) fn explain(&mut self, steps: &[&str], judge: &str, here: &str, there: &str) -> bool {
        let row = self.0.iter_mut().find(|row| {
            row.judges.iter().any(|name| name == judge)
                && any(&row.here, here)
                && any(&row.there, there)
                && (row.steps.is_empty() || row.steps.iter().any(|wanted| has_steps(wanted, steps)))
        });
        row.map(|row| row.used += 1).is_some()
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
        let mut check = |steps: &[&str], judge, here, there, expected| {
            assert_eq!(
                table.explain(steps, judge, here, there),
                expected,
                "{steps:?} {judge} {here} {there}"
            );
        };
        check(&["alg: none"], "jose", "refused_x", "accepted", true);
        check(
            &["typ: x", "kid: x"],
            "pyjwt",
            "refused_x",
            "accepted",
            true,
        );
        check(&["kid: xy"], "jose", "refused_x", "accepted", false);
        check(&[], "jose", "refused_x", "accepted", false);
        check(&["b", "c", "a"], "jose", "refused_x", "accepted", true);
        check(&["a"], "jose", "refused_x", "accepted", false);
        check(&["alg: none"], "other", "refused_x", "accepted", false);
        check(&["alg: none"], "jose", "accepted", "accepted", false);
        check(&["alg: none"], "jose", "refused_x", "refused", false);
        assert_eq!(table.explained(), 3);
        assert_eq!(table.idle(), [""; 0]);
    }
}
