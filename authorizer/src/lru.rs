//! A bounded map that evicts the least recently used entry first.

use std::collections::{BTreeMap, HashMap};

use crate::bearer::TokenDigest;

/// A map from the SHA-256 hash of a token to a value, with a maximum number of entries and a maximum total weight.
#[derive(Debug)]
pub(crate) struct Lru<V> {
    max_entries: usize,
    max_weight: usize,
    entries: HashMap<TokenDigest, Entry<V>>,
    /// Digests in the order of their last use, oldest first.
    uses: BTreeMap<u64, TokenDigest>,
    next_use: u64,
    weight: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: usize,
    last_use: u64,
}

impl<V: Clone> Lru<V> {
    pub(crate) fn new(max_entries: usize, max_weight: usize) -> Self {
        Self {
            max_entries,
            max_weight,
            entries: HashMap::new(),
            uses: BTreeMap::new(),
            next_use: 0,
            weight: 0,
        }
    }

    /// The value of a token, which becomes the most recently used entry.
    pub(crate) fn recall(&mut self, token: &TokenDigest) -> Option<V> {
        let entry = self.entries.get_mut(token)?;
        self.uses.remove(&entry.last_use);
        entry.last_use = self.next_use;
        self.uses.insert(self.next_use, *token);
        self.next_use += 1;
        Some(entry.value.clone())
    }

    /// Sets the value of a token, unless the value's weight exceeds the limit of the whole map.
    pub(crate) fn remember(&mut self, token: TokenDigest, value: V, weight: usize) {
        self.forget(&token);
        if self.max_entries == 0 || weight > self.max_weight {
            return;
        }
        while self.entries.len() >= self.max_entries || self.weight + weight > self.max_weight {
            let Some((_, oldest)) = self.uses.pop_first() else {
                break;
            };
            self.forget(&oldest);
        }
        let last_use = self.next_use;
        self.next_use += 1;
        self.weight += weight;
        self.uses.insert(last_use, token);
        let entry = Entry {
            value,
            weight,
            last_use,
        };
        self.entries.insert(token, entry);
    }

    pub(crate) fn forget(&mut self, token: &TokenDigest) {
        if let Some(entry) = self.entries.remove(token) {
            self.uses.remove(&entry.last_use);
            self.weight -= entry.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers from 0 to 9 that are in the map.
    fn held(lru: &mut Lru<u8>) -> Vec<u8> {
        assert_eq!(lru.entries.len(), lru.uses.len());
        let weight: usize = lru.entries.values().map(|entry| entry.weight).sum();
        assert_eq!(lru.weight, weight);
        (0..10)
            .filter(|number| lru.entries.contains_key(&[*number; 32]))
            .collect()
    }

    #[test]
    fn the_least_recently_used_entry_is_forgotten_first() {
        let mut lru = Lru::new(3, 100);
        for number in [0, 1, 2] {
            lru.remember([number; 32], number, 1);
        }
        assert_eq!(lru.recall(&[0; 32]), Some(0));
        lru.remember([3; 32], 3, 1);
        assert_eq!(held(&mut lru), [0, 2, 3]);
        // A new value is a use too.
        lru.remember([2; 32], 9, 1);
        lru.remember([4; 32], 4, 1);
        assert_eq!(held(&mut lru), [2, 3, 4]);
        assert_eq!(lru.recall(&[2; 32]), Some(9));
        lru.forget(&[3; 32]);
        assert_eq!(held(&mut lru), [2, 4]);
        assert_eq!(lru.recall(&[3; 32]), None);
    }

    #[test]
    fn the_total_weight_is_bounded_even_with_few_entries() {
        let mut lru = Lru::new(10, 100);
        for number in [0, 1, 2] {
            lru.remember([number; 32], number, 30);
        }
        lru.remember([3; 32], 3, 50);
        assert_eq!(held(&mut lru), [2, 3]);
        lru.remember([3; 32], 3, 101);
        assert_eq!(
            held(&mut lru),
            [2],
            "too heavy, and the old value is removed"
        );
    }

    #[test]
    fn with_no_entries_nothing_is_remembered() {
        let mut lru = Lru::new(0, 100);
        lru.remember([0; 32], 0, 1);
        assert_eq!(held(&mut lru), [0_u8; 0]);
    }
}
