use super::*;

#[track_caller]
fn check(url: &str, expected: Option<&str>) {
    let found = TargetUrl::parse(url).ok().map(|url| url.0);
    assert_eq!(found.as_deref(), expected, "{url}");
}

#[test]
fn urls_are_normalised_by_syntax_and_scheme() {
    let same = Some("https://api.example.com/state/42");
    for url in [
        "https://api.example.com/state/42",
        "HTTPS://API.example.COM/state/42",
        "https://api.example.com:443/state/42",
        "https://api.example.com:/state/42",
        "https://api.example.com/%73t%61te/%34%32",
        "https://api.example.com/./state/x/../42",
        "https://api.example.com/../state/%2e/42",
        "https://%61pi.example.com/state/42",
        "https://api.example.com/state/42?q=1",
        "https://api.example.com/state/42?",
        "https://api.example.com/state/42#part",
        "https://api.example.com/state/42?q=/#?",
    ] {
        check(url, same);
    }
    check("https://a.example", Some("https://a.example/"));
    check("https://a.example?q", Some("https://a.example/"));
    check(
        "https://a.example/%c3%a9%2f%7E",
        Some("https://a.example/%C3%A9%2F~"),
    );
    check(
        "http://127.0.0.1:3000/prod",
        Some("http://127.0.0.1:3000/prod"),
    );
    check("http://a.example:80/", Some("http://a.example/"));
    check("http://a.example:443/", Some("http://a.example:443/"));
    check("https://[::0:1]:8443/a", Some("https://[::1]:8443/a"));
}

#[test]
fn urls_that_differ_after_normalisation_are_different() {
    for url in [
        "https://api.example.com/State/42",
        "https://api.example.com/state/42/",
        "https://api.example.com//state/42",
        "https://api.example.com/state//42",
        "https://api.example.com/state%2F42",
        "https://api.example.com/state/42%20",
        "https://api.example.com/state/42;v=1",
        "https://api.example.com:8443/state/42",
        "https://api.example.com./state/42",
        "https://api.example.com.evil.example/state/42",
        "https://me@api.example.com/state/42",
        "https://@api.example.com/state/42",
        "http://api.example.com/state/42",
        "http://api.example.com:443/state/42",
        "wss://api.example.com/state/42",
    ] {
        let other = TargetUrl::parse("https://api.example.com/state/42");
        assert_ne!(TargetUrl::parse(url), other, "{url}");
        assert!(TargetUrl::parse(url).is_ok(), "{url}");
    }
}

#[test]
fn a_string_that_is_not_a_url_with_a_host_is_refused() {
    for url in [
        "",
        "/state/42",
        "//api.example.com/state/42",
        "api.example.com/state/42",
        "https:/api.example.com/state/42",
        "https:///state/42",
        "https:\\\\api.example.com\\state\\42",
        " https://api.example.com/state/42",
        "https://api.example.com/state/42 ",
        "https://api.example.com/st\nate/42",
        "https://api.example.com/%",
        "https://api.example.com/%4",
        "https://api.example.com/%zz",
        "https://api.example.com/é",
        "https://exämple.com/",
        "https://api.example.com:x/",
        "urn:example:a",
        "mailto:a@example.com",
    ] {
        check(url, None);
    }
}

#[track_caller]
fn check_join(base: &str, path: &str, expected: &str) {
    let base: PublicUrl = base.parse().unwrap();
    assert_eq!(join(base.as_str(), path).unwrap().0, expected, "{path}");
}

#[test]
fn a_path_is_appended_without_doubling_the_slash_and_encoded_where_needed() {
    check_join(
        "https://a.example",
        "/state/42",
        "https://a.example/state/42",
    );
    check_join(
        "https://a.example/",
        "/state/42",
        "https://a.example/state/42",
    );
    check_join(
        "https://a.example/v1",
        "/state/42",
        "https://a.example/v1/state/42",
    );
    check_join(
        "https://a.example/v1/",
        "/state/42",
        "https://a.example/v1/state/42",
    );
    check_join("https://a.example/v1/", "/", "https://a.example/v1/");
    check_join("https://a.example", "/", "https://a.example/");
    check_join("https://a.example", "", "https://a.example/");
    check_join("https://a.example", "//a", "https://a.example//a");
    check_join("https://a.example", "/a b", "https://a.example/a%20b");
    check_join("https://a.example", "/é", "https://a.example/%C3%A9");
    check_join("https://a.example", "/%c3%a9", "https://a.example/%C3%A9");
    check_join("https://a.example", "/a?b#c", "https://a.example/a%3Fb%23c");
    check_join("https://a.example", "/50%", "https://a.example/50%25");
    check_join("https://a.example", "/%2", "https://a.example/%252");
    check_join("https://a.example", "/%2é", "https://a.example/%252%C3%A9");
    check_join(
        "https://a.example",
        "/a\"<>[]\\^`{|}",
        "https://a.example/a%22%3C%3E%5B%5D%5C%5E%60%7B%7C%7D",
    );
    check_join(
        "https://a.example",
        "/-._~!$&'()*+,;=:@",
        "https://a.example/-._~!$&'()*+,;=:@",
    );
    check_join(
        "https://a.example",
        "/a\u{0}\u{7f}",
        "https://a.example/a%00%7F",
    );
}

#[test]
fn public_urls_are_parsed_without_a_trailing_slash() {
    use PublicUrlError as E;
    for (text, expected) in [
        ("https://api.example.com", Ok("https://api.example.com")),
        (
            "https://api.example.com/v1/",
            Ok("https://api.example.com/v1"),
        ),
        (
            "http://127.0.0.1:3000/prod",
            Ok("http://127.0.0.1:3000/prod"),
        ),
        (
            "http://api.example.com",
            Err(E::Endpoint(EndpointError::Insecure)),
        ),
        (
            "https://me:secret@api.example.com",
            Err(E::Endpoint(EndpointError::Credentials)),
        ),
        ("api.example.com", Err(E::Endpoint(EndpointError::NotAUrl))),
        ("https://api.example.com/v1?x=1", Err(E::QueryOrFragment)),
        ("https://api.example.com/v1#x", Err(E::QueryOrFragment)),
        (
            "https:api.example.com",
            Err(E::Endpoint(EndpointError::NotAUrl)),
        ),
        ("https://api.example.com/a b", Err(E::NotAUrl)),
    ] {
        let found = text.parse::<PublicUrl>();
        assert_eq!(
            found.as_ref().map(PublicUrl::as_str).map_err(|e| *e),
            expected,
            "{text}"
        );
    }
}
