use std::ffi::OsString;

use super::*;

const GOOD: [(&str, &str); 4] = [
    ("STATE_TABLE", "state"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];

/// Variables and their values. If a name occurs twice, the first value is used.
struct Given(Vec<(String, OsString)>);

impl Source for Given {
    fn variable(&self, name: &str) -> Option<OsString> {
        let variable = self.0.iter().find(|(n, _)| n == name);
        variable.map(|(_, value)| value.clone())
    }

    fn file(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn parse(extra: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let all = extra.iter().chain(&GOOD);
    let all = all.map(|(name, value)| ((*name).to_owned(), value.into()));
    Settings::from_source(&Given(all.collect()))
}

#[test]
fn defaults() {
    let config = parse(&[]).unwrap();
    assert_eq!(config.table, "state");
    assert_eq!(config.allowed_origins, [] as [HeaderValue; 0]);
    assert_eq!(config.admin_group, None);
    assert_eq!(config.log_level, Level::Info);
    assert_eq!(config.aws.endpoint, None);
}

#[test]
fn an_empty_variable_is_unset() {
    let config = parse(&[
        ("ADMIN_GROUP", ""),
        ("ALLOWED_ORIGINS", ""),
        ("LOG_LEVEL", ""),
        ("AWS_ENDPOINT_URL", ""),
    ]);
    assert_eq!(config, parse(&[]));
}

#[test]
fn origins_are_exact() {
    let check = |text: &str, good: bool| {
        assert_eq!(
            parse(&[("ALLOWED_ORIGINS", text)]).is_ok(),
            good,
            "{text:?}"
        )
    };
    check("https://app.example.com", true);
    check("http://127.0.0.1:8080, https://app.example.com", true);
    check("http://[::1]:8080", true);
    check("*", false);
    check("https://*.example.com", false);
    check("https://app.example.com/", false);
    check("https://App.example.com", false);
    check("app.example.com", false);
    check("null", false);
    check("ftp://app.example.com", false);
}

#[test]
fn the_service_endpoint_takes_precedence() {
    let one = parse(&[
        ("AWS_ENDPOINT_URL", "http://a:1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://b:2"),
    ])
    .unwrap();
    assert_eq!(one.aws.endpoint.as_deref(), Some("http://b:2"));
    let other = parse(&[("AWS_ENDPOINT_URL", "http://a:1")]).unwrap();
    assert_eq!(other.aws.endpoint.as_deref(), Some("http://a:1"));
}

#[test]
fn every_fault_is_in_one_message_without_secrets() {
    let mut given = Given(Vec::new());
    for (name, value) in [
        ("ALLOWED_ORIGINS", "https://a.example,*"),
        ("LOG_LEVEL", "loud"),
        ("AWS_ENDPOINT_URL", "here"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_SESSION_TOKEN", "hush"),
    ] {
        given.0.push((name.to_owned(), value.into()));
    }
    let not_utf8 = std::os::unix::ffi::OsStringExt::from_vec(vec![b'A', 0xFF]);
    given.0.push(("ADMIN_GROUP".to_owned(), not_utf8));
    let expected = "7 settings are wrong
  STATE_TABLE is not set: expected the name of the DynamoDB table
  ALLOWED_ORIGINS holds \"https://a.example,*\": expected origins such as https://app.example.com, separated by commas, without a path, never `*`
  ADMIN_GROUP holds a value that is not UTF-8: expected a UTF-8 string
  LOG_LEVEL holds \"loud\": expected one of error, warn, info, debug, trace
  AWS_REGION is not set: expected the region of the table, unless the profile in AWS_PROFILE has one
  AWS_ENDPOINT_URL holds \"here\": expected an http or https URL
  AWS_ACCESS_KEY_ID is not set: expected the id of AWS_SECRET_ACCESS_KEY; set both or neither";
    let faults = Settings::from_source(&given).unwrap_err();
    assert_eq!(faults.to_string(), expected);
}

#[test]
fn settings_show_no_secret() {
    let settings = parse(&[
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_SESSION_TOKEN", "hush"),
    ]);
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn an_access_key_is_complete_or_absent() {
    let access_key = |id: &str, secret: &str| {
        let given = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
        parse(&given).map(|settings| settings.aws.access_key.is_some())
    };
    assert_eq!(access_key("id", "secret"), Ok(true));
    assert_eq!(access_key("", ""), Ok(false));
    assert!(access_key("id", "").is_err());
    assert!(access_key("", "secret").is_err());
}

#[test]
fn a_profile_may_have_the_region() {
    assert!(parse(&[("AWS_REGION", "")]).is_err());
    let region = |given: &[(&str, &str)]| parse(given).unwrap().aws.region;
    assert_eq!(region(&[("AWS_REGION", ""), ("AWS_PROFILE", "dev")]), None);
    let default = region(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "eu-north-1")]);
    assert_eq!(default.as_deref(), Some("eu-north-1"));
}

#[test]
fn a_profile_that_is_not_utf_8_is_a_fault_whatever_the_region() {
    let not_utf8: OsString = std::os::unix::ffi::OsStringExt::from_vec(vec![b'A', 0xFF]);
    let given = [
        ("STATE_TABLE", OsString::from("states")),
        ("AWS_REGION", OsString::from("eu-west-1")),
        ("AWS_PROFILE", not_utf8),
    ];
    let given = Given(given.map(|(name, value)| (name.to_owned(), value)).into());
    let faults = Settings::from_source(&given).unwrap_err();
    let expected = "1 setting is wrong
  AWS_PROFILE holds a value that is not UTF-8: expected a UTF-8 string";
    assert_eq!(faults.to_string(), expected);
}

#[test]
fn the_kind_of_endpoint_is_as_the_sdk_reads_it() {
    let endpoint = |fips: &str, dual: &str| {
        let given = [
            ("AWS_USE_FIPS_ENDPOINT", fips),
            ("AWS_USE_DUALSTACK_ENDPOINT", dual),
        ];
        parse(&given).map(|settings| (settings.aws.use_fips, settings.aws.use_dual_stack))
    };
    assert_eq!(endpoint("", ""), Ok((false, false)));
    assert_eq!(endpoint("TRUE", "false"), Ok((true, false)));
    assert_eq!(endpoint("false", "true"), Ok((false, true)));
    assert!(endpoint("yes", "").is_err());
}

#[test]
fn the_public_url_is_a_base_for_paths() {
    let check = |text: &str, good: bool| {
        let settings = parse(&[("PUBLIC_URL", text)]);
        assert_eq!(settings.is_ok(), good, "{text:?}");
        if let Ok(settings) = settings {
            assert_eq!(settings.public_url.as_deref(), Some(text));
        }
    };
    check("https://api.example.com", true);
    check("https://api.example.com/prod/v1", true);
    check("http://127.0.0.1:3000/prod", true);
    check("https://api.example.com/", false);
    check("https://api.example.com/prod?x=1", false);
    check("https://api.example.com/prod#x", false);
    check("https://user@api.example.com", false);
    check("api.example.com", false);
    check("/prod", false);
    assert_eq!(parse(&[("PUBLIC_URL", "")]).unwrap().public_url, None);
}

#[test]
fn how_to_sign_in_is_published_with_any_authorization_server() {
    let sign_in = |given: &[(&str, &str)]| parse(given).map(|settings| settings.sign_in);
    assert_eq!(
        sign_in(&[("SCOPES_SUPPORTED", "a"), ("DPOP", "require")]),
        Ok(None)
    );
    let one = sign_in(&[(
        "AUTHORIZATION_SERVERS",
        "https://issuer.example.com/oauth2/x",
    )]);
    assert_eq!(
        one,
        Ok(Some(SignInMetadata {
            authorization_servers: vec!["https://issuer.example.com/oauth2/x".to_owned()],
            scopes: Vec::new(),
            requires_dpop: false,
        }))
    );
    let all = sign_in(&[
        (
            "AUTHORIZATION_SERVERS",
            "https://a.example, http://127.0.0.1:9000",
        ),
        ("SCOPES_SUPPORTED", "openid, state:write"),
        ("DPOP", "require"),
    ]);
    assert_eq!(
        all,
        Ok(Some(SignInMetadata {
            authorization_servers: vec![
                "https://a.example".to_owned(),
                "http://127.0.0.1:9000".to_owned()
            ],
            scopes: vec!["openid".to_owned(), "state:write".to_owned()],
            requires_dpop: true,
        }))
    );
    for (name, wrong) in [
        ("AUTHORIZATION_SERVERS", "issuer.example.com"),
        ("AUTHORIZATION_SERVERS", "https://issuer.example.com?x"),
        ("AUTHORIZATION_SERVERS", "https://issuer.example.com,"),
        ("SCOPES_SUPPORTED", "a b"),
        ("SCOPES_SUPPORTED", "a\"b"),
        ("DPOP", "on"),
    ] {
        let message = sign_in(&[(name, wrong)]).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
}
