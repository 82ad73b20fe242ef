//! The cached keys, and their age.

use std::time::Duration;

use super::event::{Rules, Served};
use crate::clock::Timestamp;

#[derive(Clone, Debug)]
pub(super) struct Held<K> {
    pub(super) keys: K,
    pub(super) since: Timestamp,
    /// How long they are fresh after `since`; `None` for keys from a file, because their age is unknown.
    pub(super) fresh_for: Option<Duration>,
}

/// The phase that cached keys are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Fresh,
    /// Fresh, but in the last tenth of their freshness.
    Ageing,
    Stale,
    /// Too old to be used.
    Expired,
}

impl<K: Clone> Held<K> {
    pub(super) fn standing(&self, rules: &Rules, now: Timestamp) -> Standing {
        let fresh_for = self.fresh_for.unwrap_or_default();
        let age = now.since(self.since);
        if age < fresh_for - fresh_for / 10 {
            Standing::Fresh
        } else if age < fresh_for {
            Standing::Ageing
        } else if age < fresh_for.saturating_add(rules.max_stale) {
            Standing::Stale
        } else {
            Standing::Expired
        }
    }

    pub(super) fn served(&self, standing: Standing, now: Timestamp) -> Served<K> {
        Served {
            keys: self.keys.clone(),
            age: self.fresh_for.map(|_| now.since(self.since)),
            fresh: matches!(standing, Standing::Fresh | Standing::Ageing),
        }
    }
}
