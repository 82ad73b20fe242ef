//! Reads the trusted issuers.

use lambda_support::settings::{Reader, without_query};
use serde_json::{Map, Value};

use super::{AN_ENDPOINT, pointer_token};
use crate::algorithm::Algorithm;
use crate::issuer::http_client::Endpoint;
use crate::strict_json;

/// The settings of one trusted issuer.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The exact `iss`.
    pub issuer: String,
    /// Acceptable audiences, at least one.
    pub audiences: Vec<String>,
    /// Acceptable clients; `None` accepts any.
    pub client_ids: Option<Vec<String>>,
    /// The URL of its keys; if `None`, the metadata has it.
    pub jwks_uri: Option<Endpoint>,
    /// Allowed algorithms, at least one.
    pub algorithms: Vec<Algorithm>,
}

impl IssuerSettings {
    /// Takes the place of an invalid issuer, so that no other setting is judged by the issuers that remain. With all
    /// algorithms, as when they are invalid, each key of `JWKS_FILE` may be right.
    fn invalid() -> Self {
        Self {
            issuer: String::new(),
            audiences: Vec::new(),
            client_ids: None,
            jwks_uri: None,
            algorithms: Algorithm::ALL.to_vec(),
        }
    }
}

const AN_ISSUER: &str = "the exact `iss` of the tokens: an https URL (http only on a loopback host) without query or \
                         fragment, for Okta https://{domain}/oauth2/{id}";
const ALGORITHMS: &str =
    "one or more of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";
const HMAC: [&str; 3] = ["HS256", "HS384", "HS512"];

pub(super) fn read(reader: &mut Reader<'_>) -> Vec<IssuerSettings> {
    let algorithms = read_algorithms(reader);
    let Some(json) = reader.text("TRUSTED_ISSUERS") else {
        return vec![read_single(reader, algorithms)];
    };
    for name in ["ISSUER", "AUDIENCE", "CLIENT_IDS", "JWKS_URI"] {
        if reader.text(name).is_some() {
            reader.fault(name, "to be unset, because TRUSTED_ISSUERS replaces it");
        }
    }
    read_several(reader, &json, &algorithms)
}

fn read_algorithms(reader: &mut Reader<'_>) -> Vec<Algorithm> {
    let Some(names) = reader.list("ALGORITHMS") else {
        return vec![Algorithm::RS256];
    };
    let algorithms: Result<Vec<Algorithm>, _> = names.iter().map(|name| name.parse()).collect();
    algorithms.unwrap_or_else(|_| {
        let why = why_no_hmac(&names);
        reader.fault(
            "ALGORITHMS",
            format!("{ALGORITHMS}, separated by commas{why}"),
        );
        Algorithm::ALL.to_vec()
    })
}

/// Why HMAC is not accepted, if one of these names is an HMAC algorithm.
fn why_no_hmac(names: &[String]) -> &'static str {
    let is_hmac = |name: &String| HMAC.iter().any(|hmac| hmac.eq_ignore_ascii_case(name));
    if names.iter().any(is_hmac) {
        "; HMAC is never accepted: its key would be the public key, so anyone could sign tokens"
    } else {
        ""
    }
}

fn read_single(reader: &mut Reader<'_>, algorithms: Vec<Algorithm>) -> IssuerSettings {
    let issuer = reader.text("ISSUER");
    if !issuer.as_deref().is_some_and(is_issuer) {
        reader.fault("ISSUER", AN_ISSUER);
    }
    if reader.text("AUDIENCE").is_none() {
        reader.fault(
            "AUDIENCE",
            "the `aud` values to accept, separated by commas",
        );
    }
    IssuerSettings {
        issuer: issuer.unwrap_or_default(),
        audiences: reader.list("AUDIENCE").unwrap_or_default(),
        client_ids: reader.list("CLIENT_IDS"),
        jwks_uri: reader.parsed("JWKS_URI", AN_ENDPOINT),
        algorithms,
    }
}

/// Whether a string is an issuer: https, without query and fragment (RFC 8414, section 2). The string is kept
/// unchanged, because `iss` is compared byte for byte.
fn is_issuer(text: &str) -> bool {
    text.parse::<Endpoint>().is_ok() && !text.contains(['?', '#'])
}

fn read_several(
    reader: &mut Reader<'_>,
    json: &str,
    algorithms: &[Algorithm],
) -> Vec<IssuerSettings> {
    const NAME: &str = "TRUSTED_ISSUERS";
    let entries = match strict_json::parse_value(json.as_bytes()) {
        Ok(Value::Array(entries)) if !entries.is_empty() => entries,
        Ok(_) => {
            reader.fault(NAME, "a JSON array with at least one object");
            return vec![IssuerSettings::invalid()];
        }
        Err(fault) => {
            reader.fault(NAME, format!("a JSON array of objects; it is {fault}"));
            return vec![IssuerSettings::invalid()];
        }
    };
    let mut issuers: Vec<IssuerSettings> = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("{NAME}/{index}");
        let Value::Object(members) = entry else {
            reader.fault_at(place, Some(entry.to_string()), "an object");
            issuers.push(IssuerSettings::invalid());
            continue;
        };
        let issuer = IssuerEntry {
            reader,
            place: &place,
            members,
        }
        .read(algorithms);
        let is_same = |before: &IssuerSettings| before.issuer == issuer.issuer;
        if !issuer.issuer.is_empty() && issuers.iter().any(is_same) {
            reader.fault_at(
                format!("{place}/issuer"),
                Some(issuer.issuer.clone()),
                "each issuer to be listed once",
            );
        }
        issuers.push(issuer);
    }
    issuers
}

/// One object of `TRUSTED_ISSUERS`. Each member is removed when it is read, so the members that remain are unknown.
struct IssuerEntry<'r, 's> {
    reader: &'r mut Reader<'s>,
    place: &'r str,
    members: Map<String, Value>,
}

impl IssuerEntry<'_, '_> {
    fn read(mut self, default_algorithms: &[Algorithm]) -> IssuerSettings {
        let settings = IssuerSettings {
            issuer: self.issuer(),
            audiences: self.texts("audience", true).unwrap_or_default(),
            client_ids: self.texts("clientIds", false),
            jwks_uri: self.jwks_uri(),
            algorithms: self.algorithms(default_algorithms),
        };
        for (name, value) in std::mem::take(&mut self.members) {
            self.fault(
                &name,
                Some(&value),
                "only issuer, audience, clientIds, jwksUri, algorithms",
            );
        }
        settings
    }

    fn issuer(&mut self) -> String {
        match self.members.remove("issuer") {
            Some(Value::String(issuer)) if is_issuer(&issuer) => issuer,
            other => {
                self.fault("issuer", other.as_ref(), AN_ISSUER);
                String::new()
            }
        }
    }

    fn jwks_uri(&mut self) -> Option<Endpoint> {
        let value = self.members.remove("jwksUri")?;
        let endpoint = value.as_str().and_then(|text| text.parse().ok());
        if endpoint.is_none() {
            // With an `@` the value may contain a password. The reader then hides all of it.
            let url = value.as_str().filter(|url| !url.contains('@'));
            let shown = url.map(|url| without_query(url).into());
            self.fault("jwksUri", Some(&shown.unwrap_or(value)), AN_ENDPOINT);
        }
        endpoint
    }

    fn algorithms(&mut self, default: &[Algorithm]) -> Vec<Algorithm> {
        let Some(value) = self.members.get("algorithms").cloned() else {
            return default.to_vec();
        };
        let Some(names) = self.texts("algorithms", false) else {
            return Algorithm::ALL.to_vec();
        };
        let algorithms: Option<Vec<Algorithm>> =
            names.iter().map(|name| name.parse().ok()).collect();
        algorithms.unwrap_or_else(|| {
            self.fault(
                "algorithms",
                Some(&value),
                &format!("an array with {ALGORITHMS}{}", why_no_hmac(&names)),
            );
            Algorithm::ALL.to_vec()
        })
    }

    /// A non-empty array of non-empty strings.
    fn texts(&mut self, name: &str, required: bool) -> Option<Vec<String>> {
        let value = self.members.remove(name);
        let texts = value.as_ref().and_then(Value::as_array).and_then(|array| {
            let texts = array.iter().map(|item| {
                item.as_str()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
            });
            texts
                .collect::<Option<Vec<String>>>()
                .filter(|texts| !texts.is_empty())
        });
        if texts.is_none() && (required || value.is_some()) {
            self.fault(
                name,
                value.as_ref(),
                "a non-empty array of non-empty strings",
            );
        }
        texts
    }

    fn fault(&mut self, member: &str, value: Option<&Value>, expected: &str) {
        self.reader.fault_at(
            format!("{}/{}", self.place, pointer_token(member)),
            value.map(Value::to_string),
            expected,
        );
    }
}
