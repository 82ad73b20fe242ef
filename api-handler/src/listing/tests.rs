use super::*;

#[test]
fn a_quote_takes_two_bytes_inside_a_string() {
    let json = r#"{"a":"\\\""}"#;
    assert_eq!(
        escaped_len(json) + 2,
        serde_json::to_string(json).unwrap().len()
    );
}
