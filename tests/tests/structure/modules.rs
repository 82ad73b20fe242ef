//! The imports between modules, at every level of a crate.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Crate;

/// The modules with one parent, each with the siblings that it or a module below it uses.
type Siblings = BTreeMap<String, BTreeSet<String>>;

/// Each circle of siblings as a line: `authorizer: bearer -> refusal -> bearer`.
pub(crate) fn circles(package: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for (parent, siblings) in levels(package) {
        if let Some(circle) = circle(&siblings) {
            let place = [vec![package.name.clone()], parent].concat().join("/");
            found.push(format!("{place}: {}", circle.join(" -> ")));
        }
    }
    found
}

fn levels(package: &Crate) -> BTreeMap<Vec<String>, Siblings> {
    let modules: BTreeSet<&[String]> = package
        .modules
        .iter()
        .map(|module| module.path.as_slice())
        .collect();
    let mut levels: BTreeMap<Vec<String>, Siblings> = BTreeMap::new();
    for module in &package.modules {
        for name in &module.names {
            let shared = module
                .path
                .iter()
                .zip(name)
                .take_while(|(own, used)| own == used)
                .count();
            let (Some(own), Some(used)) = (module.path.get(shared), name.get(shared)) else {
                continue;
            };
            let parent = &name[..shared];
            // The last segments of a path may be an item. Only a module has its own file.
            if modules.contains(&name[..=shared]) {
                let siblings = levels.entry(parent.to_vec()).or_default();
                siblings
                    .entry(own.clone())
                    .or_default()
                    .insert(used.clone());
            }
        }
    }
    levels
}

/// The shortest walk from a module back to itself.
fn circle(siblings: &Siblings) -> Option<Vec<String>> {
    let walks = siblings
        .keys()
        .filter_map(|start| walk_back(siblings, start));
    walks.min_by_key(Vec::len)
}

fn walk_back(siblings: &Siblings, start: &String) -> Option<Vec<String>> {
    let mut walks = vec![vec![start.clone()]];
    let mut seen = BTreeSet::new();
    while !walks.is_empty() {
        let mut longer = Vec::new();
        for walk in walks {
            for next in walk
                .last()
                .and_then(|last| siblings.get(last))
                .into_iter()
                .flatten()
            {
                let mut walk = walk.clone();
                walk.push(next.clone());
                if next == start {
                    return Some(walk);
                }
                if seen.insert(next.clone()) {
                    longer.push(walk);
                }
            }
        }
        walks = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_circle_is_reported_and_a_chain_is_not() {
        for (edges, expected) in [
            (vec![("a", "b"), ("b", "c")], None),
            (vec![("a", "b"), ("b", "a")], Some(vec!["a", "b", "a"])),
            (
                vec![("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")],
                Some(vec!["a", "b", "c", "a"]),
            ),
        ] {
            let mut siblings = Siblings::new();
            for (own, used) in edges {
                siblings
                    .entry(own.to_owned())
                    .or_default()
                    .insert(used.to_owned());
            }
            let expected = expected.map(|walk| walk.into_iter().map(str::to_owned).collect());
            assert_eq!(circle(&siblings), expected);
        }
    }
}
