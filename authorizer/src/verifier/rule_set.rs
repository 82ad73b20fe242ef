//! A set of access rules.

/// A bit set of rules, by index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RuleSet(Box<[u64]>);

impl FromIterator<bool> for RuleSet {
    /// The flags say for each rule whether it is in the set.
    fn from_iter<I: IntoIterator<Item = bool>>(flags: I) -> Self {
        let mut words = Vec::new();
        for (place, flag) in flags.into_iter().enumerate() {
            if place % 64 == 0 {
                words.push(0);
            }
            if let Some(word) = words.last_mut() {
                *word |= u64::from(flag) << (place % 64);
            }
        }
        Self(words.into_boxed_slice())
    }
}

impl RuleSet {
    /// The indexes of its rules, in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(index * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::RuleSet;

    #[test]
    fn a_rule_set_has_the_places_of_its_rules() {
        for places in [&[][..], &[0], &[63, 64], &[0, 1, 127, 128, 199]] {
            let set: RuleSet = (0..200).map(|place| places.contains(&place)).collect();
            // Takes at most one more than there are rules, so that an endless iterator fails the test.
            let found: Vec<usize> = set.iter().take(201).collect();
            assert_eq!(found, places);
        }
    }
}
