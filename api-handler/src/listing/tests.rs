use super::*;

#[test]
fn quotes_count_twice() {
    let json = r#"{"a":"\\\""}"#;
    assert_eq!(
        escaped_len(json) + 2,
        serde_json::to_string(json).unwrap().len()
    );
}
