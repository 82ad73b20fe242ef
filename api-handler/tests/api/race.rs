//! Concurrent writers that use several processes of the function.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    processes::Function,
    support::{Api, ask},
};

const WRITERS: usize = 20;
const PROCESSES: usize = 5;
const ROUNDS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writers_lose_nothing() {
    let api = Api::start().await;
    let functions: Vec<_> = (0..PROCESSES).map(|_| Function::start(&api)).collect();
    let writers = || (0..WRITERS).map(|writer| (writer, &functions[writer % PROCESSES]));

    // One of them creates the resource.
    let creations = writers().map(|(writer, function)| {
        function.send(
            ask("PUT", "/state/race")
                .by("alice")
                .create()
                .json(&json!({"value": [writer]})),
        )
    });
    let replies = join_all(creations).await;
    let created: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(created.len(), 1);
    assert!(
        replies
            .iter()
            .all(|reply| matches!(reply.status, 201 | 412))
    );
    let (mut etag, mut value) = (created[0].etag(), created[0].body["value"].clone());

    // In each round all writers know the same version, and each adds itself to the list.
    for round in 0..ROUNDS {
        let puts = writers().map(|(writer, function)| {
            let mut next = value.clone();
            next.as_array_mut().unwrap().push(json!([round, writer]));
            function.send(
                ask("PUT", "/state/race")
                    .by("alice")
                    .if_match(&etag)
                    .json(&json!({"value": next})),
            )
        });
        let replies = join_all(puts).await;
        let winners: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        assert!(
            replies
                .iter()
                .all(|reply| matches!(reply.status, 200 | 412)),
            "round {round}"
        );
        (etag, value) = (winners[0].etag(), winners[0].body["value"].clone());
    }

    let last = functions[0]
        .send(ask("GET", "/state/race").by("alice"))
        .await
        .expect(200);
    assert_eq!((last.etag(), &last.body["value"]), (etag, &value));
    assert_eq!(last.body["version"], ROUNDS + 1);
    let rounds: Vec<_> = value
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .map(|entry| entry[0].clone())
        .collect();
    assert_eq!(rounds, (0..ROUNDS).map(Value::from).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retrying_counters_lose_no_increment() {
    let api = Api::start().await;
    api.put("alice", "count", &json!({"value": 0})).await;
    let count = async |_: usize| {
        for _ in 0..5 {
            loop {
                let current = api
                    .send(ask("GET", "/state/count").by("alice"))
                    .await
                    .expect(200);
                let next =
                    json!({"value": current.body["value"].as_u64().unwrap() + 1}).to_string();
                let patch = ask("PATCH", "/state/count")
                    .by("alice")
                    .if_match(&current.etag());
                match api
                    .send(patch.body("application/merge-patch+json", &next))
                    .await
                    .status
                {
                    200 => break,
                    status => assert_eq!(status, 412),
                }
            }
        }
    };
    join_all((0..WRITERS).map(count)).await;
    let last = api.send(ask("GET", "/state/count").by("alice")).await;
    assert_eq!(
        (&last.body["value"], &last.body["version"]),
        (&json!(100), &json!(101))
    );
}
