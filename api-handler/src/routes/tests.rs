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
    check(PROTECTED_RESOURCE, Route::ProtectedResource);
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
        "/.well-known",
        "/.well-known/oauth-protected-resource/state",
        "/%2Ewell-known/oauth-protected-resource",
        "/%2Fstate",
    ] {
        check(path, Route::Unknown);
    }
}
