use super::*;

fn ids(text: &str, more: bool) -> Ids {
    Ids {
        ids: text
            .split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect(),
        more,
    }
}

#[test]
fn partitions_are_merged_up_to_where_all_have_been_read() {
    let check = |partitions: &[Ids], expected: &str, more: bool| {
        let merged = merge(partitions);
        assert_eq!(
            merged
                .ids
                .iter()
                .map(StateId::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            expected
        );
        assert_eq!(merged.more, more);
    };
    check(&[], "", false);
    check(&[ids("a c", false), ids("b c d", false)], "a b c d", false);
    check(&[ids("a c", true), ids("b c d", false)], "a b c", true);
    check(&[ids("a b", true), ids("y z", true)], "a b", true);
    check(&[ids("a b", true), ids("", false)], "a b", true);
}

#[test]
fn quotes_count_twice() {
    let json = r#"{"a":"\\\""}"#;
    assert_eq!(
        escaped_len(json) + 2,
        serde_json::to_string(json).unwrap().len()
    );
}
