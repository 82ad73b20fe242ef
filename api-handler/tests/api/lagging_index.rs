//! Indexes that lag behind the table, so that they list ids that the caller may not see.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    fake_store::{http, recording, store},
    support::{Api, Reply, ask, forward},
};

/// A real store with a lagging audience index, which still lists `hidden` ids as public. With `endless` there are
/// always more such ids.
async fn lagging(real: &str, hidden: usize, endless: bool) -> String {
    let real = real.to_owned();
    store(move |operation, input| {
        let real = real.clone();
        async move {
            let (status, body) = forward(&real, &operation, &input).await;
            let values = &input["ExpressionAttributeValues"];
            if operation != "Query" || values[":partition"]["S"] != "public#0" {
                return http(status, "", &body);
            }
            let mut body: Value = serde_json::from_str(&body).unwrap();
            let after = values[":after"]["S"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let lies = (0..hidden)
                .map(|n| format!("hid{n:04}"))
                .chain((0..if endless { 1000 } else { 0 }).map(|n| format!("{after}z{n:04}")));
            let mut ids: Vec<String> = body["Items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"]["S"].as_str().unwrap().to_owned())
                .chain(lies.filter(|id| *id > after))
                .collect();
            ids.sort();
            ids.truncate(input["Limit"].as_u64().unwrap().try_into().unwrap());
            let items: Vec<_> = ids.iter().map(|id| json!({"id": {"S": id}})).collect();
            body = json!({"Items": items, "Count": items.len()});
            http(200, "", &body.to_string())
        }
    })
    .await
}

#[tokio::test]
async fn a_lagging_index_reveals_no_id() {
    let direct = Api::start().await;
    for n in 0..12 {
        direct
            .put("alice", &format!("hid{n:04}"), &json!({"value": n}))
            .await;
    }
    let list = async |hidden: usize, endless: bool, path: &str| {
        let endpoint = lagging(&direct.endpoint, hidden, endless).await;
        let api = Api::over(&endpoint, &direct.table, &[]);
        api.send(ask("GET", path)).await
    };
    let nothing = json!({"items": []});
    // Private resources, and deleted ones.
    for hidden in [12, 200] {
        for limit in [1, 25, 100] {
            let path = format!("/state?limit={limit}");
            assert_eq!(list(hidden, false, &path).await.expect(200).body, nothing);
        }
    }
    // More ids than one request reads: the page has no resource, and its cursor does not reveal the ids that were
    // skipped.
    let page = list(12, true, "/state?limit=1").await.expect(200);
    assert_eq!(page.ids(), [""; 0]);
    let cursor = page.body["nextCursor"].as_str().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    for reply in [
        page.text.as_bytes(),
        page.headers["link"].as_bytes(),
        &bytes,
    ] {
        assert!(
            !reply.windows(5).any(|window| window == b"hid00"),
            "{page:?}"
        );
    }

    for id in ["a", "hid0005a", "z"] {
        let body = json!({"value": 1, "visibility": "public"});
        direct.put("alice", id, &body).await;
    }
    let names_the_last_shown = |page: &Reply| {
        let cursor = page.body["nextCursor"].as_str()?.to_owned();
        let last = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert_eq!(last, format!("1:{}", page.ids().last()?).as_bytes());
        Some(cursor)
    };
    // A page with some resources that ends early.
    let page = list(12, true, "/state?limit=5").await.expect(200);
    assert_eq!(page.ids()[..2], ["a", "hid0005a"]);
    names_the_last_shown(&page).unwrap();

    let mut seen = Vec::new();
    let mut path = "/state?limit=1".to_owned();
    loop {
        let page = list(200, false, &path).await.expect(200);
        seen.extend(page.ids().into_iter().map(str::to_owned));
        let Some(cursor) = names_the_last_shown(&page) else {
            break;
        };
        path = format!("/state?limit=1&cursor={cursor}");
    }
    assert_eq!(seen, ["a", "hid0005a", "z"]);
}

#[tokio::test]
async fn a_lagging_index_ends_pages_early_within_few_calls() {
    let direct = Api::start().await;
    let lagging = lagging(&direct.endpoint, 2600, false).await;
    for id in ["a", "hid1000a", "z"] {
        let body = json!({"value": 1, "visibility": "public"});
        direct.put("alice", id, &body).await;
    }
    let (endpoint, calls) = recording(&lagging).await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    for limit in [1, 25, 100] {
        let mut seen = Vec::new();
        let mut pages = 0;
        let mut path = format!("/state?limit={limit}");
        loop {
            calls.lock().unwrap().clear();
            let page = api.send(ask("GET", &path)).await.expect(200);
            let made = calls.lock().unwrap().len();
            assert!(made <= 8 + 24, "{made} calls");
            seen.extend(page.ids().into_iter().map(str::to_owned));
            pages += 1;
            let Some(cursor) = page.body["nextCursor"].as_str() else {
                break;
            };
            path = format!("/state?limit={limit}&cursor={cursor}");
        }
        assert_eq!(seen, ["a", "hid1000a", "z"], "limit {limit}");
        assert!(pages <= 8, "{pages} pages of {limit}");
    }
}

#[tokio::test]
async fn a_lagging_index_reads_no_hidden_value() {
    let direct = Api::start().await;
    let body = json!({"value": "secret"});
    for n in 0..12 {
        direct.put("alice", &format!("hid{n:04}"), &body).await;
    }
    let lagging = lagging(&direct.endpoint, 12, false).await;
    let (endpoint, calls) = recording(&lagging).await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    assert_eq!(
        api.send(ask("GET", "/state")).await.expect(200).ids(),
        [""; 0]
    );
    let calls = calls.lock().unwrap();
    let reads: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "BatchGetItem")
        .collect();
    assert_eq!(reads.len(), 1);
    let projection = &reads[0].input["RequestItems"][direct.table.as_str()]["ProjectionExpression"];
    assert!(projection.is_string() && !projection.to_string().contains("value"));
}

/// The owner index still lists a resource that alice deleted, after bob created another one with the same id.
#[tokio::test]
async fn a_lagging_index_lists_no_resource_of_another_owner() {
    let direct = Api::start().await;
    let body = json!({"value": 1, "visibility": "public"});
    direct.put("bob", "taken", &body).await;
    let real = direct.endpoint.clone();
    let endpoint = store(move |operation, input| {
        let real = real.clone();
        async move {
            let (status, body) = forward(&real, &operation, &input).await;
            if input["IndexName"] != "owner" {
                return http(status, "", &body);
            }
            let lie = json!({"Items": [{"id": {"S": "taken"}}], "Count": 1});
            http(200, "", &lie.to_string())
        }
    })
    .await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    for request in [
        ask("GET", "/state?owner=me").by("alice"),
        ask("GET", "/state?owner=alice").of("ada", &["Admins"]),
    ] {
        assert_eq!(api.send(request).await.expect(200).ids(), [""; 0]);
    }
}
