//! Bodies that try to cause a crash, much CPU time, much memory or a huge answer. The binary must answer each within
//! the limits. Its CPU time and peak memory are measured.

use std::fs;

use serde_json::{Value, json};

use crate::{
    processes::Function,
    support::{Api, Ask, Reply, ask},
};

/// The maximum CPU time of one request.
const MAX_CPU_MS: u64 = 500;

/// The maximum memory of the process.
const MAX_MEMORY_KIB: u64 = 128 * 1024;

/// The maximum size of an answer about invalid input.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// The maximum size of a body.
const MAX_BODY: usize = 512 * 1024;

/// The CPU time of a process so far, in milliseconds.
fn cpu_ms(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // Every Linux that Rust's standard library supports has a hundred ticks per second.
    ticks * 10
}

/// The peak memory of a process so far.
fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.unwrap().trim().trim_end_matches(" kB");
    digits.parse().unwrap()
}

/// The function as a process with measured CPU time and memory.
struct Measured(Function);

impl Measured {
    /// Sends a request. `name` is reported if a limit is exceeded.
    async fn send(&self, name: &str, request: Ask) -> Reply {
        let process = self.0.id();
        let before = cpu_ms(process);
        let reply = self.0.send(request).await;
        let (cpu, peak) = (cpu_ms(process) - before, peak_kib(process));
        println!(
            "{name}: {} in {cpu} ms CPU, peak {} MiB",
            reply.status,
            peak / 1024
        );
        assert!(cpu <= MAX_CPU_MS, "{name}: {cpu} ms of CPU");
        assert!(peak <= MAX_MEMORY_KIB, "{name}: {peak} KiB");
        if reply.status >= 400 {
            assert!(
                reply.text.len() <= MAX_ERROR_BYTES,
                "{name}: {}",
                reply.text.len()
            );
            for error in reply.body["errors"].as_array().into_iter().flatten() {
                let pointer = error["pointer"].as_str().unwrap();
                assert!(pointer.chars().count() <= 256, "{name}: {pointer}");
            }
            assert!(
                reply.body["errors"]
                    .as_array()
                    .is_none_or(|e| e.len() <= 20),
                "{name}"
            );
        }
        reply
    }
}

/// Repeats `unit`, separated by commas, as often as it fits into `bytes`.
fn fill(unit: &str, bytes: usize) -> String {
    vec![unit; bytes / (unit.len() + 1)].join(",")
}

/// An object with as many members as fit into `bytes`.
fn members(value: &str, bytes: usize) -> String {
    let members: Vec<_> = (0..bytes / (9 + value.len()))
        .map(|n| format!("\"{n:05x}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn nest(levels: usize) -> Value {
    (0..levels).fold(json!([]), |inner, _| json!([inner]))
}

#[tokio::test]
async fn values() {
    let api = Api::start().await;
    let function = Measured(Function::start(&api));
    let chain = |open: &str, close: &str| format!("{}0{}", open.repeat(90), close.repeat(90));
    let units = [
        ("zeros", "0".to_owned()),
        ("floats", "1.5".to_owned()),
        ("powers", "1e9".to_owned()),
        ("digits", format!("0.{}5", "0".repeat(300))),
        ("texts", "\"\"".to_owned()),
        ("letters", "\"a\"".to_owned()),
        ("escapes", r#""\u0000""#.to_owned()),
        ("arrays", "[0]".to_owned()),
        ("objects", r#"{"":0}"#.to_owned()),
        ("nested", r#"{"":{"":0}}"#.to_owned()),
        ("deep arrays", chain("[", "]")),
        ("deep objects", chain(r#"{"":"#, "}")),
    ];
    for (name, unit) in units {
        // Bodies of the maximum size, and values of the maximum size if they are returned as they were sent.
        for bytes in [MAX_BODY - 20, MAX_BODY / 2 - 2] {
            let body = format!(r#"{{"value":[{}]}}"#, fill(&unit, bytes));
            let id = format!("{}-{bytes}", name.replace(' ', "-"));
            let put = ask("PUT", &format!("/state/{id}"))
                .by("alice")
                .create()
                .body("application/json", &body);
            let reply = function.send(&format!("{name}, {bytes} bytes"), put).await;
            assert!(matches!(reply.status, 201 | 413), "{name}: {reply:?}");
        }
    }
    let half = MAX_BODY / 2;
    let bodies = [
        (
            "members",
            format!(r#"{{"value":{}}}"#, members("0", half - 100)),
            201,
        ),
        ("unknown members", members("0", MAX_BODY), 422),
        (
            "a long name",
            format!(r#"{{"value":0,"{}":0}}"#, "x".repeat(MAX_BODY - 20)),
            422,
        ),
        (
            "a long name of quotes",
            format!(r#"{{"value":{{"{}":1e400}}}}"#, r#"\""#.repeat(half - 20)),
            400,
        ),
        (
            "long names",
            format!(
                r#"{{"value":0,{}}}"#,
                (0..30)
                    .map(|n| format!(r#""{}{n}":0"#, r"\u0001".repeat(2_500)))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            422,
        ),
        (
            "a repeated member",
            format!(r#"{{"value":{{{}}}}}"#, fill(r#""a":0"#, MAX_BODY - 20)),
            422,
        ),
        (
            "too deep",
            format!(r#"{{"value":{}"#, "[".repeat(MAX_BODY - 20)),
            422,
        ),
        ("too large", " ".repeat(MAX_BODY + 1), 413),
        (
            "much too large",
            format!(r#"{{"value":[{}]}}"#, fill(r#"{"":0}"#, 5_000_000)),
            413,
        ),
    ];
    for (name, body, status) in bodies {
        let put = ask("PUT", "/state/a")
            .by("alice")
            .create()
            .body("application/json", &body);
        function.send(name, put).await.expect(status);
    }
}

/// Sends patches of resources to a measured process.
struct Patches {
    api: Api,
    function: Measured,
}

impl Patches {
    async fn start() -> Self {
        let api = Api::start().await;
        let function = Measured(Function::start(&api));
        Self { api, function }
    }

    /// Creates a resource with a value, and patches it.
    async fn send(&self, name: &str, kind: &str, value: &str, patch: &str, status: u16) {
        let id = format!("/state/{}", name.replace([' ', ','], "-"));
        let put = ask("PUT", &id)
            .by("alice")
            .create()
            .body("application/json", &format!(r#"{{"value":{value}}}"#));
        self.api.send(put.lasting()).await.expect(201);
        let request = ask("PATCH", &id)
            .by("alice")
            .if_match("*")
            .body(&format!("application/{kind}+json"), patch);
        self.function.send(name, request).await.expect(status);
    }
}

fn repeat(step: &Value, times: usize) -> String {
    json!(vec![step; times]).to_string()
}

fn zeros() -> String {
    format!("[{}]", fill("0", MAX_BODY / 2 - 100))
}

fn many_members() -> String {
    members("0", MAX_BODY / 2 - 300)
}

#[tokio::test]
async fn patches_that_nest_deeply() {
    let patches = Patches::start().await;
    let steps = |steps: &[Value]| json!(steps).to_string();

    let mut deep_copy = vec![json!({"op": "add", "path": "/value", "value": nest(89)})];
    let mut deep_add = vec![json!({"op": "replace", "path": "/value", "value": {"a": []}})];
    let mut deep_move =
        vec![json!({"op": "replace", "path": "/value", "value": {"a": nest(60), "b": nest(60)}})];
    for n in 0..10 {
        let path = |root: &str, levels: usize| format!("{root}{}", "/0".repeat(levels));
        deep_copy.push(json!({"op": "copy", "from": "/value", "path": path("/value", 90 << n)}));
        deep_add.push(json!({"op": "add", "path": path("/value/a", 90 * n), "value": nest(89)}));
        deep_move.push(json!({"op": "move", "from": "/value/a", "path": path("/value/b", 60)}));
    }
    patches
        .send("deep copies", "json-patch", "0", &steps(&deep_copy), 422)
        .await;
    patches
        .send("deep additions", "json-patch", "0", &steps(&deep_add), 422)
        .await;
    patches
        .send("deep moves", "json-patch", "0", &steps(&deep_move), 422)
        .await;
}

#[tokio::test]
async fn patches_of_many_operations() {
    let patches = Patches::start().await;
    let zeros = zeros();
    let copy = json!({"op": "copy", "from": "/value/a", "path": "/value/b"});
    let half = format!(r#"{{"a":[{}]}}"#, fill("0", MAX_BODY / 5));
    patches
        .send(
            "a flood of copies",
            "json-patch",
            &half,
            &repeat(&copy, 998),
            413,
        )
        .await;
    let text = format!(r#"{{"a":"{}"}}"#, "x".repeat(1040));
    patches
        .send(
            "small copies",
            "json-patch",
            &text,
            &repeat(&copy, 1000),
            200,
        )
        .await;
    let front = json!({"op": "move", "from": "/value/0", "path": "/value/0"});
    patches
        .send(
            "moves to itself",
            "json-patch",
            &zeros,
            &repeat(&front, 1000),
            200,
        )
        .await;
    let front_to_back = json!({"op": "move", "from": "/value/0", "path": "/value/-"});
    patches
        .send(
            "moves from the front",
            "json-patch",
            &zeros,
            &repeat(&front_to_back, 1000),
            200,
        )
        .await;
    let back_to_front = json!({"op": "move", "from": "/value/130000", "path": "/value/0"});
    patches
        .send(
            "moves to the front",
            "json-patch",
            &zeros,
            &repeat(&back_to_front, 1000),
            200,
        )
        .await;
    let insert = json!({"op": "add", "path": "/value/0", "value": 0});
    let shorter = format!("[{}]", fill("0", MAX_BODY / 2 - 4000));
    patches
        .send(
            "insertions",
            "json-patch",
            &shorter,
            &repeat(&insert, 1000),
            200,
        )
        .await;
    let many = many_members();
    let rename = [
        json!({"op": "move", "from": "/value/00000", "path": "/value/fffff"}),
        json!({"op": "move", "from": "/value/fffff", "path": "/value/00000"}),
    ];
    let renames = json!(vec![rename; 500].concat()).to_string();
    patches
        .send("renames", "json-patch", &many, &renames, 200)
        .await;
    let half_object = format!(r#"{{"a":{}}}"#, members("[]", MAX_BODY / 8));
    let back_and_forth = json!(
        vec![
            [
                json!({"op": "move", "from": "/value/a", "path": "/value/b"}),
                json!({"op": "move", "from": "/value/b", "path": "/value/a"}),
            ];
            8
        ]
        .concat()
    );
    patches
        .send(
            "large moves",
            "json-patch",
            &half_object,
            &back_and_forth.to_string(),
            200,
        )
        .await;
}

#[tokio::test]
async fn large_operations() {
    let patches = Patches::start().await;
    let (zeros, many) = (zeros(), many_members());
    let values = format!(
        r#"[{{"op":"add","path":"/value","value":[{}]}}]"#,
        fill(r#"{"":{"":0}}"#, MAX_BODY - 100)
    );
    patches
        .send("a large operation", "json-patch", &many, &values, 413)
        .await;
    let test = format!(r#"[{{"op":"test","path":"/value","value":{zeros}}}]"#);
    patches
        .send("a large test", "json-patch", &zeros, &test, 200)
        .await;
    let slashes = format!(
        r#"[{{"op":"remove","path":"{}"}}]"#,
        "/".repeat(MAX_BODY - 50)
    );
    patches
        .send("a long path", "json-patch", &zeros, &slashes, 409)
        .await;
    let wrong = format!(r#"[{{"op":"{}","path":""}}]"#, "x".repeat(MAX_BODY - 50));
    patches
        .send("a long op", "json-patch", &zeros, &wrong, 400)
        .await;
    let private = r#"{"$serde_json::private::RawValue":"[1]"}"#;
    let test = format!(r#"[{{"op":"test","path":"/value","value":{private}}}]"#);
    patches
        .send("names of internals", "json-patch", private, &test, 200)
        .await;
}

#[tokio::test]
async fn merge_patches() {
    let patches = Patches::start().await;
    let many = many_members();
    let more = format!(r#"{{"value":{}}}"#, members("null", MAX_BODY - 40));
    patches
        .send("a large removal", "merge-patch", &many, &more, 200)
        .await;
    let more = format!(r#"{{"value":{}}}"#, members(r#"{"":0}"#, MAX_BODY - 100));
    patches
        .send("a large merge", "merge-patch", &many, &more, 413)
        .await;
    let deep = format!(r#"{{"value":{}"#, r#"{"":"#.repeat(100_000));
    patches
        .send("a deep merge", "merge-patch", &many, &deep, 422)
        .await;
}

#[tokio::test]
async fn pages() {
    let api = Api::start().await;
    let function = Measured(Function::start(&api));
    let largest = "x".repeat(256 * 1024 - 2);
    for n in 0..22 {
        api.put("alice", &format!("r{n:02}"), &json!({"value": largest}))
            .await;
    }
    for limit in [25, 100] {
        let list = ask("GET", &format!("/state?limit={limit}")).by("alice");
        let page = function.send(&format!("a page of {limit}"), list).await;
        assert!(page.expect(200).body["nextCursor"].is_string());
    }
}
