//! The measurements of the authorizer.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

use super::cold::{self, ColdStart};
use super::event;
use super::figure::Figure;
use super::key_server::{self, AUDIENCE};
use super::process::Program;
use super::warm::{self, Subject};
use super::{BenchError, Binaries, Effort};
use crate::commands::signing_key::SigningKey;

/// More than the token cache holds, so that each token of a cycle has been evicted before it is used again.
const DISTINCT_TOKENS: usize = 2048;
const TOKENS_FOR_PEAK_MEMORY: u32 = 10_000;

const ALLOWED: &str = r#""Effect":"Allow""#;
const FLOOR: &str = "floor";

struct AuthorizerBench<'b> {
    binaries: &'b Binaries,
    key: SigningKey,
    http: Program,
    issuer: String,
}

pub(super) async fn measure(
    binaries: &Binaries,
    scratch: &Path,
    effort: Effort,
) -> Result<Vec<Figure>, BenchError> {
    let key = SigningKey::generate().map_err(|_| BenchError::Key)?;
    let address = key_server::serve(&key).await?;
    let issuer = format!("http://{address}/oauth2/bench");
    let http = program(binaries, &issuer, &format!("http://{address}/keys"));
    let setup = AuthorizerBench {
        binaries,
        key,
        http,
        issuer,
    };
    let mut figures = warm_figures(&setup, effort).await?;
    figures.extend(cold_figures(&setup, scratch, effort).await?);
    Ok(figures)
}

fn program(binaries: &Binaries, issuer: &str, keys: &str) -> Program {
    let settings = [
        ("ISSUER", issuer),
        ("AUDIENCE", AUDIENCE),
        ("JWKS_URI", keys),
        (
            "ACCESS_RULES",
            r#"[{"methods": ["GET"], "path": "/session", "anonymous": true},
                {"methods": ["GET"], "path": "/state", "anonymous": true},
                {"methods": ["GET", "HEAD"], "path": "/state/*", "anonymous": true},
                {"methods": ["PUT", "PATCH", "DELETE"], "path": "/state/*", "scopes": ["state:write"]}]"#,
        ),
    ];
    Program {
        binary: binaries.authorizer.clone(),
        environment: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

fn bare(binaries: &Binaries, floor: &str) -> Program {
    Program {
        binary: binaries.authorizer_floor.clone(),
        environment: BTreeMap::from([("FLOOR".to_owned(), floor.to_owned())]),
    }
}

async fn warm_figures(
    setup: &AuthorizerBench<'_>,
    effort: Effort,
) -> Result<Vec<Figure>, BenchError> {
    let AuthorizerBench {
        binaries,
        key,
        http,
        issuer,
    } = setup;
    let tokens: Vec<String> = (0..DISTINCT_TOKENS)
        .map(|number| key_server::token(key, issuer, number))
        .collect::<Result<_, _>>()?;
    let same = event::token(&key_server::token(key, issuer, DISTINCT_TOKENS)?);
    let forged: Vec<String> = tokens.iter().map(|token| forge(token)).collect();
    let floor = |what| Subject::constant(bare(binaries, what), same.clone(), FLOOR);

    let mut figures = Vec::new();
    figures.extend(
        warm::compare(
            ("distinct tokens, CPU", "distinct tokens, wall"),
            cycle(http.clone(), &tokens, ALLOWED),
            ("runtime + verification", floor("verify")),
            Some(1.20),
            effort,
        )
        .await?,
    );
    figures.extend(
        warm::compare(
            ("same token, CPU", "same token, wall"),
            Subject::constant(http.clone(), same.clone(), ALLOWED),
            ("runtime", floor("")),
            Some(1.12),
            effort,
        )
        .await?,
    );
    figures.extend(
        warm::compare(
            ("wrong signature, CPU", "wrong signature, wall"),
            cycle(http.clone(), &forged, "Unauthorized"),
            ("valid tokens", cycle(http.clone(), &tokens, ALLOWED)),
            Some(1.0),
            effort,
        )
        .await?,
    );
    let peak = warm::peak_memory(distinct(http.clone(), setup)?, TOKENS_FOR_PEAK_MEMORY).await?;
    figures.push(Figure::plain(
        "peak memory, 10,000 distinct tokens",
        "MiB",
        peak,
        Some(12.0),
    ));
    Ok(figures)
}

/// The same token with another signature of the right length.
fn forge(token: &str) -> String {
    let (text, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let reversed: String = signature
        .get(..signature.len() - 2)
        .unwrap_or_default()
        .chars()
        .rev()
        .collect();
    format!(
        "{text}.{reversed}{}",
        signature.get(signature.len() - 2..).unwrap_or_default()
    )
}

fn cycle(program: Program, tokens: &[String], expected: &'static str) -> Subject {
    let events: Vec<Bytes> = tokens.iter().map(|token| event::token(token)).collect();
    let mut next = events.into_iter().cycle();
    Subject {
        program,
        next_event: Box::new(move |_| next.next().unwrap_or_default()),
        expected,
    }
}

fn distinct(program: Program, setup: &AuthorizerBench<'_>) -> Result<Subject, BenchError> {
    let tokens: Vec<String> = (0..TOKENS_FOR_PEAK_MEMORY as usize)
        .map(|number| key_server::token(&setup.key, &setup.issuer, number))
        .collect::<Result<_, _>>()?;
    Ok(cycle(program, &tokens, ALLOWED))
}

async fn cold_figures(
    setup: &AuthorizerBench<'_>,
    scratch: &Path,
    effort: Effort,
) -> Result<Vec<Figure>, BenchError> {
    let AuthorizerBench {
        binaries,
        key,
        http,
        issuer,
    } = setup;
    let (address, certificate) = key_server::serve_tls(key).await?;
    let secure_issuer = format!("https://localhost:{}/oauth2/bench", address.port());
    let mut https = program(
        binaries,
        &secure_issuer,
        &format!("https://localhost:{}/keys", address.port()),
    );
    let root = scratch.join("root.pem");
    std::fs::write(&root, certificate).map_err(BenchError::Io)?;
    https
        .environment
        .insert("CA_FILE".to_owned(), root.display().to_string());
    let file = scratch.join("jwks.json");
    std::fs::write(&file, key.jwk_set().to_string()).map_err(BenchError::Io)?;
    let mut with_file = http.clone();
    with_file
        .environment
        .insert("JWKS_FILE".to_owned(), file.display().to_string());

    let event = event::token(&key_server::token(key, issuer, 0)?);
    let floor = ColdStart {
        program: bare(binaries, ""),
        event: event.clone(),
        expected: FLOOR,
    };
    let starts = [
        (
            ("cold start, http, CPU", "cold start, http, wall"),
            http.clone(),
            event.clone(),
            1.35,
        ),
        (
            ("cold start, https, CPU", "cold start, https, wall"),
            https,
            event::token(&key_server::token(key, &secure_issuer, 0)?),
            1.6,
        ),
        (
            ("cold start, JWKS_FILE, CPU", "cold start, JWKS_FILE, wall"),
            with_file,
            event,
            1.2,
        ),
    ];
    let mut figures = Vec::new();
    for (names, program, event, target) in starts {
        let ours = ColdStart {
            program,
            event,
            expected: ALLOWED,
        };
        figures
            .extend(cold::compare(names, &ours, ("runtime", &floor), Some(target), effort).await?);
    }
    Ok(figures)
}
