use super::*;

#[test]
fn ids() {
    let check =
        |text: &str, good: bool| assert_eq!(text.parse::<StateId>().is_ok(), good, "{text:?}");
    check("a", true);
    check("0", true);
    check("a.b_c-d", true);
    check(&"a".repeat(128), true);
    check(&"a".repeat(129), false);
    check("", false);
    check("A", false);
    check(".a", false);
    check("-a", false);
    check("_a", false);
    check("a/b", false);
    check("a b", false);
    check("a\n", false);
    check("\u{e4}", false);
    check("..", false);
}

#[test]
fn visibilities() {
    let check = |text: &str, good: bool| {
        let parsed = text.parse::<Visibility>();
        assert_eq!(parsed.is_ok(), good, "{text:?}");
        if let Ok(visibility) = parsed {
            assert_eq!(visibility.to_string(), text);
        }
    };
    check("private", true);
    check("public", true);
    check("group:Admins", true);
    check("group:group:x", true);
    check(&format!("group:{}", "ü".repeat(255)), true);
    check(&format!("group:{}", "ü".repeat(256)), false);
    check("group:", false);
    check("group:a\nb", false);
    check("Public", false);
    check("", false);
    check("group", false);
}

#[test]
fn tags_are_unique() {
    let tags: std::collections::HashSet<_> =
        (0..1000).map(|_| Tag::random().unwrap().etag()).collect();
    assert_eq!(tags.len(), 1000);
}
