use std::collections::HashMap;
use std::ffi::OsString;
use std::io;

use super::*;

/// Settings by name, and files by path.
#[derive(Default)]
struct Given(HashMap<String, OsString>, HashMap<String, Vec<u8>>);

impl Source for Given {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.0.get(name).cloned()
    }

    fn file(&self, path: &str) -> io::Result<Vec<u8>> {
        let contents = self.1.get(path).cloned();
        contents.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

const ISSUER: &str = "https://example.okta.com/oauth2/default";

/// The key of RFC 7517, appendix A.1.
const ELLIPTIC_KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

fn given(variables: &[(&str, &str)]) -> Given {
    let base = [("ISSUER", ISSUER), ("AUDIENCE", "api://default")];
    let base = base
        .iter()
        .chain(variables)
        .filter(|(_, value)| *value != "-");
    let mut map: HashMap<String, OsString> =
        base.map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
    for (name, _) in variables.iter().filter(|(_, value)| *value == "-") {
        map.remove(*name);
    }
    let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    let rules = r#"[{"methods": ["GET"], "path": "/"}, {"methods": ["PUT"], "path": "/"}]"#;
    Given(
        map,
        HashMap::from([
            file("rules.json", rules),
            file("bad.json", "{"),
            file(
                "secret.json",
                r#"{"keys": [{"kty": "oct", "kid": "a", "k": "AA"}]}"#,
            ),
            file("bad.pem", "no PEM"),
            file("elliptic.json", ELLIPTIC_KEYS),
        ]),
    )
}

/// Compares the message about one fault, from what was expected to its end.
#[track_caller]
fn check_message(name: &str, value: &str, expected: &str) {
    let message = Settings::from_source(&given(&[(name, value)]))
        .unwrap_err()
        .to_string();
    let end = message.split_once(": expected ").unwrap().1;
    assert_eq!(end, expected);
}

/// The names of the invalid variables.
fn faults(variables: &[(&str, &str)]) -> Vec<String> {
    match Settings::from_source(&given(variables)) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.names().map(str::to_owned).collect(),
    }
}

#[track_caller]
fn good(variables: &[(&str, &str)]) -> Settings {
    Settings::from_source(&given(variables)).unwrap()
}

#[test]
fn defaults_are_as_documented() {
    let settings = good(&[]);
    let summary = serde_json::json!({
        "issuers": [{
            "issuer": ISSUER, "audience": ["api://default"], "clientIds": null, "jwksUri": null,
            "algorithms": ["RS256"],
        }],
        "tokenUse": "access", "clockLeewaySeconds": 60, "principalClaims": ["uid", "sub"], "contextClaims": [],
        "accessRules": 1, "jwksMaxAgeSeconds": 3600, "jwksMaxStaleSeconds": 86400, "jwksCooldownSeconds": 30,
        "jwksTimeoutMs": 2000, "jwksFile": false, "tokenCacheEntries": 1024, "introspection": null, "caFile": false,
        "policyExpiry": false, "httpApiResponse": "simple", "dpop": "off", "dpopPublicUrls": [], "logLevel": "INFO",
        "proxy": null,
    });
    assert_eq!(settings.summary(), summary);
    assert!(settings.warnings.is_empty());
}

#[test]
fn one_bad_value_of_each_variable_is_reported() {
    for (name, values) in [
        (
            "ISSUER",
            &[
                "-",
                "",
                "example.okta.com",
                "http://example.okta.com",
                "https://a.example/?a=b",
                "https://a.example/#f",
                "https://u:p@a.example",
                " https://a.example",
                "ftp://a.example",
            ][..],
        ),
        ("AUDIENCE", &["-", "", " ", ",", "a,,b", "a,"]),
        ("CLIENT_IDS", &[",", "a,,b"]),
        (
            "JWKS_URI",
            &["keys", "http://a.example/keys", "https://u@a.example/keys"],
        ),
        ("JWKS_FILE", &["missing.json", "rules.json", "bad.json"]),
        (
            "JWKS_MAX_AGE_SECONDS",
            &["-1", "1h", "1.5", "+5", "99999999999999999999", "0x10"],
        ),
        ("JWKS_MAX_STALE_SECONDS", &["-1", "never"]),
        ("JWKS_COOLDOWN_SECONDS", &["-1", "86401"]),
        ("JWKS_TIMEOUT_MS", &["0", "2s", "60001"]),
        (
            "ALGORITHMS",
            &["HS256", "none", "RS256,HS512", "rs256", "RS256,"],
        ),
        ("CLOCK_LEEWAY_SECONDS", &["-1", "301"]),
        ("TOKEN_USE", &["Access", "both"]),
        ("PRINCIPAL_CLAIMS", &["uid,,sub"]),
        ("CONTEXT_CLAIMS", &["email,", "claims", "email,principalId"]),
        ("ACCESS_RULES", &["", " ", "{}", "["]),
        ("ACCESS_RULES_FILE", &["missing.json", "bad.json"]),
        ("TOKEN_CACHE_ENTRIES", &["-1", "1000001", "many"]),
        ("INTROSPECTION", &["yes", "ON"]),
        (
            "INTROSPECTION_URI",
            &["introspect", "http://a.example/introspect"],
        ),
        ("INTROSPECTION_TTL_SECONDS", &["-1", "86401"]),
        ("CA_FILE", &["missing.pem", "bad.pem"]),
        ("POLICY_EXPIRY", &["true"]),
        ("HTTP_API_RESPONSE", &["policy"]),
        ("DPOP", &["on", "Require", "true"]),
        (
            "DPOP_PUBLIC_URL",
            &[
                "api.example.com",
                "http://api.example.com",
                "https://me@api.example.com",
                "https://api.example.com/v1?x=1",
                "https://api.example.com/#x",
                "https://api.example.com,",
                "https://api.example.com,https://api.example.com/a b",
            ],
        ),
        ("LOG_LEVEL", &["verbose"]),
        ("AWS_LAMBDA_LOG_LEVEL", &["verbose"]),
    ] {
        for value in values {
            assert_eq!(faults(&[(name, value)]), [name], "{name}={value}");
        }
    }
}

#[test]
fn an_empty_variable_is_unset() {
    for name in [
        "CLIENT_IDS",
        "JWKS_URI",
        "JWKS_FILE",
        "ALGORITHMS",
        "TOKEN_USE",
        "CONTEXT_CLAIMS",
        "TRUSTED_ISSUERS",
        "ACCESS_RULES_FILE",
        "TOKEN_CACHE_ENTRIES",
        "INTROSPECTION",
        "CA_FILE",
        "DPOP",
        "DPOP_PUBLIC_URL",
        "LOG_LEVEL",
    ] {
        assert_eq!(good(&[(name, "")]).summary(), good(&[]).summary(), "{name}");
    }
}

#[test]
fn all_faults_are_in_one_message_without_secrets() {
    let message = Settings::from_source(&given(&[
        ("ISSUER", "http://example.com"),
        ("AUDIENCE", "-"),
        ("JWKS_URI", "https://me:hush1@example.com/keys"),
        ("CLOCK_LEEWAY_SECONDS", "3600"),
        ("INTROSPECTION", "on"),
        ("INTROSPECTION_CLIENT_SECRET", "hush2"),
        (
            "ACCESS_RULES",
            r#"[{"methods": ["GET"], "path": "/a", "roles": ["b"]}]"#,
        ),
    ]))
    .unwrap_err()
    .to_string();
    let expected = "6 settings are wrong
  ISSUER holds \"http://example.com\": expected the exact `iss` of the tokens: an https URL (http only on a loopback host) without query or fragment, for Okta https://{domain}/oauth2/{id}
  AUDIENCE is not set: expected the `aud` values to accept, separated by commas
  JWKS_URI holds a value that is not shown: expected an https URL, or http on a loopback host; it is a URL with a user name or password
  CLOCK_LEEWAY_SECONDS holds \"3600\": expected a whole number from 0 to 300
  ACCESS_RULES/0/roles holds \"[\\\"b\\\"]\": expected only methods, path, anonymous, issuers, clients, scopes, groups, claims, notClaims, acr, maxAgeSeconds
  INTROSPECTION_CLIENT_ID is not set: expected the client id for introspection, because INTROSPECTION is on";
    assert_eq!(message, expected);
}

/// With replacement characters an audience could become equal to the audience of a token.
#[cfg(unix)]
#[test]
fn a_value_that_is_not_utf_8_is_reported_once() {
    use std::os::unix::ffi::OsStringExt;
    for name in [
        "ISSUER",
        "AUDIENCE",
        "CLIENT_IDS",
        "JWKS_URI",
        "JWKS_FILE",
        "JWKS_TIMEOUT_MS",
        "ALGORITHMS",
        "TOKEN_USE",
        "CONTEXT_CLAIMS",
        "ACCESS_RULES",
        "ACCESS_RULES_FILE",
        "TRUSTED_ISSUERS",
        "INTROSPECTION",
        "INTROSPECTION_CLIENT_ID",
        "INTROSPECTION_CLIENT_SECRET",
        "CA_FILE",
        "DPOP",
        "DPOP_PUBLIC_URL",
        "LOG_LEVEL",
        "AWS_LAMBDA_LOG_LEVEL",
    ] {
        let mut given = given(&[]);
        let value = OsString::from_vec(b"hush\xff".to_vec());
        given.0.insert(name.to_owned(), value);
        let message = Settings::from_source(&given).unwrap_err().to_string();
        let expected = format!(
            "1 setting is wrong\n  {name} holds a value that is not UTF-8: expected a UTF-8 string"
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn the_proxy_is_read_as_curl_reads_it_and_its_password_is_never_shown() {
    for (variables, expected) in [
        (
            &[("HTTPS_PROXY", "http://user:hush@proxy:3128")][..],
            Some("http://proxy:3128"),
        ),
        (
            &[("https_proxy", "http://proxy:3128")],
            Some("http://proxy:3128"),
        ),
        (
            &[
                ("https_proxy", "http://lower:1"),
                ("HTTPS_PROXY", "http://upper:1"),
            ],
            Some("http://lower:1"),
        ),
        (
            &[("https_proxy", ""), ("HTTPS_PROXY", "http://upper:1")],
            Some("http://upper:1"),
        ),
        (&[("NO_PROXY", "*")], None),
        (
            &[
                ("HTTP_PROXY", "http://proxy:3128"),
                ("ALL_PROXY", "http://proxy:3128"),
            ],
            None,
        ),
    ] {
        let settings = good(variables);
        let printed = format!("{settings:?} {}", settings.summary());
        assert!(!printed.contains("hush"), "{printed}");
        assert_eq!(
            settings.summary()["proxy"].as_str(),
            expected,
            "{variables:?}"
        );
    }
    let except = |name, hosts| good(&[("HTTPS_PROXY", "http://proxy:1"), (name, hosts)]).proxy;
    let plain: ForwardProxy = "http://proxy:1".parse().unwrap();
    assert_eq!(
        except("NO_PROXY", "a.example"),
        Some(plain.clone().except("a.example"))
    );
    assert_eq!(
        except("no_proxy", "a.example"),
        Some(plain.except("a.example"))
    );

    for name in ["HTTPS_PROXY", "https_proxy"] {
        for value in [
            "proxy:3128",
            "https://user:hush@proxy:3128",
            "http://user:hush@proxy",
            "http:/user:hush@proxy:3128",
            "user:hush@proxy:3128",
            "http://user:hu/sh@proxy:3128",
        ] {
            assert_eq!(faults(&[(name, value)]), [name], "{value}");
            let message = Settings::from_source(&given(&[(name, value)]))
                .unwrap_err()
                .to_string();
            assert!(!message.contains("hu"), "{message}");
            assert!(
                message.contains("http://[user:password@]host:port"),
                "{message}"
            );
        }
    }
}

#[test]
fn an_unusable_file_is_reported_in_full_sentences() {
    let jwks = "the path of a JWK Set with a usable key; the file cannot be used:";
    check_message(
        "JWKS_FILE",
        "bad.json",
        &format!("{jwks} not a JSON object"),
    );
    check_message(
        "JWKS_FILE",
        "secret.json",
        &format!("{jwks} none of its keys can be used (the first: a symmetric key)"),
    );
    check_message(
        "CA_FILE",
        "bad.pem",
        "a file of PEM certificates; the file cannot be used: it has no PEM certificate",
    );
}

#[test]
fn the_message_explains_why_hmac_is_never_accepted() {
    let all = "one or more of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";
    let why =
        "; HMAC is never accepted: its key would be the public key, so anyone could sign tokens";
    check_message("ALGORITHMS", "none", &format!("{all}, separated by commas"));
    for name in ["HS256", "RS256,HS384", "hs512"] {
        check_message(
            "ALGORITHMS",
            name,
            &format!("{all}, separated by commas{why}"),
        );
    }
    let message = Settings::from_source(&given(&[
        ("ISSUER", "-"),
        ("AUDIENCE", "-"),
        (
            "TRUSTED_ISSUERS",
            r#"[{"issuer": "https://a.example", "audience": ["x"], "algorithms": ["HS256"]}]"#,
        ),
    ]))
    .unwrap_err()
    .to_string();
    assert!(
        message.ends_with(&format!("expected an array with {all}{why}")),
        "{message}"
    );
}

#[test]
fn dpop_settings_are_read() {
    let urls = "https://api.example.com/v1/, http://127.0.0.1:3000/prod";
    for mode in ["off", "accept", "require"] {
        let settings = good(&[("DPOP", mode), ("DPOP_PUBLIC_URL", urls)]);
        let summary = settings.summary();
        assert_eq!(summary["dpop"], mode);
        let expected =
            serde_json::json!(["https://api.example.com/v1", "http://127.0.0.1:3000/prod"]);
        assert_eq!(summary["dpopPublicUrls"], expected);
        let warned = settings
            .warnings
            .iter()
            .any(|warning| warning.starts_with("DPOP_PUBLIC_URL has no effect"));
        assert_eq!(warned, mode == "off");
    }
    check_message("DPOP", "on", "off or accept or require");
    check_message(
        "DPOP_PUBLIC_URL",
        "https://api.example.com,http://api.example.com",
        "https URLs (http only on a loopback host) without a query, separated by commas; one of them is neither \
         https, nor http on a loopback host",
    );
}

#[test]
fn a_cooldown_of_zero_causes_a_warning() {
    let warnings = |seconds| good(&[("JWKS_COOLDOWN_SECONDS", seconds)]).warnings;
    assert_eq!(
        warnings("0"),
        [
            "JWKS_COOLDOWN_SECONDS is 0: each token with an unknown key id causes a request to the issuer, and during an \
             outage each call waits for one; set it to at least 1"
        ]
    );
    assert!(warnings("1").is_empty());
}

#[test]
fn a_key_file_that_is_never_used_causes_a_warning() {
    let warnings = |stale| {
        good(&[
            ("ALGORITHMS", "ES256"),
            ("JWKS_FILE", "elliptic.json"),
            ("JWKS_MAX_STALE_SECONDS", stale),
        ])
        .warnings
    };
    assert_eq!(
        warnings("0"),
        [
            "JWKS_FILE has no effect while JWKS_MAX_STALE_SECONDS is 0, because its keys are stale from the start: set \
             JWKS_MAX_STALE_SECONDS to at least 1, or unset JWKS_FILE"
        ]
    );
    assert!(warnings("1").is_empty());
    assert!(good(&[("JWKS_MAX_STALE_SECONDS", "0")]).warnings.is_empty());
}

/// Otherwise an operator could believe that tokens are introspected.
#[test]
fn settings_of_introspection_cause_a_warning_while_it_is_off() {
    let unused = [
        ("INTROSPECTION_URI", "https://a.example/introspect"),
        ("INTROSPECTION_CLIENT_ID", "c"),
        ("INTROSPECTION_CLIENT_SECRET", "hush"),
    ];
    let warnings = unused.map(|(name, _)| {
        format!(
            "{name} has no effect while INTROSPECTION is off: set INTROSPECTION to on, or unset {name}"
        )
    });
    assert_eq!(good(&unused).warnings, warnings);
    let on = [&unused[..], &[("INTROSPECTION", "on")]].concat();
    assert!(good(&on).warnings.is_empty());
    // The templates set it always.
    assert!(
        good(&[("INTROSPECTION_TTL_SECONDS", "30")])
            .warnings
            .is_empty()
    );
}

#[test]
fn debug_of_the_settings_shows_no_secret() {
    let settings = good(&[
        ("INTROSPECTION", "on"),
        ("INTROSPECTION_CLIENT_ID", "c"),
        ("INTROSPECTION_CLIENT_SECRET", "hush"),
    ]);
    let printed = format!("{settings:?} {}", settings.summary());
    assert!(printed.contains("INTROSPECTION") || printed.contains("introspection"));
    assert!(!printed.contains("hush"), "{printed}");
}

/// A query may contain an API key.
#[test]
fn the_query_of_a_url_is_not_shown() {
    let address = "https://a.example/keys?key=hush";
    let settings = good(&[
        ("JWKS_URI", address),
        ("INTROSPECTION", "on"),
        ("INTROSPECTION_CLIENT_ID", "c"),
        ("INTROSPECTION_URI", address),
    ]);
    let summary = settings.summary();
    for shown in [
        &summary["issuers"][0]["jwksUri"],
        &summary["introspection"]["uri"],
    ] {
        assert_eq!(shown, "https://a.example/keys?…");
    }
    assert!(!format!("{settings:?}").contains("hush"));
    for issuers in [
        format!(r#"[{{"jwksUri": "{address}"}},]"#),
        format!(r#"["{address}"]"#),
        format!(r#"[{{"issuer": "{address}", "audience": ["x"]}}]"#),
        format!(
            r#"[{{"issuer": "https://a.example", "audience": ["x"], "jwksURI": "{address}"}}]"#
        ),
    ] {
        let variables = [
            ("ISSUER", "-"),
            ("AUDIENCE", "-"),
            ("TRUSTED_ISSUERS", &*issuers),
        ];
        let message = Settings::from_source(&given(&variables))
            .unwrap_err()
            .to_string();
        assert!(message.contains("https://a.example/keys?…"), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }
    let wrong = "http://a.example/keys?key=hush";
    let json =
        format!(r#"[{{"issuer": "https://a.example", "audience": ["x"], "jwksUri": "{wrong}"}}]"#);
    for variables in [
        &[("JWKS_URI", wrong)][..],
        &[("INTROSPECTION_URI", wrong)],
        &[
            ("ISSUER", "-"),
            ("AUDIENCE", "-"),
            ("TRUSTED_ISSUERS", &json),
        ],
    ] {
        let faults = Settings::from_source(&given(variables)).unwrap_err();
        let message = faults.to_string();
        assert!(message.contains("http://a.example/keys?…"), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }
}

/// Some URL parsers accept one slash, backslashes or nothing instead of `//`.
#[test]
fn no_setting_that_may_hold_a_url_shows_a_password() {
    for url in [
        "https://user:hush@a.example",
        "https:/user:hush@a.example",
        "https:user:hush@a.example",
        "https:\\\\user:hush@a.example",
        " https://user:hush@a.example",
        "https://user:hu/sh?hush#hush@a.example/keys",
        "https://user:hush?@a.example",
        "HTTPS://hush@a.example",
        "user:hush@a.example",
        "//user:hush@a.example",
    ] {
        let issuers =
            serde_json::json!([{"issuer": url, "audience": ["x"], "jwksUri": url, "unknown": url}]);
        let rules = serde_json::json!([{"methods": ["GET"], "path": url, "issuers": [url], "unknown": [url]}]);
        for (name, value) in [
            ("ISSUER", url),
            ("JWKS_URI", url),
            ("INTROSPECTION_URI", url),
            ("JWKS_FILE", url),
            ("CA_FILE", url),
            ("TOKEN_USE", url),
            ("LOG_LEVEL", url),
            ("ACCESS_RULES", &rules.to_string()),
            ("TRUSTED_ISSUERS", &issuers.to_string()),
        ] {
            let faults = Settings::from_source(&given(&[(name, value)])).unwrap_err();
            let message = faults.to_string();
            assert!(message.contains(name), "{message}");
            assert!(!message.contains("hush"), "{message}");
        }
    }
}

#[test]
fn rules_that_no_caller_can_meet_cause_a_warning() {
    let warnings = |rules| good(&[("ACCESS_RULES", rules)]).warnings;
    assert_eq!(
        warnings("[]"),
        [
            "ACCESS_RULES holds an empty array: every caller is denied; to allow every valid token on every route, leave it unset"
        ]
    );
    assert_eq!(
        warnings(
            r#"[{"methods": ["GET"], "path": "/", "scopes": ["a"]},
                {"methods": ["GET"], "path": "/", "scopes": ["a", "b c"]}]"#
        ),
        [
            "ACCESS_RULES/1/scopes has \"b c\", which is not a single scope (RFC 6749, section 3.3), so no caller can \
         meet this rule; write each scope as a separate string"
        ]
    );
    assert!(
        warnings(r#"[{"methods": ["GET"], "path": "/", "scopes": ["api:read/x.y"]}]"#).is_empty()
    );
}

#[test]
fn rules_with_scopes_cause_a_warning_where_id_tokens_are_expected() {
    let rules = r#"[{"methods": ["GET"], "path": "/"}, {"methods": ["GET"], "path": "/", "scopes": ["a"]}]"#;
    for (token_use, expected) in [
        ("access", &[][..]),
        (
            "id",
            &[
                "ACCESS_RULES/1/scopes is in a rule that no caller can meet, because TOKEN_USE is id and a token with scopes \
                 is an access token; use groups or claims",
            ],
        ),
    ] {
        let settings = good(&[("TOKEN_USE", token_use), ("ACCESS_RULES", rules)]);
        assert_eq!(settings.warnings, expected, "{token_use}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let two = r#"[{"issuer": "https://a.example", "audience": ["x"]}, {"issuer": "https://b.example", "audience": ["x"]}]"#;
    let rules = r#"[{"methods": ["GET"], "path": "/"}]"#;
    for (variables, expected) in [
        (
            &[("ACCESS_RULES", rules), ("ACCESS_RULES_FILE", "rules.json")][..],
            &["ACCESS_RULES_FILE"][..],
        ),
        (&[("TRUSTED_ISSUERS", two)], &["ISSUER", "AUDIENCE"]),
        (
            &[
                ("TRUSTED_ISSUERS", two),
                ("ISSUER", "-"),
                ("AUDIENCE", "-"),
                ("CLIENT_IDS", "a"),
            ],
            &["CLIENT_IDS"],
        ),
        (
            &[
                ("TRUSTED_ISSUERS", two),
                ("ISSUER", "-"),
                ("AUDIENCE", "-"),
                ("JWKS_FILE", "rules.json"),
            ],
            &["JWKS_FILE"],
        ),
        (&[("INTROSPECTION", "on")], &["INTROSPECTION_CLIENT_ID"]),
        (
            &[
                ("TRUSTED_ISSUERS", two),
                ("ISSUER", "-"),
                ("AUDIENCE", "-"),
                ("INTROSPECTION", "on"),
                ("INTROSPECTION_CLIENT_ID", "c"),
                ("INTROSPECTION_URI", "https://a.example/introspect"),
            ],
            &["INTROSPECTION_URI"],
        ),
        (
            &[
                ("TRUSTED_ISSUERS", two),
                ("ISSUER", "-"),
                ("AUDIENCE", "-"),
                ("INTROSPECTION", "on"),
                ("INTROSPECTION_CLIENT_ID", "c"),
                ("INTROSPECTION_CLIENT_SECRET", "hush"),
            ],
            &["INTROSPECTION_CLIENT_SECRET"],
        ),
    ] {
        assert_eq!(faults(variables), expected, "{variables:?}");
    }
}

/// Rules and keys cannot be judged without the issuers and their algorithms.
#[test]
fn invalid_issuers_cause_no_fault_of_another_setting() {
    const RULES: &str =
        r#"[{"methods": ["GET"], "path": "/", "issuers": ["https://b.example"], "groups": ["a"]}]"#;
    for (json, places) in [
        ("[", &[""][..]),
        ("[]", &[""]),
        ("[5]", &["/0"]),
        (
            r#"[{"audience": ["x"], "algorithms": ["ES256"]}]"#,
            &["/0/issuer"],
        ),
        (
            r#"[{"issuer": "https://b.example", "audience": ["x"], "algorithms": ["E"]}]"#,
            &["/0/algorithms"],
        ),
        (
            r#"[{"issuer": "https://b.example", "audience": ["x"], "algorithms": "ES256"}]"#,
            &["/0/algorithms"],
        ),
    ] {
        let found = faults(&[
            ("TRUSTED_ISSUERS", json),
            ("ISSUER", "-"),
            ("AUDIENCE", "-"),
            ("ACCESS_RULES", RULES),
            ("JWKS_FILE", "elliptic.json"),
        ]);
        let expected: Vec<String> = places
            .iter()
            .map(|place| format!("TRUSTED_ISSUERS{place}"))
            .collect();
        assert_eq!(found, expected, "{json}");
    }
    let found = faults(&[
        (
            "TRUSTED_ISSUERS",
            r#"[5, {"issuer": "https://a.example", "audience": ["x"]}]"#,
        ),
        ("ISSUER", "-"),
        ("AUDIENCE", "-"),
        ("ACCESS_RULES", RULES),
    ]);
    assert_eq!(found, ["TRUSTED_ISSUERS/0"]);
    let found = faults(&[("ALGORITHMS", "ES265"), ("JWKS_FILE", "elliptic.json")]);
    assert_eq!(found, ["ALGORITHMS"]);
}

#[test]
fn every_fault_of_a_trusted_issuer_is_reported() {
    let faults = |json: &str| {
        faults(&[
            ("TRUSTED_ISSUERS", json),
            ("ISSUER", "-"),
            ("AUDIENCE", "-"),
        ])
    };
    let at = |places: &[&str]| {
        places
            .iter()
            .map(|place| format!("TRUSTED_ISSUERS{place}"))
            .collect::<Vec<_>>()
    };
    for (json, places) in [
        ("[]", &[""][..]),
        ("{}", &[""]),
        ("[", &[""]),
        (
            r#"[{"issuer": "https://a.example", "issuer": "https://b.example", "audience": ["x"]}]"#,
            &[""],
        ),
        ("[5]", &["/0"]),
        ("[{}]", &["/0/issuer", "/0/audience"]),
        (
            r#"[{"issuer": "https://a.example", "audience": "x"}]"#,
            &["/0/audience"],
        ),
        (
            r#"[{"issuer": "https://a.example", "audience": []}]"#,
            &["/0/audience"],
        ),
        (
            r#"[{"issuer": "https://a.example", "audience": ["x"], "client_ids": ["c"]}]"#,
            &["/0/client_ids"],
        ),
        (
            r#"[{"issuer": "https://a.example", "audience": ["x"], "clientIds": []}]"#,
            &["/0/clientIds"],
        ),
        (
            r#"[{"issuer": "https://a.example", "audience": ["x"], "algorithms": ["HS256"]}]"#,
            &["/0/algorithms"],
        ),
        (
            r#"[{"issuer": "https://a.example", "audience": ["x"], "jwksUri": "http://a.example"}]"#,
            &["/0/jwksUri"],
        ),
        (
            r#"[{"issuer": "https://a.example", "audience": ["x"]}, {"issuer": "https://a.example", "audience": ["y"]}]"#,
            &["/1/issuer"],
        ),
        (
            r#"[{"issuer": "a", "audience": ["x"]}, {"issuer": "b", "audience": ["y"]}]"#,
            &["/0/issuer", "/1/issuer"],
        ),
    ] {
        assert_eq!(faults(json), at(places), "{json}");
    }
}

#[test]
fn several_issuers_each_have_their_own_settings() {
    let json = r#"[
        {"issuer": "https://a.example", "audience": ["x", "y"], "clientIds": ["c"], "jwksUri": "https://a.example/keys",
         "algorithms": ["ES256", "EdDSA"]},
        {"issuer": "https://b.example/", "audience": ["z"]}
    ]"#;
    let settings = good(&[
        ("TRUSTED_ISSUERS", json),
        ("ISSUER", "-"),
        ("AUDIENCE", "-"),
    ]);
    let [first, second] = &settings.issuers[..] else {
        panic!("two issuers")
    };
    assert_eq!(first.audiences, ["x", "y"]);
    assert_eq!(first.client_ids.as_deref(), Some(&["c".to_owned()][..]));
    assert_eq!(first.algorithms.len(), 2);
    assert_eq!(
        (second.issuer.as_str(), second.client_ids.as_ref()),
        ("https://b.example/", None)
    );
}

#[test]
fn no_context_claim_replaces_a_fixed_member() {
    let settings = good(&[("CONTEXT_CLAIMS", "email, signedIn,acr,principal")]);
    assert_eq!(settings.requirements.kept_claims.context, ["email", "acr"]);
    assert!(
        settings
            .warnings
            .iter()
            .any(|warning| warning.contains("signedIn, principal"))
    );
}

#[test]
fn lambdas_log_level_applies_unless_log_level_is_set() {
    assert_eq!(
        good(&[("AWS_LAMBDA_LOG_LEVEL", "DEBUG")]).log_level,
        Level::Debug
    );
    assert_eq!(
        good(&[("AWS_LAMBDA_LOG_LEVEL", "DEBUG"), ("LOG_LEVEL", "warn")]).log_level,
        Level::Warn
    );
}

#[test]
fn rules_may_be_in_a_file() {
    let settings = good(&[("ACCESS_RULES_FILE", "rules.json")]);
    assert_eq!(settings.summary()["accessRules"], 2);
}

#[test]
fn no_secret_is_shown() {
    let settings = good(&[
        ("INTROSPECTION", "on"),
        ("INTROSPECTION_CLIENT_ID", "c"),
        ("INTROSPECTION_CLIENT_SECRET", "hush"),
    ]);
    assert!(!format!("{settings:?}{}", settings.summary()).contains("hush"));
}
