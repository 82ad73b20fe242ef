//! Runs fuzz targets on their seeds without a fuzzer, so that a stable toolchain tests every target.

use std::panic::catch_unwind;
use std::{fs, io};

use crate::repository;
use crate::seeded::Seeded;

/// A fuzz target: its name, and the check of one input, which panics if the property does not hold.
pub type FuzzTarget = (&'static str, fn(&[u8]));

/// The number of changed copies of each seed that are checked.
const MUTANTS: usize = 24;

/// Checks each target with its seeds and with changed copies of them. The copies are the same in every run.
///
/// # Panics
///
/// If a property does not hold, or a target has no seed.
pub fn check(targets: &[FuzzTarget]) {
    for (name, target) in targets {
        let seeds = seeds(name).unwrap();
        assert!(!seeds.is_empty(), "no seeds of {name} in fuzz/seeds");
        for (file, seed) in &seeds {
            let mut random = Seeded::new(1);
            let mutants = (0..MUTANTS).map(|_| mutant(seed, &seeds, &mut random));
            for input in std::iter::once(seed.clone()).chain(mutants) {
                let holds = catch_unwind(|| target(&input)).is_ok();
                assert!(
                    holds,
                    "{name}: the property does not hold for this input, made from {file}: {}",
                    input.escape_ascii()
                );
            }
        }
    }
}

fn seeds(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut seeds = Vec::new();
    for entry in fs::read_dir(repository().join("fuzz/seeds").join(target))? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        seeds.push((file, fs::read(entry.path())?));
    }
    seeds.sort();
    Ok(seeds)
}

/// Bytes with a meaning in the syntax of one of the parsers.
const SYNTAX: &[u8] = b"\"\\{}[],:. \0\n=-019eE\xff/~*";

/// A copy with a byte changed, a part removed or repeated, or a part of another seed inserted.
fn mutant(seed: &[u8], others: &[(String, Vec<u8>)], random: &mut Seeded) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    let start = random.below(bytes.len() + 1);
    let end = start + random.below((bytes.len() - start).min(40) + 1);
    match random.below(4) {
        0 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte = SYNTAX[random.below(SYNTAX.len())];
            }
        }
        1 => drop(bytes.drain(start..end)),
        2 => {
            let part = bytes[start..end].to_vec();
            bytes.splice(start..start, part);
        }
        _ => {
            let other = &others[random.below(others.len())].1;
            let from = random.below(other.len() + 1);
            let part = &other[from..other.len().min(from + 40)];
            bytes.splice(start..end, part.iter().copied());
        }
    }
    bytes
}
