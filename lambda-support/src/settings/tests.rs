use std::collections::HashMap;

use super::*;
use crate::log::Level;

/// Variables by name, and files by path.
#[derive(Default)]
struct Given(
    HashMap<&'static str, OsString>,
    HashMap<&'static str, &'static [u8]>,
);

impl Source for Given {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.0.get(name).cloned()
    }

    fn file(&self, path: &str) -> io::Result<Vec<u8>> {
        let contents = self.1.get(path).copied();
        contents
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

fn given(variables: &[(&'static str, &str)]) -> Given {
    let variables = variables.iter().map(|(name, value)| (*name, value.into()));
    Given(variables.collect(), HashMap::new())
}

/// The message about an invalid variable with this value.
fn message(name: &'static str, value: &str) -> String {
    let source = given(&[(name, value)]);
    let mut reader = Reader::new(&source);
    reader.fault(name, "another value");
    reader.finish(()).unwrap_err().to_string()
}

#[test]
fn every_fault_is_in_one_message() {
    let mut source = given(&[("NUMBER", "1e3"), ("WORD", "maybe"), ("LIST", "a,,b")]);
    let not_utf8 = std::os::unix::ffi::OsStringExt::from_vec(vec![b'a', 0xFF]);
    source.0.insert("BYTES", not_utf8);
    let mut reader = Reader::new(&source);
    assert_eq!(reader.number("NUMBER", 7, 0..=9), 7);
    assert!(!reader.choice(
        "WORD",
        ("off", false),
        &[("accept", true), ("require", true)]
    ));
    assert_eq!(reader.list("LIST"), None);
    assert_eq!(reader.required("MISSING", "a name"), "");
    assert_eq!(reader.text("BYTES"), None);
    assert_eq!(reader.text("BYTES"), None, "the fault is recorded once");
    assert_eq!(
        reader.parsed::<std::net::IpAddr>("WORD", "an address"),
        None
    );
    assert_eq!(reader.file("WORD", "rules"), None);
    let expected = "7 settings are wrong
  NUMBER holds \"1e3\": expected a whole number from 0 to 9
  WORD holds \"maybe\": expected off or accept or require
  LIST holds \"a,,b\": expected values separated by commas, none of them empty
  MISSING is not set: expected a name
  BYTES holds a value that is not UTF-8: expected a UTF-8 string
  WORD holds \"maybe\": expected an address; it is invalid IP address syntax
  WORD holds \"maybe\": expected the path of a readable file of rules; entity not found";
    assert_eq!(reader.finish(()).unwrap_err().to_string(), expected);
}

#[test]
fn valid_values_are_read() {
    let mut source = given(&[("NUMBER", "5"), ("WORD", "on"), ("LIST", "a, b ")]);
    source
        .0
        .extend([("EMPTY", " ".into()), ("FILE", "rules.json".into())]);
    source.1.insert("rules.json", b"\xEF\xBB\xBF[]");
    let mut reader = Reader::new(&source);
    assert_eq!(reader.number("NUMBER", 7, 0..=9), 5);
    assert!(reader.choice("WORD", ("off", false), &[("on", true)]));
    assert_eq!(
        reader.list("LIST"),
        Some(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(reader.text("EMPTY"), None);
    assert!(reader.is_set_blank("EMPTY") && !reader.is_set_blank("MISSING"));
    assert_eq!(reader.file("FILE", "rules"), Some(b"[]".to_vec()));
    reader.warn("a warning".to_owned());
    assert_eq!(
        reader.finish("settings"),
        Ok(("settings", vec!["a warning".to_owned()]))
    );
}

#[test]
fn a_value_that_may_be_a_secret_is_not_shown() {
    for (name, value) in [
        ("CLIENT_SECRET", "hush"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_SESSION_TOKEN", "hush"),
        ("ISSUER", "https://user:hush@host"),
        ("ISSUER", "https:/user:hush@host"),
        ("ISSUER", "https:user:hush@host"),
        ("ISSUER", "https://user:hu/sh@host"),
        ("HTTPS_PROXY", "user:hush@host:3128"),
        ("HTTPS_PROXY", "http://user:hush"),
        ("https_proxy", "user:hush"),
        ("HTTPS_PROXY", "http://user:hush%40host:3128"),
        ("HTTPS_PROXY", "http://user:3128/hush"),
        ("ISSUER", "https://user:hush%40host"),
        ("JWKS_URI", "https://user:hush\u{ff20}host"),
        ("JWKS_URI", "https://host/keys?key=hush"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://host/?key=hush"),
        ("TRUSTED_ISSUERS", r#"[{"issuer": "https://user:hush@host""#),
        (
            "TRUSTED_ISSUERS",
            r#"[{"jwksUri": "https://host/keys?key=hush"},]"#,
        ),
        ("ISSUER", "https://host/keys?key=hush"),
        ("JWKS_FILE", "HTTPS://host/keys?key=hush"),
    ] {
        let message = message(name, value);
        assert!(!message.contains("hu"), "{message}");
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn a_value_that_cannot_be_a_secret_is_shown() {
    for (name, value) in [
        ("ISSUER", "http://example.com/a"),
        ("AUDIENCE", "api://default"),
        ("ADMIN_GROUP", "admins@example.com"),
        ("HTTPS_PROXY", "proxy.example:3128"),
        ("https_proxy", "https://proxy.example:3128/"),
        ("HTTPS_PROXY", "proxy-1.example"),
        ("ACCESS_RULES", r#"[{"groups": ["admins@example.com"]"#),
    ] {
        let message = message(name, value);
        assert!(message.contains(&format!("{value:?}")), "{message}");
    }
    let long = message("AUDIENCE", &"a".repeat(1000));
    assert!(
        long.contains("a\"…: expected") && long.len() < 300,
        "{long}"
    );
}

#[test]
fn log_level_takes_precedence_over_lambdas_level() {
    for (variables, expected) in [
        (&[][..], Ok(Level::Info)),
        (&[("LOG_LEVEL", "WARN")], Ok(Level::Warn)),
        (&[("AWS_LAMBDA_LOG_LEVEL", "DEBUG")], Ok(Level::Debug)),
        (
            &[("AWS_LAMBDA_LOG_LEVEL", "DEBUG"), ("LOG_LEVEL", "error")],
            Ok(Level::Error),
        ),
        (
            &[("AWS_LAMBDA_LOG_LEVEL", "DEBUG"), ("LOG_LEVEL", "")],
            Ok(Level::Debug),
        ),
        (&[("LOG_LEVEL", "loud")], Err("LOG_LEVEL holds \"loud\"")),
    ] {
        let source = given(variables);
        let mut reader = Reader::new(&source);
        let level = reader.log_level();
        match (reader.finish(level), expected) {
            (Ok((level, _)), Ok(expected)) => assert_eq!(level, expected, "{variables:?}"),
            (Err(faults), Err(expected)) => assert!(faults.to_string().contains(expected)),
            (found, _) => panic!("{variables:?}: {found:?}"),
        }
    }
}
