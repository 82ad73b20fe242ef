//! The settings, parsed once into types that cannot hold an invalid value, from a source that tests can replace.
//!
//! Every variable is read before any fault is reported, so that one run shows all faults. An empty variable is treated
//! as unset, because a template can leave a value empty but cannot omit a name. Only an empty `ACCESS_RULES` is a
//! fault: if it is unset, every valid token may call every route.

mod access_rules;
mod issuer_mistake;
mod issuers;
mod key_cache;
mod lints;
mod summary;
mod trusted_issuer;

use std::time::Duration;

use lambda_support::context::{FIXED_NAMES, RESERVED_NAMES};
use lambda_support::log::Level;
use lambda_support::settings::{Reader, SettingsError, Source};

pub use self::access_rules::{RuleFault, parse as parse_access_rules};
pub use self::issuer_mistake::IssuerMistake;
pub use self::issuers::IssuerSettings;
use crate::access::AccessRules;
use crate::answer::ResponseForm;
use crate::dpop::{DpopMode, PublicUrl};
use crate::issuer::http_client::ForwardProxy;
pub use crate::issuer::introspection::IntrospectionSettings;
use crate::issuer::introspection::Secret;
use crate::issuer::jwks::KeyCacheSettings;
use crate::verifier::{KeptClaims, Requirements, TokenUse};

#[derive(Debug, Clone)]
pub struct Settings {
    /// The trusted issuers, at least one.
    pub issuers: Vec<IssuerSettings>,
    pub(crate) keys: KeyCacheSettings,
    pub requirements: Requirements,
    pub access_rules: AccessRules,
    pub(crate) token_cache_entries: usize,
    /// `None` if introspection is off.
    pub(crate) introspection: Option<IntrospectionSettings>,
    /// Additional trusted root certificates, in PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// The forward proxy for requests to issuers.
    pub proxy: Option<ForwardProxy>,
    /// The URLs under which callers reach the API; empty if the events have them.
    pub dpop_public_urls: Vec<PublicUrl>,
    /// The form of answers to HTTP APIs with payload 2.0.
    pub(crate) http_api_answer: ResponseForm,
    pub log_level: Level,
    /// Valid settings that are most likely a mistake, each with advice.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Reads all settings. The error has all invalid variables, with the value of each and what was expected.
    pub fn from_source(source: &dyn Source) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(source);
        let settings = Self::read(&mut reader);
        let (mut settings, mut warnings) = reader.finish(settings)?;
        let issuers = settings.issuers.iter();
        warnings.extend(issuers.flat_map(|issuer| lints::of_issuer(&issuer.issuer)));
        settings.warnings = warnings;
        Ok(settings)
    }

    /// Whether the issuer is asked about each token (RFC 7662).
    #[must_use]
    pub const fn introspects(&self) -> bool {
        self.introspection.is_some()
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        let issuers = issuers::read(reader);
        let trusted: Vec<&str> = issuers
            .iter()
            .map(|issuer| issuer.issuer.as_str())
            .collect();
        let policy_expiry = reader.choice("POLICY_EXPIRY", ("off", false), &[("on", true)]);
        let keys = key_cache::read(reader, &issuers);
        let mut requirements = read_requirements(reader, policy_expiry);
        let access_rules = access_rules::read(reader, &trusted, &requirements);
        let dpop = requirements.dpop;
        requirements.kept_claims.rules = access_rules.claims().to_vec();
        requirements.kept_claims.rule_count = access_rules.len();
        Self {
            keys,
            requirements,
            access_rules,
            token_cache_entries: reader
                .number("TOKEN_CACHE_ENTRIES", 1024, 0..=1_000_000)
                .try_into()
                .unwrap_or(usize::MAX),
            introspection: read_introspection(reader, issuers.len()),
            ca_pem: read_ca_file(reader),
            proxy: read_proxy(reader),
            dpop_public_urls: read_public_urls(reader, dpop),
            http_api_answer: reader.choice(
                "HTTP_API_RESPONSE",
                ("simple", ResponseForm::Simple),
                &[("iam", ResponseForm::Policy)],
            ),
            log_level: reader.log_level(),
            warnings: Vec::new(),
            issuers,
        }
    }
}

/// Escapes a member's name for a JSON pointer (RFC 6901, section 3).
fn pointer_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

const AN_ENDPOINT: &str = "an https URL, or http on a loopback host";

const PUBLIC_URLS: &str =
    "https URLs (http only on a loopback host) without a query, separated by commas";

fn read_requirements(reader: &mut Reader<'_>, policy_expiry: bool) -> Requirements {
    let context_claims = reader.list("CONTEXT_CLAIMS").unwrap_or_default();
    for name in RESERVED_NAMES {
        if context_claims.iter().any(|claim| claim == name) {
            reader.fault(
                "CONTEXT_CLAIMS",
                format!("names other than `{name}`, which API Gateway reserves"),
            );
        }
    }
    let (fixed, context_claims): (Vec<_>, Vec<_>) = context_claims
        .into_iter()
        .partition(|claim| FIXED_NAMES.contains(&claim.as_str()));
    if !fixed.is_empty() {
        reader.warn(format!(
            "CONTEXT_CLAIMS names {}: the context already has members with these names, and no claim replaces them; \
             remove them",
            fixed.join(", ")
        ));
    }
    Requirements {
        token_use: reader.choice(
            "TOKEN_USE",
            ("access", TokenUse::Access),
            &[("id", TokenUse::Id)],
        ),
        dpop: reader.choice(
            "DPOP",
            ("off", DpopMode::Off),
            &[("accept", DpopMode::Accept), ("require", DpopMode::Require)],
        ),
        leeway: Duration::from_secs(reader.number("CLOCK_LEEWAY_SECONDS", 60, 0..=300)),
        policy_expiry,
        principal_claims: reader
            .list("PRINCIPAL_CLAIMS")
            .unwrap_or_else(|| vec!["uid".to_owned(), "sub".to_owned()]),
        kept_claims: KeptClaims {
            context: context_claims,
            ..KeptClaims::default()
        },
    }
}

fn read_public_urls(reader: &mut Reader<'_>, mode: DpopMode) -> Vec<PublicUrl> {
    const NAME: &str = "DPOP_PUBLIC_URL";
    let Some(list) = reader.list(NAME) else {
        return Vec::new();
    };
    if mode == DpopMode::Off {
        warn_of_no_effect(reader, NAME, "DPOP", "accept or require");
    }
    let mut urls = Vec::with_capacity(list.len());
    for url in list {
        match url.parse() {
            Ok(url) => urls.push(url),
            Err(error) => {
                reader.fault(NAME, format!("{PUBLIC_URLS}; one of them is {error}"));
                break;
            }
        }
    }
    urls
}

/// Warns of a setting that is valid, but has no effect while another one is `off`.
fn warn_of_no_effect(reader: &mut Reader<'_>, name: &str, switch: &str, on: &str) {
    reader.warn(format!(
        "{name} has no effect while {switch} is off: set {switch} to {on}, or unset {name}"
    ));
}

fn read_introspection(reader: &mut Reader<'_>, issuers: usize) -> Option<IntrospectionSettings> {
    let on = reader.choice("INTROSPECTION", ("off", false), &[("on", true)]);
    let uri = reader.parsed("INTROSPECTION_URI", AN_ENDPOINT);
    let client_id = reader.text("INTROSPECTION_CLIENT_ID");
    let client_secret = reader.text("INTROSPECTION_CLIENT_SECRET").map(Secret::new);
    let ttl = Duration::from_secs(reader.number("INTROSPECTION_TTL_SECONDS", 30, 0..=86_400));
    if !on {
        let unused = [
            ("INTROSPECTION_URI", uri.is_some()),
            ("INTROSPECTION_CLIENT_ID", client_id.is_some()),
            ("INTROSPECTION_CLIENT_SECRET", client_secret.is_some()),
        ];
        for (name, _) in unused.into_iter().filter(|(_, is_set)| *is_set) {
            warn_of_no_effect(reader, name, "INTROSPECTION", "on");
        }
        return None;
    }
    if uri.is_some() && issuers > 1 {
        reader.fault(
            "INTROSPECTION_URI",
            "to be unset with more than one trusted issuer: each has its own endpoint",
        );
    }
    if client_secret.is_some() && issuers > 1 {
        reader.fault(
            "INTROSPECTION_CLIENT_SECRET",
            "to be unset with more than one trusted issuer: every issuer would receive the secret and could use it at \
             the others; use a public client, or deploy one authorizer per issuer",
        );
    }
    if client_id.is_none() {
        reader.fault(
            "INTROSPECTION_CLIENT_ID",
            "the client id for introspection, because INTROSPECTION is on",
        );
    }
    Some(IntrospectionSettings {
        uri,
        client_id: client_id?,
        client_secret,
        ttl,
    })
}

fn read_ca_file(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let pem = reader.file("CA_FILE", "PEM certificates")?;
    if let Err(error) = crate::issuer::http_client::HttpClient::new(Some(&pem)) {
        reader.fault(
            "CA_FILE",
            format!("a file of PEM certificates; the file cannot be used: {error}"),
        );
    }
    Some(pem)
}

/// `HTTPS_PROXY` and `NO_PROXY`. As with curl, the lower-case names take precedence.
fn read_proxy(reader: &mut Reader<'_>) -> Option<ForwardProxy> {
    let mut first_set = |lower, upper| {
        if reader.text(lower).is_some() {
            lower
        } else {
            upper
        }
    };
    let no_proxy = first_set("no_proxy", "NO_PROXY");
    let proxy = first_set("https_proxy", "HTTPS_PROXY");
    let no_proxy = reader.text(no_proxy).unwrap_or_default();
    let proxy: ForwardProxy = reader.parsed(
        proxy,
        "http://[user:password@]host:port, where user and password are percent-encoded except for letters and digits",
    )?;
    Some(proxy.except(&no_proxy))
}

#[cfg(test)]
mod tests;
