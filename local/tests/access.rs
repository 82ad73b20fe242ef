//! `cargo local access`, as the command.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("access")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn access(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["access", "--data"])
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn json_of(folder: &Path, arguments: &[&str], status: i32) -> Value {
    let output = access(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A REST API with two authorizers of one function, and routes `VERB PATH AUTHORIZER`.
fn rest(rules: &Value, settings: &Value, routes: &[&str]) -> String {
    let mut variables = json!({
        "ISSUER": "https://example.okta.com/oauth2/default", "AUDIENCE": "api://default", "CLIENT_IDS": "web,cli",
        "ACCESS_RULES": rules.to_string(), "JWKS_FILE": "/opt/keys.json",
    });
    for (name, value) in settings.as_object().unwrap() {
        variables[name] = value.clone();
    }
    let events: Value = routes
        .iter()
        .enumerate()
        .map(|(place, route)| {
            let parts: Vec<&str> = route.split(' ').collect();
            let event = json!({"Type": "Api", "Properties": {
                "RestApiId": {"Ref": "Api"}, "Method": parts[0], "Path": parts[1], "Auth": {"Authorizer": parts[2]},
            }});
            (format!("E{place}"), event)
        })
        .collect();
    let arn = json!({"Fn::GetAtt": ["Authorizer", "Arn"]});
    json!({
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "prod", "Auth": {"Authorizers": {
                "Required": {"FunctionPayloadType": "TOKEN", "FunctionArn": arn},
                "Optional": {"FunctionPayloadType": "REQUEST", "FunctionArn": arn, "Identity": {"ReauthorizeEvery": 0}},
            }}}},
            "Authorizer": {
                "Type": "AWS::Serverless::Function",
                "Metadata": {"BuildProperties": {"Binary": "authorizer"}},
                "Properties": {"Environment": {"Variables": variables}},
            },
            "Handler": {
                "Type": "AWS::Serverless::Function",
                "Metadata": {"BuildProperties": {"Binary": "api-handler"}},
                "Properties": {"Events": events},
            },
        },
    })
    .to_string()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn callers_are_listed_in_words() {
    let folder = folder("list");
    let rules = json!([
        {"methods": ["GET"], "path": "/state", "anonymous": true},
        {"methods": ["GET"], "path": "/state/*", "anonymous": true},
        {"methods": ["GET"], "path": "/state/*", "scopes": ["implied"]},
        {"methods": ["PUT"], "path": "/state/*", "scopes": ["a", "b"], "groups": ["X", "Y"]},
        {"methods": ["PUT"], "path": "/state/public-*"},
        {"methods": ["DELETE"], "path": "/state/*", "claims": {"dept": ["x", 5]}, "notClaims": {"/a/b": [true]},
         "clients": ["web"], "issuers": ["https://example.okta.com/oauth2/default"], "acr": ["mfa"], "maxAgeSeconds": 300},
        {"methods": ["*"], "path": "/admin/*", "groups": ["Admins"]},
    ]);
    let routes = [
        "GET /state Optional",
        "GET /state Required",
        "GET /state/{id} Required",
        "PUT /state/{id} Optional",
        "DELETE /state/{id} Optional",
        "POST /state/{id} Optional",
        "ANY /admin/{proxy+} Optional",
        "GET /admin/open NONE",
        "ANY /state/{id} NONE",
    ];
    let routes: Vec<&str> = routes
        .into_iter()
        .filter(|route| *route != "GET /state Required")
        .collect();
    let template = write(&folder, "template.json", &rest(&rules, &json!({}), &routes));
    let listed = json_of(&folder, &["list", "--json", "--template", &template], 0);
    let row = |method: &str, path: &str, authorizer: Value, callers: &str| json!({"method": method, "path": path, "authorizer": authorizer, "callers": callers});
    let (optional, required) = (json!("Optional"), json!("Required"));
    assert_eq!(
        listed,
        json!([
            row("GET", "/state", optional.clone(), "anyone"),
            row("GET", "/state/{id}", required, "anyone signed in"),
            row(
                "PUT",
                "/state/{id}",
                optional.clone(),
                "callers with scope \"a\" and \"b\", and group \"X\" or \"Y\"; or anyone signed in (on /state/public-*)",
            ),
            row(
                "DELETE",
                "/state/{id}",
                optional.clone(),
                "callers with issuer \"https://example.okta.com/oauth2/default\", and client \"web\", \
                 and claim \"dept\": \"x\" or 5, and no claim \"/a/b\": true, and acr \"mfa\", and sign-in at most 300 s ago",
            ),
            row("POST", "/state/{id}", optional.clone(), "no caller"),
            row(
                "ANY",
                "/admin/{proxy+}",
                optional,
                "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS: callers with group \"Admins\"; other methods: no caller",
            ),
            row("GET", "/admin/open", Value::Null, "anyone"),
            row("ANY", "/state/{id}", Value::Null, "anyone"),
        ])
    );
    let text = access(&folder, &["list", "--template", &template]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("GET     /state           anyone\n"), "{text}");
}

/// A REST API whose authorizer API Gateway may not invoke.
fn without_permission(rules: &Value, routes: &[&str]) -> String {
    let with_permission = rest(rules, &json!({}), routes);
    with_permission.replace(
        r#""FunctionPayloadType":"REQUEST""#,
        r#""FunctionPayloadType":"REQUEST","DisableFunctionDefaultPermissions":true"#,
    )
}

#[test]
fn an_authorizer_that_may_not_be_invoked_allows_no_caller() {
    let folder = folder("permission");
    let rules = json!([{"methods": ["GET"], "path": "/a"}]);
    let routes = ["GET /a Optional"];
    let without = write(
        &folder,
        "without.json",
        &without_permission(&rules, &routes),
    );
    let with = write(&folder, "with.json", &rest(&rules, &json!({}), &routes));
    let callers = "no caller: API Gateway may not invoke the authorizer";
    assert_eq!(
        json_of(&folder, &["list", "--json", "--template", &without], 0),
        json!([{"method": "GET", "path": "/a", "authorizer": "Optional", "callers": callers}])
    );
    let wider = format!("now anyone signed in; before {callers}");
    let narrower = format!("now {callers}; before anyone signed in");
    assert_eq!(
        diff(&folder, &without, &with, &[], 0),
        json!([changed("GET", "/a", "wider", &wider)])
    );
    assert_eq!(
        diff(&folder, &with, &without, &[], 0),
        json!([changed("GET", "/a", "narrower", &narrower)])
    );
    assert_eq!(diff(&folder, &without, &without, &[], 0), json!([]));
    let tests = json!([{"caller": {"claims": {}}, "may": ["GET /a"]}]).to_string();
    let tests = write(&folder, "tests.json", &tests);
    let failed = json_of(
        &folder,
        &["test", &tests, "--json", "--template", &without],
        1,
    );
    assert_eq!(
        failed["failed"][0]["found"],
        "failed: authorizer_not_permitted"
    );
}

/// The changes from one set of rules to another, on `PUT /x/{id}` with an authorizer.
fn change(name: &str, old: &Value, new: &Value) -> Vec<(String, String)> {
    let folder = folder(name);
    let template = |rules: &Value| {
        let mut rule = json!({"methods": ["PUT"], "path": "/x/*"});
        let rules: Vec<Value> = rules
            .as_array()
            .unwrap()
            .iter()
            .map(|demands| {
                for (name, value) in demands.as_object().unwrap() {
                    rule[name] = value.clone();
                }
                std::mem::replace(&mut rule, json!({"methods": ["PUT"], "path": "/x/*"}))
            })
            .collect();
        rest(&json!(rules), &json!({}), &["PUT /x/{id} Optional"])
    };
    let (old, new) = (
        write(&folder, "old.json", &template(old)),
        write(&folder, "new.json", &template(new)),
    );
    let changes = json_of(&folder, &["diff", &old, "--json", "--template", &new], 0);
    let changes = changes.as_array().unwrap().iter();
    changes
        .map(|change| {
            assert_eq!(
                (&change["method"], &change["path"]),
                (&json!("PUT"), &json!("/x/{id}"))
            );
            let text = change["text"].as_str().unwrap().to_owned();
            (change["change"].as_str().unwrap().to_owned(), text)
        })
        .collect()
}

fn check_change(name: &str, old: &Value, new: &Value, expected: Option<(&str, &str)>) {
    let expected: Vec<(String, String)> = expected
        .into_iter()
        .map(|(kind, text)| (kind.to_owned(), format!("PUT /x/{{id}}: {text}")))
        .collect();
    assert_eq!(change(name, old, new), expected, "{name}");
}

#[test]
fn rules_that_allow_the_same_callers_are_no_change() {
    check_change(
        "same",
        &json!([{"scopes": ["a"]}]),
        &json!([{"scopes": ["a"]}]),
        None,
    );
    check_change(
        "order",
        &json!([{"scopes": ["a"]}, {"groups": ["g"]}]),
        &json!([{"groups": ["g"]}, {"scopes": ["a"]}]),
        None,
    );
    check_change(
        "implied",
        &json!([{}]),
        &json!([{"scopes": ["a"]}, {}]),
        None,
    );
    check_change(
        "numbers",
        &json!([{"claims": {"n": [1]}}]),
        &json!([{"claims": {"n": [1.0]}}]),
        None,
    );
    check_change(
        "two-parts",
        &json!([{"path": "/x/?"}, {"path": "/x/??*"}]),
        &json!([{}]),
        None,
    );
}

#[test]
fn a_rule_that_allows_more_callers_is_wider() {
    check_change(
        "signed-in",
        &json!([{"groups": ["g"]}]),
        &json!([{"groups": ["g"]}, {}]),
        Some(("wider", "now also anyone signed in")),
    );
    check_change(
        "anonymous",
        &json!([{}]),
        &json!([{"anonymous": true}]),
        Some(("wider", "now also anyone")),
    );
    check_change(
        "fewer-scopes",
        &json!([{"scopes": ["a", "b"]}]),
        &json!([{"scopes": ["a"]}]),
        Some(("wider", "now also callers with scope \"a\"")),
    );
    check_change(
        "more-groups",
        &json!([{"groups": ["g"]}]),
        &json!([{"groups": ["g", "h"]}]),
        Some(("wider", "now also callers with group \"g\" or \"h\"")),
    );
    check_change(
        "like",
        &json!([{"claims": {"d": ["eng-1"]}}]),
        &json!([{"claims": {"d": [{"like": "eng-*"}]}}]),
        Some(("wider", "now also callers with claim \"d\": like \"eng-*\"")),
    );
    check_change(
        "max-age",
        &json!([{"maxAgeSeconds": 300}]),
        &json!([{"maxAgeSeconds": 600}]),
        Some(("wider", "now also callers with sign-in at most 600 s ago")),
    );
    check_change(
        "no-rule",
        &json!([]),
        &json!([{"clients": ["web"]}]),
        Some(("wider", "now also callers with client \"web\"")),
    );
    check_change(
        "issuers",
        &json!([{"clients": ["cli"]}]),
        &json!([{"clients": ["cli"]}, {"issuers": ["https://example.okta.com/oauth2/default"], "scopes": ["a"]}]),
        Some((
            "wider",
            "now also callers with issuer \"https://example.okta.com/oauth2/default\", and scope \"a\"",
        )),
    );
    check_change(
        "more-clients",
        &json!([{"clients": ["cli"]}]),
        &json!([{"clients": ["cli", "web"]}]),
        Some(("wider", "now also callers with client \"cli\" or \"web\"")),
    );
    check_change(
        "weaker-acr",
        &json!([{"acr": ["phr"]}]),
        &json!([{"acr": ["phr", "mfa"]}]),
        Some(("wider", "now also callers with acr \"phr\" or \"mfa\"")),
    );
    check_change(
        "part",
        &json!([{"path": "/x/a*"}]),
        &json!([{"path": "/x/*"}]),
        Some(("wider", "now also anyone signed in")),
    );
}

#[test]
fn a_rule_that_allows_fewer_callers_is_narrower() {
    check_change(
        "closed",
        &json!([{"anonymous": true}]),
        &json!([{}]),
        Some(("narrower", "now anyone signed in; before anyone")),
    );
    check_change(
        "like-narrower",
        &json!([{"claims": {"d": [{"like": "e*"}]}}]),
        &json!([{"claims": {"d": [{"like": "eng-*"}]}}]),
        Some((
            "narrower",
            "now callers with claim \"d\": like \"eng-*\"; before callers with claim \"d\": like \"e*\"",
        )),
    );
    check_change(
        "not-claims",
        &json!([{"notClaims": {"d": ["x"]}}]),
        &json!([{"notClaims": {"d": ["x", "y"]}}]),
        Some((
            "narrower",
            "now callers with no claim \"d\": \"x\" or \"y\"; before callers with no claim \"d\": \"x\"",
        )),
    );
    check_change(
        "added-issuer",
        &json!([{"scopes": ["a"]}]),
        &json!([{"scopes": ["a"], "issuers": ["https://example.okta.com/oauth2/default"]}]),
        Some((
            "narrower",
            "now callers with issuer \"https://example.okta.com/oauth2/default\", and scope \"a\"; before callers with \
             scope \"a\"",
        )),
    );
    check_change(
        "added-demand",
        &json!([{"scopes": ["a"]}]),
        &json!([{"scopes": ["a"], "acr": ["mfa"]}]),
        Some((
            "narrower",
            "now callers with scope \"a\", and acr \"mfa\"; before callers with scope \"a\"",
        )),
    );
}

#[test]
fn a_rule_that_allows_different_callers_is_other() {
    check_change(
        "other",
        &json!([{"groups": ["g"]}]),
        &json!([{"groups": ["h"]}]),
        Some((
            "other",
            "now callers with group \"h\"; before callers with group \"g\"",
        )),
    );
}

#[test]
fn a_rule_for_another_spelling_of_a_path_allows_its_callers() {
    let folder = folder("spellings");
    let routes = ["GET /admin Optional"];
    let template =
        |name: &str, rules: &Value| write(&folder, name, &rest(rules, &json!({}), &routes));
    let admins = json!({"methods": ["GET"], "path": "/admin", "groups": ["Admins"]});
    let old = template("old.json", &json!([admins]));
    for (name, path) in [("end.json", "/admin/*"), ("beginning.json", "//*")] {
        let anyone = json!({"methods": ["GET"], "path": path, "anonymous": true});
        let new = template(name, &json!([admins, anyone]));
        let listed = format!("{ADMINS}; or anyone (on {path})");
        assert_eq!(
            json_of(&folder, &["list", "--json", "--template", &new], 0),
            json!([{"method": "GET", "path": "/admin", "authorizer": "Optional", "callers": listed}])
        );
        let text = format!("now also anyone (on {path})");
        assert_eq!(
            diff(&folder, &old, &new, &["--fail-on-widening"], 1),
            json!([changed("GET", "/admin", "wider", &text)])
        );
    }
    // The callers of the route itself need no other spelling.
    let slash = json!({"methods": ["GET"], "path": "/admin/", "groups": ["Admins"]});
    let both = template("both.json", &json!([admins, slash]));
    assert_eq!(diff(&folder, &old, &both, &[], 0), json!([]));
    assert_eq!(
        json_of(&folder, &["list", "--json", "--template", &both], 0),
        json!([{"method": "GET", "path": "/admin", "authorizer": "Optional", "callers": ADMINS}])
    );
    let only = template("only.json", &json!([slash]));
    let text = format!("now {ADMINS} (on /admin/); before {ADMINS}");
    assert_eq!(
        diff(&folder, &old, &only, &[], 0),
        json!([changed("GET", "/admin", "narrower", &text)])
    );
}

/// The rules in the tests that change routes or settings, and the callers that they allow.
fn admins_rules() -> Value {
    json!([{"methods": ["*"], "path": "/*", "groups": ["Admins"]}])
}

const ADMINS: &str = "callers with group \"Admins\"";

fn with_routes(folder: &Path, name: &str, routes: &[&str]) -> String {
    write(folder, name, &rest(&admins_rules(), &json!({}), routes))
}

fn diff(folder: &Path, old: &str, new: &str, flags: &[&str], status: i32) -> Value {
    let arguments = [&["diff", old, "--json", "--template", new], flags].concat();
    json_of(folder, &arguments, status)
}

fn changed(method: &str, path: &str, change: &str, text: &str) -> Value {
    let text = format!("{method} {path}: {text}");
    json!({"method": method, "path": path, "change": change, "text": text})
}

#[test]
fn changes_of_routes_are_listed_widenings_first() {
    let folder = folder("routes");
    let old = [
        "GET /a Required",
        "GET /b Required",
        "GET /c/{id} Required",
        "GET /gone Optional",
    ];
    let new = [
        "GET /a Required",
        "GET /b NONE",
        "GET /c/{name} Required",
        "GET /closed Required",
        "GET /open NONE",
    ];
    let old = with_routes(&folder, "old.json", &old);
    let new = with_routes(&folder, "new.json", &new);
    let expected = json!([
        changed("GET", "/b", "wider", "now also anyone"),
        changed("GET", "/open", "new", "new, anyone"),
        changed("GET", "/closed", "new", &format!("new, {ADMINS}")),
        changed("GET", "/gone", "gone", &format!("gone, was {ADMINS}")),
    ]);
    assert_eq!(diff(&folder, &old, &new, &[], 0), expected);
    assert_eq!(diff_from_stdin(&folder, &old, &new), expected);

    let failing = diff(&folder, &old, &new, &["--fail-on-widening"], 1);
    assert_eq!(failing, expected);
    let narrower = diff(&folder, &new, &old, &["--fail-on-widening"], 0);
    let kinds: Vec<&Value> = narrower
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["change"])
        .collect();
    assert_eq!(kinds, ["new", "narrower", "gone", "gone"]);
}

/// The documented use: `git show main:template.yaml | cargo local access diff -`.
fn diff_from_stdin(folder: &Path, old: &str, new: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["access", "diff", "-", "--json", "--template", new, "--data"])
        .arg(folder)
        .stdin(fs::File::open(old).unwrap())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The calls reach a less specific route, by verb and path.
#[test]
fn a_removed_route_is_listed_with_the_route_that_its_calls_reach() {
    let folder = folder("removed-routes");
    let all = [
        "GET /gone Required",
        "ANY /gone NONE",
        "ANY /{proxy+} Required",
        "PUT /other/{id} Required",
    ];
    let old = with_routes(&folder, "all.json", &all);
    let new = with_routes(&folder, "falls.json", &all[1..3]);
    let anyone = format!("gone, was {ADMINS}; its calls now reach ANY /gone (anyone)");
    let admins = format!("gone, was {ADMINS}; its calls now reach ANY /{{proxy+}} ({ADMINS})");
    assert_eq!(
        diff(&folder, &old, &new, &[], 0),
        json!([
            changed("GET", "/gone", "gone", &anyone),
            changed("PUT", "/other/{id}", "gone", &admins),
        ])
    );
    // The resource still exists, but API Gateway skips it for a method that it does not have.
    let all = [
        "GET /kept Required",
        "PUT /kept Required",
        "ANY /{proxy+} NONE",
    ];
    let old = with_routes(&folder, "both.json", &all);
    let new = with_routes(&folder, "one.json", &[all[0], all[2]]);
    let anyone = format!("gone, was {ADMINS}; its calls now reach ANY /{{proxy+}} (anyone)");
    assert_eq!(
        diff(&folder, &old, &new, &[], 0),
        json!([changed("PUT", "/kept", "gone", &anyone)])
    );
}

/// A route of other methods does not take a call from a less specific route.
#[test]
fn a_guarded_method_does_not_guard_the_other_methods_of_its_path() {
    let folder = folder("other-methods");
    let routes = ["POST /admin Required", "ANY /{proxy+} NONE"];
    let template = with_routes(&folder, "routes.json", &routes);
    let cases = json!([
        {"name": "guarded", "caller": "anonymous", "mayNot": ["POST /admin"]},
        {"name": "not guarded", "caller": "anonymous", "may": ["GET /admin"]},
    ]);
    let file = write(&folder, "cases.json", &cases.to_string());
    let output = access(&folder, &["test", &file, "--template", &template]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
}

#[test]
fn a_new_client_in_the_settings_is_wider() {
    let folder = folder("settings");
    let routes = ["GET /a Required"];
    let clients = json!({"CLIENT_IDS": "web,cli,other"});
    let old = with_routes(&folder, "a.json", &routes);
    let new = rest(&admins_rules(), &clients, &routes);
    let new = write(&folder, "clients.json", &new);
    let wider = "now also tokens of https://example.okta.com/oauth2/default (audience api://default; client web or cli or other)";
    assert_eq!(
        diff(&folder, &old, &new, &["--fail-on-widening"], 1),
        json!([changed("GET", "/a", "wider", wider)])
    );
    assert_eq!(
        diff(&folder, &old, &old, &["--fail-on-widening"], 0),
        json!([])
    );
}

#[test]
fn unbound_tokens_are_wider_and_instead_of_bound_ones_other() {
    let folder = folder("dpop");
    let with = |mode: &str| {
        let text = rest(
            &admins_rules(),
            &json!({ "DPOP": mode }),
            &["GET /a Required"],
        );
        write(&folder, &format!("{mode}.json"), &text)
    };
    let (off, accept, require) = (with("off"), with("accept"), with("require"));
    let tokens = "tokens of https://example.okta.com/oauth2/default (audience api://default; client web or cli)";
    let either = format!("{tokens}, bound to a key by DPoP or not");
    let bound = format!("{tokens}, bound to a key by DPoP");
    let now_also = format!("now also {either}");
    for (old, new, kind, text) in [
        (&require, &accept, "wider", now_also.clone()),
        (&off, &accept, "wider", now_also),
        (&accept, &require, "narrower", format!("now only {bound}")),
        (
            &accept,
            &off,
            "narrower",
            format!("now only {tokens}, not bound to a key by DPoP"),
        ),
    ] {
        let status = i32::from(kind == "wider");
        assert_eq!(
            diff(&folder, old, new, &["--fail-on-widening"], status),
            json!([changed("GET", "/a", kind, &text)])
        );
    }
    let found = diff(&folder, &require, &off, &["--fail-on-widening"], 1);
    assert_eq!(found[0]["change"], "other");
    let found = found[0]["text"].as_str().unwrap();
    assert!(found.ends_with(&format!("with {bound}")), "{found}");
    assert_eq!(
        diff(&folder, &require, &require, &["--fail-on-widening"], 0),
        json!([])
    );
}

#[test]
fn tokens_without_introspection_are_wider() {
    let folder = folder("introspection");
    let with = |mode: &str| {
        let settings = json!({"INTROSPECTION": mode, "INTROSPECTION_CLIENT_ID": "authorizer"});
        let text = rest(&admins_rules(), &settings, &["GET /a Required"]);
        write(&folder, &format!("{mode}.json"), &text)
    };
    let (on, off) = (with("on"), with("off"));
    let tokens = "tokens of https://example.okta.com/oauth2/default (audience api://default; client web or cli)";
    let active = format!("now only {tokens}, active by introspection");
    for (old, new, kind, text, status) in [
        (
            &on,
            &off,
            "wider",
            format!("now also {tokens}, without introspection"),
            1,
        ),
        (&off, &on, "narrower", active, 0),
    ] {
        assert_eq!(
            diff(&folder, old, new, &["--fail-on-widening"], status),
            json!([changed("GET", "/a", kind, &text)])
        );
    }
}

#[test]
fn tokens_of_another_use_are_other() {
    let folder = folder("token-use");
    let with = |token_use: &str| {
        let settings = json!({ "TOKEN_USE": token_use });
        let text = rest(&admins_rules(), &settings, &["GET /a Required"]);
        write(&folder, &format!("{token_use}.json"), &text)
    };
    let (access, id) = (with("access"), with("id"));
    let tokens = format!(
        "{ADMINS}, with tokens of https://example.okta.com/oauth2/default (audience api://default; client web or cli)"
    );
    let text = format!("{tokens}, only ID tokens; before {tokens}, only access tokens");
    assert_eq!(
        diff(&folder, &access, &id, &["--fail-on-widening"], 1),
        json!([changed("GET", "/a", "other", &text)])
    );
    assert_eq!(diff(&folder, &id, &id, &[], 0), json!([]));
}

#[test]
fn callers_are_tested() {
    let folder = folder("test");
    let rules = json!([
        {"methods": ["GET"], "path": "/x", "anonymous": true},
        {"methods": ["PUT"], "path": "/x", "scopes": ["w"]},
        {"methods": ["DELETE"], "path": "/x", "claims": {"/address/country": ["NL"]}, "maxAgeSeconds": 300},
        {"methods": ["GET"], "path": "/issuer", "issuers": ["https://example.okta.com/oauth2/default"], "groups": ["g"]},
        {"methods": ["GET"], "path": "/client", "clients": ["cli"]},
        {"methods": ["GET"], "path": "/acr", "acr": ["phr", "phrh"]},
        {"methods": ["GET"], "path": "/not", "notClaims": {"dept": ["ext"]}},
    ]);
    let routes = [
        "GET /x Optional",
        "PUT /x Required",
        "DELETE /x Required",
        "GET /issuer Required",
        "GET /client Required",
        "GET /acr Required",
        "GET /not Required",
        "GET /open NONE",
    ];
    let settings = json!({"DPOP": "require"}); // not of the rules
    let template = write(&folder, "template.json", &rest(&rules, &settings, &routes));
    let run = |tests: Value, status| {
        let file = write(&folder, "tests.json", &format!("\u{feff}{tests}"));
        json_of(
            &folder,
            &["test", &file, "--json", "--template", &template],
            status,
        )
    };
    let now = lambda_support::clock::Clock::now(&lambda_support::clock::SystemClock).as_secs();
    let right = json!([
        {"name": "anonymous", "caller": "anonymous", "may": ["GET /x", "GET /open"], "mayNot": ["PUT /x", "POST /x"]},
        {"caller": {"claims": {"scp": ["w"]}}, "may": ["PUT /x", "GET /x"], "mayNot": ["DELETE /x"]},
        {"caller": {"claims": {"address": {"country": "NL"}, "auth_time": now}}, "may": ["DELETE /x"]},
        {"caller": {"claims": {"address": {"country": "NL"}, "auth_time": now - 1000}}, "mayNot": ["DELETE /x"]},
        {"caller": {"claims": {"groups": ["g"]}}, "may": ["GET /issuer"], "mayNot": ["GET /client", "GET /acr"]},
        {"caller": {"claims": {"cid": "cli"}}, "may": ["GET /client"], "mayNot": ["GET /issuer"]},
        {"caller": {"claims": {"acr": "phrh"}}, "may": ["GET /acr"]},
        {"caller": {"claims": {"acr": "PHRH"}}, "mayNot": ["GET /acr"]},
        {"caller": {"claims": {"dept": "sales"}}, "may": ["GET /not"]},
        {"caller": {"claims": {"dept": ["sales", "ext"]}}, "mayNot": ["GET /not"]},
        {"caller": {"claims": {"scp": ["w"], "cid": "other"}}, "mayNot": ["GET /x", "PUT /x"]},
        {"caller": {"claims": {"scp": ["w"], "iss": "https://other.example"}}, "mayNot": ["PUT /x"]},
        {"caller": {"claims": {"scp": ["w"], "exp": now - 1000}}, "mayNot": ["PUT /x"]},
    ]);
    assert_eq!(run(right, 0), json!({"tests": 13, "failed": []}));
    let wrong = json!([
        {"name": "reader", "caller": {"claims": {"scp": ["r"]}}, "may": ["PUT /x"], "mayNot": ["GET /x"]},
        {"caller": "anonymous", "may": ["PUT /x", "GET /nowhere"]},
    ]);
    let failed = |name: &str, call: &str, expected: &str, found: &str| json!({"name": name, "call": call, "expected": expected, "found": found});
    assert_eq!(
        run(wrong, 1),
        json!({"tests": 2, "failed": [
            failed("reader", "PUT /x", "allowed", "denied: route_not_granted"),
            failed("reader", "GET /x", "not allowed", "allowed: granted"),
            failed("test 1", "PUT /x", "allowed", "unauthorized: identity_source_missing"),
            failed("test 1", "GET /nowhere", "allowed", "no route: no_route"),
        ]})
    );
    // Two calls with one token. The gateway has the answer to the first in its cache; it contains the decision of each rule.
    let cached = rest(
        &rules,
        &json!({}),
        &["PUT /x Required", "DELETE /x Required"],
    );
    let template = write(&folder, "cached.json", &cached);
    let file = write(
        &folder,
        "tests.json",
        &json!([{"caller": {"claims": {"scp": ["w"], "exp": now + 1000, "iat": now}}, "may": ["PUT /x", "PUT /x"],
            "mayNot": ["DELETE /x"]}])
        .to_string(),
    );
    let found = json_of(
        &folder,
        &["test", &file, "--json", "--template", &template],
        0,
    );
    assert_eq!(found, json!({"tests": 1, "failed": []}));
}

/// An ID token has none of the claims of an access token, such as Okta's `cid`.
#[test]
fn id_tokens_are_tested() {
    let folder = folder("id-tokens");
    let rules = json!([
        {"methods": ["GET"], "path": "/x", "groups": ["g"]},
        {"methods": ["GET"], "path": "/client", "clients": ["cli"]},
    ]);
    let routes = ["GET /x Required", "GET /client Required"];
    let template = rest(&rules, &json!({"TOKEN_USE": "id"}), &routes);
    let template = write(&folder, "template.json", &template);
    let tests = json!([
        {"caller": {"claims": {"groups": ["g"]}}, "may": ["GET /x"], "mayNot": ["GET /client"]},
        {"caller": {"claims": {"azp": "cli"}}, "may": ["GET /client"]},
        {"name": "an access token", "caller": {"claims": {"cid": "cli"}}, "mayNot": ["GET /client"]},
    ]);
    let file = write(&folder, "tests.json", &tests.to_string());
    let arguments = ["test", &file, "--json", "--template", &template];
    assert_eq!(
        json_of(&folder, &arguments, 0),
        json!({"tests": 3, "failed": []})
    );
}

#[test]
fn a_wrong_file_of_tests_is_an_error() {
    let folder = folder("wrong-test");
    let template = rest(&json!([]), &json!({}), &["GET /x Optional"]);
    let template = write(&folder, "template.json", &template);
    for (tests, expected) in [
        ("{}", "expected an array"),
        (
            "[]",
            "wrong.json: expected at least one test, found an empty array",
        ),
        (
            r#"[{"caller": "anonymous", "may": ["GET /x"]}, {"caller": {"claims": {}}, "may": []}]"#,
            "wrong.json: test 1: expected at least one call in `may` or `mayNot`, found none",
        ),
        (
            r#"[{"name": "a", "caller": "anonymous"}]"#,
            "wrong.json: a: expected at least one call",
        ),
        (
            r#"[{"caller": "anonymous", "mustNot": []}]"#,
            "unknown field `mustNot`",
        ),
        (
            r#"[{"caller": {"claims": {}, "x": 1}}]"#,
            "unknown field `x`, expected `claims` at line 1 column",
        ),
        (r#"[{"caller": {}}]"#, "missing field `claims`"),
        (
            r#"[{"caller": {"claims": []}}]"#,
            "invalid type: sequence, expected a map",
        ),
        (
            r#"[{"caller": "alice"}]"#,
            "invalid value: string \"alice\", expected \"anonymous\" or an object with `claims` at line 1 column",
        ),
        (
            r#"[{"caller": 5}]"#,
            "invalid type: integer `5`, expected \"anonymous\" or an object with `claims`",
        ),
        (
            r#"[{"caller": "anonymous", "may": ["GET"]}]"#,
            "expected a call such as `GET /state/x`",
        ),
        (
            r#"[{"caller": "anonymous", "mayNot": ["GET /x#y"]}]"#,
            "percent-encoded as in a URL, found `/x#y`",
        ),
        (
            r#"[{"caller": "anonymous", "mayNot": ["get /x"]}]"#,
            "expected a method in capital letters such as GET, found `get`",
        ),
    ] {
        let file = write(&folder, "wrong.json", tests);
        let output = access(&folder, &["test", &file, "--template", &template]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{tests}: {error}");
        assert!(error.contains(expected), "{tests}: {error}");
    }
}
