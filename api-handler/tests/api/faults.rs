//! Stores that are unreachable, slow, throttling or wrong.

use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use lambda_support::{clock::Timestamp, invocation::Invocation};
use serde_json::{Value, json};
use testkit::http::{ReceivedRequest, closed_address, response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::support::{Api, Ask, Reply, START, UNHURRIED, ask, forward, raw};

/// A store that answers an operation and its input with the result of `respond`; `None` hangs up.
async fn store<F>(respond: impl Fn(String, Value) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = Option<Vec<u8>>> + Send,
{
    store_of_calls(move |call| respond(call.operation, call.input)).await
}

/// A call of the store.
#[derive(Debug, Clone)]
pub struct Call {
    pub operation: String,
    pub input: Value,
    pub authorization: String,
    /// What the store answered, where it is recorded.
    pub output: Value,
}

/// A store that answers each call with the result of `respond`; `None` hangs up.
async fn store_of_calls<F>(respond: impl Fn(Call) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = Option<Vec<u8>>> + Send,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let respond = Arc::new(respond);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let respond = Arc::clone(&respond);
            tokio::spawn(async move {
                while let Some(call) = read(&mut stream).await {
                    let Some(response) = respond(call).await else {
                        return;
                    };
                    if stream.write_all(&response).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    endpoint
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        if let Some(request) = ReceivedRequest::parse(&bytes) {
            let (_, operation) = request.header("X-Amz-Target")?.split_once('.')?;
            return Some(Call {
                operation: operation.to_owned(),
                input: serde_json::from_str(&request.body).unwrap(),
                authorization: request.header("Authorization")?.to_owned(),
                output: Value::Null,
            });
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn http(status: u16, further: &str, body: &str) -> Option<Vec<u8>> {
    let headers = format!("Content-Type: application/x-amz-json-1.0\r\n{further}");
    Some(response(&format!("{status} X"), &headers, body).into_bytes())
}

/// Sends every kind of request; each must be answered with `status` in time.
async fn check(endpoint: &str, status: u16) {
    let api = Api::over(endpoint, "state", &[]);
    let requests: [(&str, Ask); 7] = [
        ("get", ask("GET", "/state/a").by("alice")),
        ("list", ask("GET", "/state").by("alice")),
        ("anonymous list", ask("GET", "/state")),
        (
            "create",
            ask("PUT", "/state/a")
                .by("alice")
                .create()
                .json(&json!({"value": 1})),
        ),
        (
            "replace",
            ask("PUT", "/state/a")
                .by("alice")
                .if_match("*")
                .json(&json!({"value": 1})),
        ),
        (
            "patch",
            ask("PATCH", "/state/a")
                .by("alice")
                .if_match("*")
                .body("application/merge-patch+json", "{}"),
        ),
        (
            "delete",
            ask("DELETE", "/state/a").by("alice").if_match("*"),
        ),
    ];
    join_all(requests.map(async |(name, request)| {
        let started = Instant::now();
        let reply = api.send(request).await;
        assert_eq!(reply.status, status, "{name}: {reply:#?}");
        assert_eq!(reply.headers["retry-after"], "1");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{name} took {:?}",
            started.elapsed()
        );
        for told in ["dynamo", "127.0.0.1", "Exception", "crc", "table"] {
            assert!(
                !reply.text.to_lowercase().contains(&told.to_lowercase()),
                "{}",
                reply.text
            );
        }
    }))
    .await;
}

#[tokio::test]
async fn unreachable() {
    check(&format!("http://{}", closed_address()), 503).await;
}

#[tokio::test]
async fn no_answer() {
    check(&store(|_, _| std::future::pending()).await, 503).await;
}

#[tokio::test]
async fn closed_connections() {
    check(&store(async |_, _| None).await, 503).await;
}

#[tokio::test]
async fn slow_answers() {
    let slow = store(async |_, _| {
        tokio::time::sleep(Duration::from_secs(3)).await;
        http(200, "", "{}")
    });
    check(&slow.await, 503).await;
}

#[tokio::test]
async fn incomplete_answers() {
    check(
        &store(async |_, _| {
            Some(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Item\":".to_vec())
        })
        .await,
        503,
    )
    .await;
}

#[tokio::test]
async fn throttled_calls() {
    for code in [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    ] {
        let body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "slow down, table-1"}).to_string();
        check(
            &store(move |_, _| std::future::ready(http(400, "", &body))).await,
            429,
        )
        .await;
    }
}

#[tokio::test]
async fn errors() {
    for (status, code) in [
        (400, "ResourceNotFoundException"),
        (400, "AccessDeniedException"),
        (400, "UnrecognizedClientException"),
        (400, "ValidationException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ] {
        let body =
            json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no"})
                .to_string();
        check(
            &store(move |_, _| std::future::ready(http(status, "", &body))).await,
            503,
        )
        .await;
    }
}

#[tokio::test]
async fn other_protocols_and_formats() {
    for body in [
        "",
        "<html>200 OK</html>",
        "[]",
        "null",
        "{\"Item\":",
        "\0\0",
    ] {
        let body = body.to_owned();
        check(
            &store(move |_, _| std::future::ready(http(200, "", &body))).await,
            503,
        )
        .await;
    }
    check(
        &store(async |_, _| http(200, "x-amz-crc32: 1\r\n", "{}")).await,
        503,
    )
    .await;
    check(
        &store(async |_, _| http(302, "Location: /\r\n", "")).await,
        503,
    )
    .await;
    check(
        &store(async |_, _| Some(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())).await,
        503,
    )
    .await;
}

/// A read from a store that returns `item` for every id.
async fn read_of(item: Value) -> Reply {
    let lying = store(move |operation, input| {
        let body = match operation.as_str() {
            "GetItem" => json!({"Item": item}),
            "BatchGetItem" => json!({"Responses": {"state": [item]}}),
            "Query" if input["IndexName"].is_null() => json!({"Items": [item], "Count": 1}),
            _ => json!({"Items": [{"id": {"S": "a"}}], "Count": 1}),
        };
        async move { http(200, "", &body.to_string()) }
    });
    let api = Api::over(&lying.await, "state", &[]);
    let got = api.send(ask("GET", "/state/a").by("alice")).await;
    let listed = api.send(ask("GET", "/state").by("alice")).await;
    assert_eq!(listed.status, got.status);
    got
}

#[tokio::test]
async fn malformed_items() {
    let item = json!({
        "id": {"S": "a"}, "owner": {"S": "alice"}, "visibility": {"S": "private"}, "value": {"S": "{\"n\":1}"}, "version": {"N": "1"},
        "tag": {"S": "t"}, "createdAt": {"S": "2026-01-01T00:00:00.000Z"}, "updatedAt": {"S": "2026-01-01T00:00:00.000Z"}
    });
    read_of(item.clone()).await.expect(200);
    let check = async |name: &str, value: Value| {
        let mut item = item.clone();
        item[name] = value;
        read_of(item).await.expect(503);
    };
    check("id", json!({"S": "UPPER"})).await;
    check("owner", json!({"N": "1"})).await;
    check("visibility", json!({"S": "secret"})).await;
    check("value", json!({"S": "{\"n\":"})).await;
    check("value", json!({"M": {}})).await;
    check("version", json!({"N": "-1"})).await;
    check("version", json!({"S": "1"})).await;
    for name in item.as_object().unwrap().keys() {
        let mut item = item.clone();
        item.as_object_mut().unwrap().remove(name);
        read_of(item).await.expect(503);
    }
}

#[tokio::test]
async fn an_item_of_another_id() {
    let other = |operation: String, input: Value| async move {
        let item = json!({
            "id": {"S": "b"}, "owner": {"S": "alice"}, "visibility": {"S": "public"}, "value": {"S": "1"}, "version": {"N": "1"},
            "tag": {"S": "t"}, "createdAt": {"S": "x"}, "updatedAt": {"S": "x"}
        });
        let body = if operation == "GetItem" {
            json!({"Item": item})
        } else if input["IndexName"].is_null() {
            json!({"Items": [item]})
        } else {
            json!({"Items": [{"id": {"S": "b"}}, {"id": {"S": "a"}}]})
        };
        http(200, "", &body.to_string())
    };
    let api = Api::over(&store(other).await, "state", &[]);
    for read in [
        ask("GET", "/state/a"),
        ask("HEAD", "/state/a"),
        ask("GET", "/state"),
    ] {
        api.send(read.by("alice")).await.expect(503);
    }
}

#[tokio::test]
async fn the_deadline_of_the_function_limits_the_answer() {
    let api = Api::over(&store(|_, _| std::future::pending()).await, "state", &[]);
    let started = Instant::now();
    let answer = api
        .handler
        .answer(
            &raw(&ask("GET", "/state/a").by("alice").rest_event()),
            Invocation {
                deadline: Timestamp::from_secs(START + 1),
                ..UNHURRIED
            },
        )
        .await
        .unwrap();
    assert_eq!(serde_json::to_value(answer).unwrap()["statusCode"], 503);
    // Without it, the call of the store would be cancelled after 3.8 seconds.
    assert!(started.elapsed() < Duration::from_secs(3));
}

/// A real store whose first answer to `operation` is lost. `then` runs before the connection is closed.
async fn losing_an_answer<F>(
    real: &str,
    operation: &'static str,
    then: impl Fn(String, Value) -> F + Send + Sync + 'static,
) -> String
where
    F: Future<Output = ()> + Send,
{
    let (real, lost) = (real.to_owned(), Arc::new(AtomicUsize::new(0)));
    let then = Arc::new(then);
    store(move |name, input| {
        let (real, lost, then) = (real.clone(), Arc::clone(&lost), Arc::clone(&then));
        async move {
            let (status, body) = forward(&real, &name, &input).await;
            if name == operation && lost.fetch_add(1, Ordering::Relaxed) == 0 {
                then(real, input).await;
                None
            } else {
                http(status, "", &body)
            }
        }
    })
    .await
}

async fn nothing(_: String, _: Value) {}

#[tokio::test]
async fn a_write_with_a_lost_answer_is_not_a_lost_race() {
    let direct = Api::start().await;
    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "PutItem", nothing).await,
        &direct.table,
        &[],
    );
    let created = api.put("alice", "a", &json!({"value": 1})).await;
    assert_eq!(
        direct.send(ask("GET", "/state/a").by("alice")).await.etag(),
        created.etag()
    );

    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "UpdateItem", nothing).await,
        &direct.table,
        &[],
    );
    let put = ask("PUT", "/state/a")
        .by("alice")
        .if_match(&created.etag())
        .json(&json!({"value": 2}));
    assert_eq!(api.send(put).await.expect(200).body["version"], 2);

    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "PutItem", nothing).await,
        &direct.table,
        &[],
    );
    let patch = ask("PATCH", "/state/a")
        .by("alice")
        .if_match("*")
        .body("application/merge-patch+json", r#"{"value": 3}"#);
    assert_eq!(api.send(patch).await.expect(200).body["version"], 3);

    // A deleted resource does not show who deleted it.
    let api = Api::over(
        &losing_an_answer(&direct.endpoint, "DeleteItem", nothing).await,
        &direct.table,
        &[],
    );
    api.send(ask("DELETE", "/state/a").by("alice").if_match("*"))
        .await
        .expect(503);
    direct
        .send(ask("GET", "/state/a").by("alice"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_create_is_not_repeated_over_a_delete() {
    let direct = Api::start().await;
    let delete = async |real: String, put: Value| {
        let key = json!({"TableName": put["TableName"], "Key": {"id": put["Item"]["id"]}});
        assert_eq!(forward(&real, "DeleteItem", &key).await.0, 200);
    };
    let endpoint = losing_an_answer(&direct.endpoint, "PutItem", delete).await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    let put = ask("PUT", "/state/a")
        .by("alice")
        .create()
        .json(&json!({"value": 1}));
    let reply = api.send(put).await.expect(503);
    assert_eq!(reply.headers["retry-after"], "1");
    direct
        .send(ask("GET", "/state/a").by("alice"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_write_in_doubt_is_not_reported_as_throttled() {
    let direct = Api::start().await;
    for id in ["replaced", "patched", "deleted"] {
        direct.put("alice", id, &json!({"value": 1})).await;
    }
    let check = async |request: Ask| {
        let (real, full) = (direct.endpoint.clone(), Arc::new(AtomicUsize::new(0)));
        let endpoint = store(move |operation, input| {
            let (real, full) = (real.clone(), Arc::clone(&full));
            async move {
                if full.load(Ordering::Relaxed) == 1 {
                    let code = "com.amazonaws.dynamodb.v20120810#ThrottlingException";
                    return http(400, "", &json!({"__type": code}).to_string());
                }
                let (status, body) = forward(&real, &operation, &input).await;
                if operation == "GetItem" {
                    return http(status, "", &body);
                }
                full.store(1, Ordering::Relaxed);
                None
            }
        });
        let api = Api::over(&endpoint.await, &direct.table, &[]);
        api.send(request).await.expect(503);
    };
    let put = |id: &str| {
        ask("PUT", &format!("/state/{id}"))
            .by("alice")
            .json(&json!({"value": 2}))
    };
    check(put("created").create()).await;
    check(put("replaced").if_match("*")).await;
    check(
        ask("PATCH", "/state/patched")
            .by("alice")
            .if_match("*")
            .body("application/merge-patch+json", r#"{"value": 2}"#),
    )
    .await;
    check(ask("DELETE", "/state/deleted").by("alice").if_match("*")).await;
}

#[tokio::test]
async fn closed_connections_are_replaced() {
    let direct = Api::start().await;
    let real = direct.endpoint.clone();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let real = real.clone();
            tokio::spawn(async move {
                let call = read(&mut stream).await?;
                let (status, body) = forward(&real, &call.operation, &call.input).await;
                stream
                    .write_all(&http(status, "Connection: keep-alive\r\n", &body)?)
                    .await
                    .ok()
            });
        }
    });
    let api = Api::over(&endpoint, &direct.table, &[]);
    for n in 0..20 {
        api.put("alice", &format!("r{n:02}"), &json!({"value": n}))
            .await;
        api.send(
            ask("DELETE", &format!("/state/r{n:02}"))
                .by("alice")
                .if_match("*"),
        )
        .await
        .expect(204);
    }
}

/// A real store whose audience index still lists `hidden` ids as public, as a lagging index does; with `endless`, more
/// follow each of them.
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
    // More than one request reads: a page without a resource, whose cursor does not reveal what it passed over.
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

impl Call {
    /// Whether it reads one resource by its id, with its value, for a caller who may see it.
    pub fn is_read_of_visible(&self) -> bool {
        self.operation == "Query" && self.input["IndexName"].is_null()
    }
}

/// A store in front of a real one that records each call, once it is answered.
pub async fn recording(real: &str) -> (String, Arc<Mutex<Vec<Call>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (real, recorded) = (real.to_owned(), Arc::clone(&calls));
    let endpoint = store_of_calls(move |mut call| {
        let (real, recorded) = (real.clone(), Arc::clone(&recorded));
        async move {
            let (status, body) = forward(&real, &call.operation, &call.input).await;
            call.output = serde_json::from_str(&body).unwrap();
            recorded.lock().unwrap().push(call);
            http(status, "", &body)
        }
    });
    (endpoint.await, calls)
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
async fn a_hidden_value_is_not_read() {
    let direct = Api::start().await;
    for (id, visibility) in [("hidden", "private"), ("shown", "public")] {
        let body = json!({"value": "secret", "visibility": visibility});
        direct.put("alice", id, &body).await;
    }
    let (endpoint, calls) = recording(&direct.endpoint).await;
    let api = Api::over(&endpoint, &direct.table, &[]);
    // The calls that read a value, by the caller's request.
    let check = async |request: Ask, status: u16, values: &[&str]| {
        calls.lock().unwrap().clear();
        let name = format!("{} {status}", request.method());
        api.send(request).await.expect(status);
        let calls = calls.lock().unwrap();
        let mut read = Vec::new();
        for call in calls.iter() {
            let input = &call.input;
            let keys = match call.operation.as_str() {
                "Query" if call.is_read_of_visible() => {
                    let items = call.output["Items"].as_array().unwrap().iter();
                    items.map(|item| json!({"id": item["id"]})).collect()
                }
                "GetItem" if input["ProjectionExpression"].is_null() => json!([input["Key"]]),
                "BatchGetItem" => {
                    let table = &input["RequestItems"][direct.table.as_str()];
                    if !table["ProjectionExpression"].is_null() {
                        continue;
                    }
                    table["Keys"].clone()
                }
                _ => continue,
            };
            let ids = keys.as_array().unwrap().iter();
            read.extend(ids.map(|key| key["id"]["S"].as_str().unwrap().to_owned()));
        }
        assert_eq!(read, values, "{name}: {calls:?}");
    };
    let path = "/state/hidden";
    for by in [|ask: Ask| ask, |ask: Ask| ask.by("bob")] {
        check(by(ask("GET", path)), 404, &[]).await;
        check(by(ask("HEAD", path)), 404, &[]).await;
        check(by(ask("GET", "/state")), 200, &["shown"]).await;
    }
    let bob = |method: &str| ask(method, path).by("bob").if_match("*");
    check(bob("PUT").json(&json!({"value": 1})), 412, &[]).await;
    let patch = |ask: Ask| ask.body("application/merge-patch+json", "{}");
    check(patch(bob("PATCH")), 404, &[]).await;
    check(bob("DELETE"), 404, &[]).await;
    check(patch(bob("PATCH").to("/state/shown")), 403, &[]).await;
    check(bob("GET").to("/state/shown"), 200, &["shown"]).await;
    // A request that needs no value reads none.
    let alice = |method: &str| ask(method, path).by("alice");
    check(alice("HEAD"), 200, &[]).await;
    check(alice("GET").header("If-None-Match", "*"), 304, &[]).await;
    check(alice("GET"), 200, &["hidden"]).await;
    check(
        alice("PUT").if_match("*").json(&json!({"value": 1})),
        200,
        &[],
    )
    .await;
    check(alice("DELETE").if_match("*"), 204, &[]).await;
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

/// A real store that reads `at_once` of the keys of each batch and returns the others as unprocessed.
async fn reading_few(real: &str, at_once: usize) -> String {
    let real = real.to_owned();
    store(move |operation, mut input| {
        let real = real.clone();
        async move {
            if operation != "BatchGetItem" {
                let (status, body) = forward(&real, &operation, &input).await;
                return http(status, "", &body);
            }
            let (table, keys) = input["RequestItems"]
                .as_object()
                .unwrap()
                .iter()
                .next()
                .map(|(table, keys)| (table.clone(), keys.clone()))
                .unwrap();
            let all = keys["Keys"].as_array().unwrap().clone();
            // The last ones first: a store may read them in any order.
            let (unread, read) = all.split_at(all.len().saturating_sub(at_once));
            let mut body = json!({"Responses": {table.as_str(): []}});
            if !read.is_empty() {
                input["RequestItems"][&table]["Keys"] = json!(read);
                body = serde_json::from_str(&forward(&real, &operation, &input).await.1).unwrap();
            }
            body["UnprocessedKeys"] = if unread.is_empty() {
                json!({})
            } else {
                json!({table: {"Keys": unread}})
            };
            http(200, "", &body.to_string())
        }
    })
    .await
}

#[tokio::test]
async fn a_batch_that_is_read_in_parts_is_a_whole_page() {
    let direct = Api::start().await;
    for n in 0..7 {
        direct
            .put("alice", &format!("r{n}"), &json!({"value": n}))
            .await;
    }
    for at_once in [1, 3] {
        let api = Api::over(
            &reading_few(&direct.endpoint, at_once).await,
            &direct.table,
            &[],
        );
        let page = api
            .send(ask("GET", "/state?limit=6").by("alice"))
            .await
            .expect(200);
        assert_eq!(page.ids(), ["r0", "r1", "r2", "r3", "r4", "r5"]);
        assert!(page.body["nextCursor"].is_string());
    }
    let api = Api::over(&reading_few(&direct.endpoint, 0).await, &direct.table, &[]);
    api.send(ask("GET", "/state").by("alice")).await.expect(429);
}

/// A real store in which another writer hides `id`, and gives it another tag, just before its value is read.
async fn hiding_between_two_reads(direct: &Api, id: &'static str) -> String {
    let (real, table) = (direct.endpoint.clone(), direct.table.clone());
    store(move |operation, input| {
        let (real, table) = (real.clone(), table.clone());
        async move {
            if operation == "GetItem" && input["ProjectionExpression"].is_null() {
                let update = json!({
                    "TableName": table,
                    "Key": {"id": {"S": id}},
                    "UpdateExpression": "SET #visibility = :private, #tag = :other",
                    "ExpressionAttributeNames": {"#visibility": "visibility", "#tag": "tag"},
                    "ExpressionAttributeValues": {":private": {"S": "private"}, ":other": {"S": "other"}},
                });
                assert_eq!(forward(&real, "UpdateItem", &update).await.0, 200);
            }
            let (status, body) = forward(&real, &operation, &input).await;
            http(status, "", &body)
        }
    })
    .await
}

#[tokio::test]
async fn a_write_between_two_reads_is_noticed() {
    let direct = Api::start().await;
    let body = json!({"value": "secret", "visibility": "public"});
    let check = async |id: &'static str, request: Ask, status: u16| {
        direct.put("alice", id, &body).await;
        let endpoint = hiding_between_two_reads(&direct, id).await;
        let api = Api::over(&endpoint, &direct.table, &[]);
        let path = format!("/state/{id}");
        api.send(request.to(&path)).await.expect(status)
    };
    // With a condition, a read is two calls.
    let get = ask("GET", "").header("If-None-Match", "\"x\"");
    check("hidden", get.clone().by("bob"), 404).await;
    let read = check("read", get.by("alice"), 200).await;
    assert_eq!(
        (read.etag(), &read.body["visibility"]),
        ("\"other\"".to_owned(), &json!("private"))
    );
    let patch = ask("PATCH", "")
        .by("alice")
        .if_match("*")
        .body("application/merge-patch+json", r#"{"value": 1}"#);
    check("patched", patch, 412).await;
    let after = direct.send(ask("GET", "/state/patched").by("alice")).await;
    assert_eq!(after.body["value"], "secret");
}
