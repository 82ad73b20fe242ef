//! Measures the time of a page of 25 resources in tables with 100, 1,000 and 100,000 resources.
//!
//! With 100 resources a page reads all public resources. With 1,000 or more each partition has more resources than a page
//! reads, so the time must no longer depend on their number.
//!
//! `cargo bench -p api-handler --bench listing --profile dev`. It fails if a page takes over twice the time in a larger
//! table.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    dead_code,
    reason = "a benchmark with the support of the tests: a panic ends it"
)]

#[path = "../tests/api/support.rs"]
mod support;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use dynoxide::{
    Database, ImportOptions,
    types::{AttributeValue, Item},
};

use support::{Api, Ask, ask, create_table, serve};

/// A resource of one of two owners. A quarter of the resources are public, a quarter belong to a group, the rest are
/// private.
fn item(n: usize) -> Item {
    let id = format!("{:08x}-{n}", crc32fast::hash(&n.to_le_bytes()));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let shard = crc32fast::hash(id.as_bytes()) % 8;
    let (visibility, audience) = match n % 4 {
        0 => ("public".to_owned(), Some(format!("public#{shard}"))),
        1 => (
            format!("group:team-{}", n % 5),
            Some(format!("group:team-{}", n % 5)),
        ),
        _ => ("private".to_owned(), None),
    };
    let mut item = HashMap::from([
        ("id".to_owned(), text(&id)),
        ("owner".to_owned(), text(&format!("user-{}", n % 2))),
        ("visibility".to_owned(), text(&visibility)),
        (
            "value".to_owned(),
            text(&format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(200))),
        ),
        ("version".to_owned(), AttributeValue::N("1".to_owned())),
        ("tag".to_owned(), text(&format!("tag-{n}"))),
        ("createdAt".to_owned(), text("2026-01-01T00:00:00.000Z")),
        ("updatedAt".to_owned(), text("2026-01-01T00:00:00.000Z")),
    ]);
    item.extend(audience.map(|audience| ("audience".to_owned(), text(&audience))));
    item
}

async fn over(count: usize) -> Api {
    let database = Database::memory().unwrap();
    let endpoint = serve(database.clone());
    create_table(&endpoint, "state").await;
    let started = Instant::now();
    database
        .import_items(
            "state",
            (0..count).map(item).collect(),
            ImportOptions::default(),
        )
        .unwrap();
    println!("{count} resources, filled in {:.1?}", started.elapsed());
    Api::over(&endpoint, "state", &[])
}

/// The median time of many successive pages.
async fn measure(api: &Api, name: &str, query: &str, caller: Ask) -> Duration {
    let mut times = Vec::new();
    let mut cursor = String::new();
    for _ in 0..200 {
        let started = Instant::now();
        let page = api
            .send(
                caller
                    .clone()
                    .to(&format!("/state?limit=25{query}{cursor}")),
            )
            .await
            .expect(200);
        times.push(started.elapsed());
        cursor = page.body["nextCursor"]
            .as_str()
            .map(|next| format!("&cursor={next}"))
            .unwrap_or_default();
    }
    times.sort();
    let median = times[times.len() / 2];
    println!("  {name:<28} {:>8.2} ms", median.as_secs_f64() * 1000.0);
    median
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut medians = Vec::new();
    for count in [100, 1_000, 100_000] {
        let api = over(count).await;
        medians.push([
            measure(&api, "signed out", "", ask("GET", "")).await,
            measure(
                &api,
                "signed in, two groups",
                "",
                ask("GET", "").of("user-1", &["team-1", "team-3"]),
            )
            .await,
            measure(&api, "owner=me", "&owner=me", ask("GET", "").by("user-1")).await,
        ]);
    }
    for pair in medians.windows(2) {
        for (fewer, more) in pair[0].iter().zip(&pair[1]) {
            assert!(
                *more < *fewer * 2,
                "a page costs {more:?} over more and {fewer:?} over fewer"
            );
        }
    }
}
