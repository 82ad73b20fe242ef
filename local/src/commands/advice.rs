//! Advice for each reason, from the tables of `docs/reasons.md`, which is its only source.

const REASONS: &str = include_str!("../../../docs/reasons.md");

/// The entry of a code in `docs/reasons.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) meaning: &'static str,
    pub(super) advice: &'static str,
}

/// The row of a reason, a response type of API Gateway, or a status of the handler.
pub(super) fn reason(code: &str) -> Option<Reason> {
    rows()
        .find(|(name, _)| *name == code)
        .map(|(_, reason)| reason)
}

/// Every row of the tables, by its code. The last two columns are the meaning and the advice.
pub(super) fn rows() -> impl Iterator<Item = (&'static str, Reason)> {
    REASONS.lines().filter_map(|line| {
        let cells: Vec<&str> = line
            .strip_prefix("| ")?
            .strip_suffix(" |")?
            .split(" | ")
            .collect();
        let [code, .., meaning, advice] = cells.as_slice() else {
            return None;
        };
        let is_head = *advice == "what to do" || code.starts_with("---");
        (!is_head).then_some((code.trim_matches('`'), Reason { meaning, advice }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_by_their_code() {
        let found = reason("token_expired").unwrap();
        assert_eq!(found.meaning, "`exp` has passed");
        assert_eq!(found.advice, "renew the token; check the client's clock");
        assert!(reason("404").unwrap().meaning.contains("no such resource"));
        assert_eq!(reason("code"), None);
        assert_eq!(reason("---"), None);
    }
}
