use super::*;

const GOOD: [(&str, &str); 4] = [
    ("STATE_TABLE", "state"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];

fn parse(further: &[(&str, &str)]) -> Result<Config, BadConfig> {
    Config::parse(|name| {
        let mut all = further.iter().chain(&GOOD);
        all.find(|(n, _)| *n == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn defaults() {
    let config = parse(&[]).unwrap();
    assert_eq!(config.table, "state");
    assert_eq!(config.allowed_origins, [] as [HeaderValue; 0]);
    assert_eq!(config.admin_group, None);
    assert_eq!(config.log_level, LogLevel::Info);
    assert_eq!(config.aws.endpoint, None);
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
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
fn the_service_endpoint_goes_before_the_general_one() {
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
fn every_fault_is_in_the_one_message_and_no_secret() {
    let settings = [
        ("ALLOWED_ORIGINS", "*"),
        ("LOG_LEVEL", "loud"),
        ("AWS_ENDPOINT_URL", "here"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
    ];
    let error = Config::parse(|name| {
        settings
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| (*v).to_owned())
    })
    .unwrap_err();
    let text = error.to_string();
    for expected in [
        "STATE_TABLE",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "`*`",
        "`loud`",
        "`here`",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("hush"));
    assert!(
        !format!("{:?}", parse(&[("AWS_SECRET_ACCESS_KEY", "hush")]).unwrap()).contains("hush")
    );
}
