//! A measured figure of a function, compared with the floor in the same rounds.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::process::Cost;

/// The smallest, the median and the largest of several values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    pub(super) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        Self {
            min: at(0),
            median: at(sorted.len() / 2),
            max: at(sorted.len().saturating_sub(1)),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.min, self.max)
    }
}

/// One row of the result.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) ours: Spread,
    /// The floor of `ratio` and its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) floor: Option<(&'static str, Spread)>,
    /// The function's value divided by the floor's, for each round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ratio: Option<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<f64>,
}

impl Figure {
    /// A figure with a floor that was measured in the same rounds.
    fn compared(
        name: &'static str,
        unit: &'static str,
        ours: &[f64],
        floor: (&'static str, &[f64]),
        target: Option<f64>,
    ) -> Self {
        let ratios: Vec<f64> = ours
            .iter()
            .zip(floor.1)
            .map(|(ours, floor)| ours / floor)
            .collect();
        Self {
            name,
            unit,
            ours: Spread::of(ours),
            floor: Some((floor.0, Spread::of(floor.1))),
            ratio: Some(Spread::of(&ratios)),
            target,
        }
    }

    /// CPU and wall time of the function and of the floor, in microseconds. The target is for CPU time.
    pub(super) fn of_costs(
        names: (&'static str, &'static str),
        rounds: &[(Cost, Cost)],
        floor: &'static str,
        target: Option<f64>,
    ) -> [Self; 2] {
        let figure = |name, time: fn(&Cost) -> Duration, target| {
            let (ours, bare): (Vec<_>, Vec<_>) = rounds
                .iter()
                .map(|(one, other)| (micros(time(one)), micros(time(other))))
                .unzip();
            Self::compared(name, "µs", &ours, (floor, &bare), target)
        };
        [
            figure(names.0, |cost| cost.cpu, target),
            figure(names.1, |cost| cost.wall, None),
        ]
    }

    /// A figure without a floor. Its target is a value.
    pub(super) fn plain(
        name: &'static str,
        unit: &'static str,
        value: f64,
        target: Option<f64>,
    ) -> Self {
        Self::rounds(name, unit, &[value], target)
    }

    /// A figure without a floor, measured in several rounds.
    pub(super) fn rounds(
        name: &'static str,
        unit: &'static str,
        values: &[f64],
        target: Option<f64>,
    ) -> Self {
        Self {
            name,
            unit,
            ours: Spread::of(values),
            floor: None,
            ratio: None,
            target,
        }
    }
}

pub(super) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// All rows as a Markdown table.
pub(super) struct Table<'f>(pub(super) &'f [Figure]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| figure | ours | floor | ours / floor | target |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: |")?;
        for figure in self.0 {
            let floor = figure
                .floor
                .map_or_else(String::new, |(name, spread)| format!("{spread} {name}"));
            let ratio = figure
                .ratio
                .map_or_else(String::new, |ratio| ratio.to_string());
            let target = figure
                .target
                .map_or_else(String::new, |target| format!("≤ {target}"));
            writeln!(
                f,
                "| {} | {} {} | {floor} | {ratio} | {target} |",
                figure.name, figure.ours, figure.unit
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let figure = Figure::compared(
            "x",
            "µs",
            &[2.0, 9.0, 4.0],
            ("floor", &[1.0, 3.0, 4.0]),
            None,
        );
        let expected = Spread {
            min: 1.0,
            median: 2.0,
            max: 3.0,
        };
        assert_eq!(figure.ratio, Some(expected));
    }
}
