//! The number of store calls that a request takes.

use serde_json::{Value, json};

use crate::{
    fake_store::recording,
    support::{Api, Ask, ask},
};

struct Counted {
    direct: Api,
    api: Api,
    calls: std::sync::Arc<std::sync::Mutex<Vec<crate::fake_store::Call>>>,
}

impl Counted {
    async fn start() -> Self {
        let direct = Api::start().await;
        let (endpoint, calls) = recording(&direct.endpoint).await;
        let api = Api::over(&endpoint, &direct.table, &[("ADMIN_GROUP", "Admins")]);
        Self { direct, api, calls }
    }

    /// Sends a request, compares its status and its store operations, and returns the body.
    async fn check(&self, request: Ask, status: u16, operations: &[&str]) -> Value {
        self.calls.lock().unwrap().clear();
        let reply = self.api.send(request).await.expect(status);
        let calls = self.calls.lock().unwrap();
        let made: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
        assert_eq!(made, operations, "{reply:?}");
        reply.body
    }
}

const ADMIN: &[&str] = &["Everyone", "Admins"];

#[tokio::test]
async fn a_read_is_one_call() {
    let counted = Counted::start().await;
    for (id, visibility) in [
        ("private", "private"),
        ("public", "public"),
        ("team", "group:Team"),
        ("all", "group:Everyone"),
    ] {
        let body = json!({"value": "secret", "visibility": visibility});
        counted.direct.put("alice", id, &body).await;
    }
    let get = |id: &str| ask("GET", &format!("/state/{id}"));
    let many: Vec<String> = (0..100).map(|n| format!("g{n:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["Team"]).collect();
    let some = ["Team", "other", "group:Team", "public"];
    // The ids that each caller sees, and the calls that this takes.
    let check = async |by: &dyn Fn(Ask) -> Ask, sees: &[&str], seen: &[&str], hidden: &[&str]| {
        for id in ["private", "public", "team", "all", "absent"] {
            let (status, operations) = if sees.contains(&id) {
                (200, seen)
            } else {
                (404, hidden)
            };
            let body = counted.check(by(get(id)), status, operations).await;
            let returned = counted.calls.lock().unwrap();
            let has_secret = returned
                .iter()
                .any(|call| call.output.to_string().contains("secret"));
            assert_eq!(has_secret, status == 200, "{id}");
            assert_eq!(body["value"] == "secret", status == 200, "{id}");
        }
    };
    let query: &[&str] = &["Query"];
    check(&|ask| ask, &["public"], query, query).await;
    check(&|ask| ask.by("bob"), &["public", "all"], query, query).await;
    let own = ["private", "public", "team", "all"];
    check(&|ask| ask.by("alice"), &own, query, query).await;
    check(
        &|ask| ask.of("bob", &some),
        &["public", "team"],
        query,
        query,
    )
    .await;
    let get_item: &[&str] = &["GetItem"];
    check(&|ask| ask.of("ada", ADMIN), &own, get_item, get_item).await;
    let both: &[&str] = &["GetItem", "GetItem"];
    check(
        &|ask| ask.of("bob", &many),
        &["public", "team"],
        both,
        get_item,
    )
    .await;
}

#[tokio::test]
async fn a_page_is_one_query_per_partition_and_two_batch_reads() {
    let counted = Counted::start().await;
    // One resource more than fits on a page, so a page reads one id that it does not return.
    for n in 0..26 {
        let body = json!({"value": n, "visibility": "group:Everyone"});
        counted
            .direct
            .put("alice", &format!("r{n:02}"), &body)
            .await;
    }
    let mut path = "/state".to_owned();
    // The calls of the first page and of the next page.
    for shown in [25, 1] {
        // Eight partitions of public resources, the caller's own, and the group's.
        let operations = [&["Query"; 10][..], &["BatchGetItem"; 2]].concat();
        let page = counted
            .check(ask("GET", &path).by("bob"), 200, &operations)
            .await;
        assert_eq!(page["items"].as_array().unwrap().len(), shown);
        if let Some(cursor) = page["nextCursor"].as_str() {
            path = format!("/state?cursor={cursor}");
        }
        // The first read decides which resources the caller may see. The second reads only the values of these.
        let calls = counted.calls.lock().unwrap();
        let [decided, values] = [10, 11].map(|n| {
            let table = &calls[n].input["RequestItems"][counted.direct.table.as_str()];
            let keys = table["Keys"].as_array().unwrap().len();
            (keys, table["ProjectionExpression"].is_null())
        });
        let candidates = if shown == 25 { 26 } else { shown };
        assert_eq!((decided, values), ((candidates, false), (shown, true)));
    }
    assert!(path.contains("cursor"));
}

#[tokio::test]
async fn a_replacement_is_one_call() {
    let counted = Counted::start().await;
    let created = counted
        .direct
        .put("alice", "a", &json!({"value": "secret"}))
        .await;
    let put = |if_match: &str| ask("PUT", "/state/a").if_match(if_match);
    let value = |value: u8| json!({"value": value});
    let (update, refused): (&[&str], &[&str]) = (&["UpdateItem"], &["UpdateItem", "GetItem"]);

    let mut body = counted
        .check(
            put(&created.etag()).by("alice").json(&value(2)),
            200,
            update,
        )
        .await;
    assert_eq!(
        body,
        json!({"id": "a", "owner": "alice", "visibility": "private", "value": 2, "version": 2,
               "createdAt": created.body["createdAt"], "updatedAt": body["updatedAt"]})
    );
    // The resource no longer has the first tag.
    for tags in [created.etag(), format!("\"x\", {}", created.etag())] {
        counted
            .check(put(&tags).by("alice").json(&value(3)), 412, refused)
            .await;
    }
    body = counted
        .check(put("*").of("ada", ADMIN).json(&value(3)), 200, update)
        .await;
    assert_eq!(
        (&body["owner"], &body["version"]),
        (&json!("alice"), &json!(3))
    );

    // A caller who may not see the resource learns nothing, and its value does not leave the store.
    for if_match in ["*", "\"x\""] {
        counted
            .check(put(if_match).by("bob").json(&value(4)), 412, refused)
            .await;
        let calls = counted.calls.lock().unwrap();
        assert!(
            calls
                .iter()
                .all(|call| !call.output.to_string().contains("value")),
            "{calls:?}"
        );
    }
    // If the store cannot compare the preconditions, the resource is read first.
    let both: &[&str] = &["GetItem", "PutItem"];
    let with_both = put("*").by("alice").header("If-None-Match", "\"x\"");
    counted.check(with_both.json(&value(4)), 200, both).await;
    counted
        .check(
            put("W/\"x\"").by("alice").json(&value(5)),
            412,
            &["GetItem"],
        )
        .await;
}

#[tokio::test]
async fn a_replacement_moves_a_resource_between_the_lists() {
    let counted = Counted::start().await;
    counted.direct.put("alice", "a", &json!({"value": 1})).await;
    for (visibility, anonymous, of_group) in [
        ("public", true, true),
        ("group:Everyone", false, true),
        ("private", false, false),
        ("public", true, true),
    ] {
        let body = json!({"value": 2, "visibility": visibility});
        let put = ask("PUT", "/state/a").by("alice").if_match("*");
        counted.check(put.json(&body), 200, &["UpdateItem"]).await;
        for (request, listed) in [
            (ask("GET", "/state"), anonymous),
            (ask("GET", "/state").by("bob"), of_group),
        ] {
            let page = counted.direct.send(request).await.expect(200);
            assert_eq!(!page.ids().is_empty(), listed, "{visibility}");
        }
    }
    // A caller who may see the resource, but may not write it.
    let put = ask("PUT", "/state/a").by("bob").if_match("*");
    counted
        .check(
            put.json(&json!({"value": 3})),
            403,
            &["UpdateItem", "GetItem"],
        )
        .await;
}
