//! The measurements of the handler, over the embedded database.

use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};

use super::cold::{self, ColdStart};
use super::event;
use super::figure::Figure;
use super::process::{Process, Program};
use super::warm::{self, Subject};
use super::{BenchError, Binaries, Effort};
use crate::database::Database;
use crate::port;
use crate::template::TableDefinition;

/// Enough for several full pages of 25.
const RESOURCES: usize = 100;
const FLOOR: &str = r#""statusCode":200"#;
const OK: &str = r#""statusCode":200"#;
const CREATED: &str = r#""statusCode":201"#;

pub(super) async fn measure(
    binaries: &Binaries,
    table: TableDefinition,
    scratch: &Path,
    effort: Effort,
) -> Result<Vec<Figure>, BenchError> {
    let port = port::take("database", "", 0)
        .await
        .map_err(|taken| BenchError::Database(taken.to_string()))?;
    let endpoint = format!("http://{}", port.address);
    let name = table.name.clone();
    let database = Database::start(port, &scratch.join("bench.sqlite"), &[table])
        .await
        .map_err(|cause| BenchError::Database(cause.to_string()))?;
    let environment = [
        ("STATE_TABLE", name.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let ours = Program {
        binary: binaries.handler.clone(),
        environment: environment.clone().into(),
    };
    let floor = Floor(Program {
        binary: binaries.handler_floor.clone(),
        environment: environment.into(),
    });
    fill(&ours).await?;
    let mut figures = warm_figures(&ours, &floor, effort).await?;
    figures.extend(cold_figures(&ours, &floor, effort).await?);
    database.stop().await;
    Ok(figures)
}

/// The floor of the handler, with the call that it makes.
struct Floor(Program);

impl Floor {
    fn with(&self, call: &str) -> Program {
        let mut program = self.0.clone();
        program
            .environment
            .insert("FLOOR".to_owned(), call.to_owned());
        program
    }
}

fn resource() -> Value {
    json!({"value": {"lamp": "on", "level": 7, "room": "kitchen"}})
}

fn create(id: &str) -> Bytes {
    event::rest(
        "PUT",
        "/state/{id}",
        &format!("/state/{id}"),
        &[("If-None-Match", "*")],
        Some(&resource()),
    )
}

async fn fill(program: &Program) -> Result<(), BenchError> {
    let mut process = Process::start(program).await?;
    for number in 0..RESOURCES {
        let answer = process
            .invoke(create(&format!("bench-{number:04}")))
            .await?;
        let text = String::from_utf8_lossy(&answer);
        if !text.contains(CREATED) {
            return Err(BenchError::Answer(CREATED, text.into_owned()));
        }
    }
    Ok(())
}

fn read() -> Bytes {
    event::rest("GET", "/state/{id}", "/state/bench-0000", &[], None)
}

/// A write that names the version of the previous answer.
fn write(last: Option<&Bytes>) -> Bytes {
    let etag = last.and_then(|answer| {
        let answer: Value = serde_json::from_slice(answer).ok()?;
        let etag = |member| {
            answer
                .pointer(&format!("/{member}/etag"))
                .or_else(|| answer.pointer(&format!("/{member}/ETag")))
        };
        let value = etag("headers").or_else(|| etag("multiValueHeaders")?.get(0))?;
        value.as_str().map(str::to_owned)
    });
    etag.map_or_else(read, |etag| {
        event::rest(
            "PUT",
            "/state/{id}",
            "/state/bench-0000",
            &[("If-Match", &etag)],
            Some(&resource()),
        )
    })
}

async fn warm_figures(
    ours: &Program,
    floor: &Floor,
    effort: Effort,
) -> Result<Vec<Figure>, BenchError> {
    let session = event::rest("GET", "/session", "/session", &[], None);
    let page = event::rest("GET", "/state", "/state", &[], None);
    let bare = |what, event: &Bytes| Subject::constant(floor.with(what), event.clone(), FLOOR);
    let few = Effort {
        invocations: effort.invocations.div_ceil(10),
        ..effort
    };
    let writes = Subject {
        program: ours.clone(),
        next_event: Box::new(write),
        expected: OK,
    };
    let mut figures = Vec::new();
    figures.extend(
        warm::compare(
            ("GET /session, CPU", "GET /session, wall"),
            Subject::constant(ours.clone(), session.clone(), OK),
            ("runtime", bare("", &session)),
            Some(1.40),
            effort,
        )
        .await?,
    );
    figures.extend(
        warm::compare(
            ("GET /state/{id}, CPU", "GET /state/{id}, wall"),
            Subject::constant(ours.clone(), read(), OK),
            ("runtime + GetItem", bare("get", &read())),
            Some(1.25),
            few,
        )
        .await?,
    );
    figures.extend(
        warm::compare(
            ("PUT with If-Match, CPU", "PUT with If-Match, wall"),
            writes,
            ("runtime + PutItem", bare("put", &create("x"))),
            Some(1.40),
            few,
        )
        .await?,
    );
    figures.extend(
        warm::compare(
            ("a page of 25, CPU", "a page of 25, wall"),
            Subject::constant(ours.clone(), page.clone(), OK),
            ("runtime + GetItem", bare("get", &page)),
            None,
            few,
        )
        .await?,
    );
    Ok(figures)
}

async fn cold_figures(
    ours: &Program,
    floor: &Floor,
    effort: Effort,
) -> Result<Vec<Figure>, BenchError> {
    let start = |program, event, expected| ColdStart {
        program,
        event,
        expected,
    };
    let mut figures = Vec::new();
    figures.extend(
        cold::compare(
            (
                "cold start to the first read, CPU",
                "cold start to the first read, wall",
            ),
            &start(ours.clone(), read(), OK),
            (
                "runtime + GetItem",
                &start(floor.with("get"), read(), FLOOR),
            ),
            Some(1.2),
            effort,
        )
        .await?,
    );
    // A create with an id that is taken generates an entity tag and makes the conditional write, like any other.
    figures.extend(
        cold::compare(
            (
                "cold start to the first write, CPU",
                "cold start to the first write, wall",
            ),
            &start(ours.clone(), create("bench-0001"), r#""statusCode":412"#),
            (
                "runtime + PutItem",
                &start(floor.with("put"), create("x"), FLOOR),
            ),
            Some(1.4),
            effort,
        )
        .await?,
    );
    Ok(figures)
}
