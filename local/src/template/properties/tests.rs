use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::*;

/// Every section, in the order of the documentation.
static SECTIONS: [&Section; 33] = [
    &API,
    &api::AUTH,
    &api::AUTHORIZER,
    &api::IDENTITY,
    &api::CORS,
    &api::GATEWAY_RESPONSE,
    &api::RESPONSE_PARAMETERS,
    &api::METHOD_SETTINGS,
    &api::DOMAIN,
    &HTTP_API,
    &http_api::AUTH,
    &http_api::AUTHORIZER,
    &http_api::IDENTITY,
    &jwt_configuration::JWT_CONFIGURATION,
    &http_api::CORS_CONFIGURATION,
    &http_api::ROUTE_SETTINGS,
    &http_api::DOMAIN,
    &FUNCTION,
    &function::ENVIRONMENT,
    &function::LOGGING,
    &API_EVENT,
    &function::API_EVENT_AUTH,
    &HTTP_API_EVENT,
    &function::HTTP_API_EVENT_AUTH,
    &open_api::OPEN_API,
    &open_api::COMPONENTS,
    &open_api::PATH,
    &open_api::OPERATION,
    &open_api::INTEGRATION,
    &open_api::SECURITY_SCHEME,
    &open_api::AUTHORIZER,
    &open_api::GATEWAY_RESPONSE,
    &open_api::CORS,
];

/// The table of a section in the form of `docs/local-gateway.md`.
fn markdown(section: &Section) -> String {
    let mut text = format!(
        "### {}\n\n| property | here | why |\n| --- | --- | --- |\n",
        section.title
    );
    for property in section.properties {
        let (here, why) = match property.treatment {
            Treatment::Acts => ("acts", String::new()),
            Treatment::Presence => ("acts", "only on its presence".to_owned()),
            Treatment::Nested(inner) | Treatment::Named(inner) => {
                ("acts", format!("see {}", inner.title))
            }
            Treatment::Ignored(why) => ("ignores", why.to_owned()),
            Treatment::Warned(why) => ("warns", why.to_owned()),
            Treatment::WarnedWith { member, value, why } => {
                let member = if member.is_empty() {
                    String::new()
                } else {
                    format!("{member}: ")
                };
                ("warns", format!("`{member}{value}`: {why}"))
            }
            Treatment::Refused { why, unless } => {
                ("refuses", format!("{why} (`{unless}` is accepted)"))
            }
        };
        let globals = if property.global { " (G)" } else { "" };
        let _ = writeln!(text, "| `{}`{globals} | {here} | {why} |", property.name);
    }
    text
}

/// With `UPDATE_DOCS` set, the file is written instead.
#[test]
fn the_documentation_shows_the_tables() {
    const START: &str = "<!-- tables -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/local-gateway.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, found) = text.split_once(START).unwrap();
    let tables: Vec<_> = SECTIONS.iter().map(|section| markdown(section)).collect();
    let expected = format!("\n{}", tables.join("\n"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{START}{expected}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "run the test with UPDATE_DOCS=1");
}

#[test]
fn properties_are_in_order() {
    for section in SECTIONS {
        let names: Vec<_> = section
            .properties
            .iter()
            .map(|property| property.name)
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted, "{}", section.title);
    }
}

/// Checks every property of every section: a refused property is an error, and a warned one causes a warning.
#[test]
fn every_treatment_has_its_effect() {
    for section in SECTIONS {
        for property in section.properties {
            let mut warnings = Warnings::default();
            let mut check = |value: Value| {
                let part = json!({property.name: value});
                section.check("P", &part, &mut warnings)
            };
            let place = format!("P/{}", property.name);
            let context = format!("{} {}", section.title, property.name);
            let checked = check(json!("x")).map_err(|error| error.to_string());
            match property.treatment {
                Treatment::Refused { why, unless } => {
                    let expected = format!("{place}: not supported on one machine: {why}");
                    assert_eq!(checked, Err(expected), "{context}");
                    assert_eq!(check(json!(unless)), Ok(()), "{context}");
                    assert_eq!(check(json!(null)), Ok(()), "{context}");
                }
                Treatment::Warned(why) => {
                    assert_eq!(checked, Ok(()), "{context}");
                    assert_eq!(warnings.0, [format!("{place}: {why}")], "{context}");
                }
                Treatment::WarnedWith { member, value, why } => {
                    let mut expected = Vec::new();
                    for given in [json!("other"), json!({"Other": value}), json!(null)] {
                        assert_eq!(check(given), Ok(()), "{context}");
                    }
                    for given in [json!(value), json!({member: value})] {
                        expected.push(format!("{place}: {why}"));
                        assert_eq!(check(given), Ok(()), "{context}");
                    }
                    assert_eq!(warnings.0, expected, "{context}");
                }
                Treatment::Nested(_) | Treatment::Named(_) => {
                    let mut inner = json!({"Nowhere": 1});
                    let mut place = place;
                    if matches!(property.treatment, Treatment::Named(_)) {
                        inner = json!({"Name": inner});
                        place.push_str("/Name");
                    }
                    let error = check(inner).unwrap_err().to_string();
                    let expected = format!("{place}/Nowhere: unknown property of ");
                    assert!(error.starts_with(&expected), "{context}: {error}");
                }
                Treatment::Acts | Treatment::Presence | Treatment::Ignored(_) => {
                    assert_eq!((checked, warnings.0), (Ok(()), vec![]), "{context}");
                }
            }
        }
    }
}
