use super::*;

#[test]
fn paths() {
    let check = |path: &str, route: Route| assert_eq!(Route::of(path), route, "{path}");
    check("/session", Route::Session);
    check("/state", Route::List);
    check("/state/a", Route::State("a".into()));
    check("/state/%61%2E", Route::State("a.".into()));
    check("/state/a%2Fb", Route::State("a/b".into()));
    check("/state/%ff", Route::State("\u{fffd}".into()));
    check("/openapi.json", Route::OpenApi);
    for path in [
        "",
        "/",
        "/state/",
        "/state/a/",
        "/state/a/b",
        "//state",
        "/State",
        "/session/",
        "/session/x",
        "/openapi.yaml",
        "state",
        "/%73ession",
        "/stat%65",
        "/%73tate/a",
        "/openapi%2Ejson",
        "/%2Fstate",
    ] {
        check(path, Route::Unknown);
    }
}

#[test]
fn json_is_accepted_or_not() {
    let check = |accept: &[&str], good: bool| {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        assert_eq!(accept_json(&headers).is_ok(), good, "{accept:?}");
    };
    check(&[], true);
    check(&[""], true);
    check(&["*/*"], true);
    check(&["application/json"], true);
    check(&["Application/JSON; charset=utf-8"], true);
    check(&["text/html, application/*;q=0.1"], true);
    check(&["text/html", "*/*;q=0.8"], true);
    check(&["text/html"], false);
    check(&["application/json;q=0"], false);
    check(&["application/json;q=0.0, */*"], false);
    check(&["*/*;q=0"], false);
    check(&["application/xml, text/*"], false);
    check(&["application/problem+json"], false);
}
