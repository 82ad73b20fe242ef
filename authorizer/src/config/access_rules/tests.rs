use super::*;

#[track_caller]
fn check(json: &str, expected: &[&str]) {
    let pointers: Vec<String> = match parse(json.as_bytes(), &[]) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| fault.pointer).collect(),
    };
    assert_eq!(pointers, expected, "{json}");
}

#[test]
fn documented_rules_are_accepted() {
    check(
        r#"[
          {"methods": ["GET"], "path": "/state", "anonymous": true},
          {"methods": ["GET"], "path": "/state/*", "anonymous": true},
          {"methods": ["PUT", "PATCH", "DELETE"], "path": "/state/*", "scopes": ["state:write"]},
          {"methods": ["*"], "path": "/admin/*", "groups": ["Admins", "Support"]}
        ]"#,
        &[],
    );
    check("[]", &[]);
    check(
        r#"[{"methods": ["*", "GET"], "path": "/*", "anonymous": false}]"#,
        &[],
    );
}

#[test]
fn every_fault_is_reported_with_its_json_pointer() {
    check(r#"[{}]"#, &["/0/methods", "/0/path"]);
    check(
        r#"[1, {"methods": ["GET"], "path": "/"}, null]"#,
        &["/0", "/2"],
    );
    check(
        r#"[{"methods": ["get"], "path": "state"}]"#,
        &["/0/methods", "/0/path"],
    );
    check(
        r#"[{"methods": ["GET"], "path": "/", "scope": ["a"]}]"#,
        &["/0/scope"],
    );
    check(
        r#"[{"methods": ["GET"], "path": "/", "anonymous": "yes"}]"#,
        &["/0/anonymous"],
    );
    check(
        r#"[{"methods": ["GET"], "path": "/", "anonymous": null}]"#,
        &["/0/anonymous"],
    );
    check(
        r#"[{"methods": ["GET"], "path": "/", "anonymous": true, "groups": ["a"]}]"#,
        &["/0/anonymous"],
    );
    check(
        r#"[{"methods": ["GET"], "path": "/", "scopes": [], "groups": [5]}]"#,
        &["/0/scopes", "/0/groups/0"],
    );
    check(r#"[{"methods": [], "path": "/"}]"#, &["/0/methods"]);
    check(
        r#"[{"methods": "GET", "path": 5}]"#,
        &["/0/methods", "/0/path"],
    );
    check(
        r#"[{"methods": ["TRACE"], "path": "/{id}"}]"#,
        &["/0/methods", "/0/path"],
    );
}

#[test]
fn with_several_issuers_a_rule_with_conditions_must_name_its_issuers() {
    const TRUSTED: [&str; 2] = ["https://a.example", "https://b.example/"];
    #[track_caller]
    fn check(trusted: &[&str], condition: &str, expected: &[&str]) {
        let rule = format!(r#"[{{"methods": ["GET"], "path": "/", {condition}}}]"#);
        let faults = parse(rule.as_bytes(), trusted).err().unwrap_or_default();
        let found: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(found, expected, "{condition}");
    }
    for (condition, expected) in [
        (r#""groups": ["Admins"]"#, &["/0/issuers"][..]),
        (r#""scopes": ["a"]"#, &["/0/issuers"]),
        (r#""anonymous": false"#, &[]),
        (r#""anonymous": true"#, &[]),
        (r#""anonymous": true, "issuers": ["*"]"#, &["/0/anonymous"]),
        (r#""groups": ["Admins"], "issuers": ["*"]"#, &[]),
        (
            r#""groups": ["Admins"], "issuers": ["https://a.example"]"#,
            &[],
        ),
        (
            r#""issuers": ["https://a.example", "https://b.example/"]"#,
            &[],
        ),
        (
            r#""issuers": ["https://b.example", "https://a.example/"]"#,
            &["/0/issuers/0", "/0/issuers/1"],
        ),
        (r#""issuers": []"#, &["/0/issuers"]),
        (r#""issuers": "*""#, &["/0/issuers"]),
        (r#""issuers": [5, ""]"#, &["/0/issuers/0", "/0/issuers/1"]),
    ] {
        check(&TRUSTED, condition, expected);
    }
    check(&["https://a.example"], r#""groups": ["Admins"]"#, &[]);
    check(
        &["https://a.example"],
        r#""issuers": ["https://c.example"]"#,
        &["/0/issuers/0"],
    );
    // An invalid issuer is one fault, not two.
    check(
        &["https://a.example", ""],
        r#""issuers": ["https://c.example"]"#,
        &[],
    );
}

#[test]
fn every_fault_of_a_condition_is_reported_with_its_json_pointer() {
    for (condition, expected) in [
        (
            r#""claims": {"dept": ["a", 1, 1.5, true, {"like": "a*"}], "/a/b": [""]}"#,
            &[][..],
        ),
        (r#""claims": {}"#, &["/0/claims"]),
        (r#""claims": []"#, &["/0/claims"]),
        (r#""claims": null"#, &["/0/claims"]),
        (r#""claims": {"a": []}"#, &["/0/claims/a"]),
        (r#""claims": {"a": "b"}"#, &["/0/claims/a"]),
        (
            r#""claims": {"a": ["b", null, ["c"], {"glob": "d"}, {"like": 5}]}"#,
            &[
                "/0/claims/a/1",
                "/0/claims/a/2",
                "/0/claims/a/3",
                "/0/claims/a/4",
            ],
        ),
        (
            r#""claims": {"a": [18446744073709551616]}"#,
            &["/0/claims/a/0"],
        ),
        (r#""claims": {"": ["b"]}"#, &["/0/claims/"]),
        (r#""claims": {"/a~b/c": ["b"]}"#, &["/0/claims/~1a~0b~1c"]),
        (
            r#""claims": {"https://example.com/x": [null]}"#,
            &["/0/claims/https:~1~1example.com~1x/0"],
        ),
        (
            r#""notClaims": {"a": [], "b": [null]}"#,
            &["/0/notClaims/a", "/0/notClaims/b/0"],
        ),
        (r#""clients": []"#, &["/0/clients"]),
        (r#""clients": ["", 5]"#, &["/0/clients/0", "/0/clients/1"]),
        (r#""acr": []"#, &["/0/acr"]),
        (r#""acr": ["a", "b c", ""]"#, &["/0/acr/2", "/0/acr/1"]),
        (r#""maxAgeSeconds": 300"#, &[]),
        (r#""maxAgeSeconds": 300.0"#, &[]),
        (r#""maxAgeSeconds": 0"#, &["/0/maxAgeSeconds"]),
        (r#""maxAgeSeconds": -1"#, &["/0/maxAgeSeconds"]),
        (r#""maxAgeSeconds": 0.5"#, &["/0/maxAgeSeconds"]),
        (r#""maxAgeSeconds": "300""#, &["/0/maxAgeSeconds"]),
        (r#""maxAgeSeconds": null"#, &["/0/maxAgeSeconds"]),
        (
            r#""anonymous": true, "claims": {"a": ["b"]}"#,
            &["/0/anonymous"],
        ),
        (
            r#""anonymous": true, "notClaims": {"a": ["b"]}"#,
            &["/0/anonymous"],
        ),
        (r#""anonymous": true, "clients": ["a"]"#, &["/0/anonymous"]),
        (r#""anonymous": true, "acr": ["a"]"#, &["/0/anonymous"]),
        (
            r#""anonymous": true, "maxAgeSeconds": 5"#,
            &["/0/anonymous"],
        ),
        (r#""anonymous": true, "issuers": ["*"]"#, &["/0/anonymous"]),
        (r#""not/known": 1"#, &["/0/not~1known"]),
    ] {
        check(
            &format!(r#"[{{"methods": ["GET"], "path": "/", {condition}}}]"#),
            expected,
        );
    }
}

#[test]
fn with_several_issuers_each_kind_of_condition_needs_issuers() {
    for condition in [
        r#""claims": {"a": ["b"]}"#,
        r#""notClaims": {"a": ["b"]}"#,
        r#""clients": ["a"]"#,
        r#""acr": ["a"]"#,
        r#""maxAgeSeconds": 5"#,
    ] {
        let rule = format!(r#"[{{"methods": ["GET"], "path": "/", {condition}}}]"#);
        let faults =
            parse(rule.as_bytes(), &["https://a.example", "https://b.example"]).unwrap_err();
        let found: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(found, ["/0/issuers"], "{condition}");
    }
}

#[test]
fn rules_that_are_not_an_array_or_repeat_a_member_are_refused() {
    check("", &[""]);
    check("{}", &[""]);
    check(
        r#"[{"methods": ["GET"], "path": "/", "path": "/admin"}]"#,
        &[""],
    );
    check(r#"[{"methods": ["GET"], "path": "/"},]"#, &[""]);
}

fn rules_of_size(count: usize, path_chars: usize) -> Vec<AccessRule> {
    let rule = |index| {
        format!(
            r#"{{"methods": ["GET"], "path": "/{index:03}{}"}}"#,
            "a".repeat(path_chars - 4)
        )
    };
    let rules: Vec<String> = (0..count).map(rule).collect();
    parse(format!("[{}]", rules.join(",")).as_bytes(), &[]).unwrap()
}

#[test]
fn a_policy_that_could_exceed_6_kb_is_refused() {
    let fits = |count| check_size(&rules_of_size(count, 20), true).is_ok();
    let most = (1..100).take_while(|count| fits(*count)).count();
    assert!(most > 20, "{most}");
    for count in [most, most + 1] {
        let rules = rules_of_size(count, 20);
        let target = Target::longest();
        let policy = PolicyDocument::new(&Ok(Permit::of_all(&rules)), &target, Some(0));
        let bytes = serde_json::to_vec(&policy).unwrap().len();
        assert_eq!(bytes <= 6144, count == most, "{count} rules, {bytes} bytes");
    }
}

#[test]
fn a_resource_that_could_exceed_512_characters_is_refused() {
    let prefix = Target::longest().stage_prefix().len() + "/GET".len();
    assert_eq!(check_size(&rules_of_size(1, 512 - prefix), false), Ok(()));
    assert!(check_size(&rules_of_size(1, 513 - prefix), false).is_err());
}
