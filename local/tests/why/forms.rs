//! The same incident gives the same answer in each form of log lines.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{AUTHORIZER, HANDLER, ID, access, decision, handled};

/// The lines of an incident among those of other requests. The authorizer's line is before the line that has its id.
fn lines() -> Vec<String> {
    let other = json!({"requestId": "other", "status": "404"});
    let line = access(&json!({
        "status": "412", "integrationStatus": "412", "integrationRequestId": HANDLER, "principalId": "p, \"q\"",
        "authorizerRequestId": AUTHORIZER,
    }));
    vec![
        "INIT_START Runtime Version: provided.al2023".to_owned(),
        format!("START RequestId: {AUTHORIZER} Version: $LATEST"),
        decision("allow", "granted").to_string(),
        format!("END RequestId: {AUTHORIZER}"),
        handled(412).to_string(),
        access(&other).to_string(),
        line.to_string(),
    ]
}

fn whole() -> Value {
    json!({
        "requestId": ID, "status": 412, "decidedBy": "handler", "reason": "412",
        "route": {"method": "PUT", "path": "/state/{id}"},
        "authorizer": {"requestId": AUTHORIZER, "cache": "miss"}, "advice": "read again, merge, write again",
    })
}

fn joined(lines: &[String], line: impl Fn(&String) -> String) -> String {
    lines.iter().map(line).collect()
}

fn events(lines: &[String]) -> Value {
    let event = |(number, line): (usize, &String)| {
        json!({
            "logStreamName": "2026/01/01/[$LATEST]0123", "timestamp": 1_767_225_600_000_u64, "message": format!("{line}\n"),
            "ingestionTime": 1_767_225_600_001_u64, "eventId": number.to_string(),
        })
    };
    lines.iter().enumerate().map(event).collect()
}

fn results(lines: &[String]) -> Value {
    let row = |line: &String| {
        json!([
            {"field": "@timestamp", "value": "2026-01-01 00:00:00.000"}, {"field": "@message", "value": line},
            {"field": "@ptr", "value": "x"},
        ])
    };
    lines.iter().map(row).collect()
}

fn csv(head: &str, lines: &[String]) -> String {
    let quoted = |line: &String| line.replace('"', "\"\"");
    format!(
        "{head}\n{}",
        joined(lines, |line| format!(
            "2026-01-01 00:00:00.000,\"{}\"\r\n",
            quoted(line)
        ))
    )
}

/// A line as `aws logs tail --format json` prints it: JSON over several lines, after a line with the time and the stream.
fn pretty(line: &str) -> String {
    let stream = "2026-01-01T00:00:00+00:00 2026/01/01/[$LATEST]0123";
    match serde_json::from_str::<Value>(line) {
        Ok(json) => format!(
            "{stream} \n{}\n",
            serde_json::to_string_pretty(&json).unwrap()
        ),
        Err(_) => format!("{stream} {line}\n"),
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// An object of an export to S3.
fn exported(lines: &[String]) -> Vec<u8> {
    gzip(joined(lines, |line| format!("2026-01-01T00:00:00.000Z {line}\n")).as_bytes())
}

/// Each form with the content of a file in it.
fn forms(lines: &[String]) -> Vec<(&'static str, Vec<u8>)> {
    let plain = joined(lines, |line| format!("{line}\n"));
    let pages: Vec<_> = lines
        .chunks(3)
        .map(|some| json!({"events": events(some)}).to_string())
        .collect();
    let subscription = json!({
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"],
        "logEvents": events(lines),
    });
    let coloured = |line: &String| {
        format!("\u{1b}[32m2026-01-01T00:00:00.000000+00:00\u{1b}[0m \u{1b}[36ms\u{1b}[0m {line}\n")
    };
    let insights: Vec<_> = lines
        .iter()
        .map(|line| json!({"@timestamp": "2026-01-01", "@message": line}))
        .collect();
    let parsed = |line: &String| serde_json::from_str(line).unwrap_or_else(|_| json!(line));
    let parsed: Vec<Value> = lines.iter().map(parsed).collect();
    let document = json!({"searchedLogStreams": [], "events": events(lines), "nextToken": "t"});
    let answer = json!({"queryLanguage": "CWLI", "results": results(lines), "statistics": {"recordsMatched": 7.0}, "status": "Complete"});
    let text_forms = vec![
        ("lines", plain.clone()),
        ("lines of windows", plain.replace('\n', "\r\n")),
        (
            "tail --format detailed",
            joined(lines, |line| {
                format!("2026-01-01T00:00:00.000000+00:00 2026/01/01/[$LATEST]0123 {line}\n")
            }),
        ),
        (
            "tail --format short",
            joined(lines, |line| format!("2026-01-01T00:00:00 {line}\n")),
        ),
        ("tail --format json", joined(lines, |line| pretty(line))),
        ("tail --color on", joined(lines, coloured)),
        (
            "filter-log-events",
            serde_json::to_string_pretty(&document).unwrap(),
        ),
        ("filter-log-events in one line", document.to_string()),
        ("filter-log-events of several groups", pages.join("\n")),
        (
            "filter-log-events --output text",
            joined(lines, |line| format!("EVENTS\t1\t2\tstream\t{line}\t3\n")),
        ),
        ("events of jq", events(lines).to_string()),
        (
            "get-query-results",
            serde_json::to_string_pretty(&answer).unwrap(),
        ),
        ("results of jq", results(lines).to_string()),
        ("insights as JSON", json!(insights).to_string()),
        ("jq --slurp", serde_json::to_string_pretty(&parsed).unwrap()),
        ("insights as CSV", csv("@timestamp,@message", lines)),
        ("log events as CSV", csv("timestamp,message", lines)),
        ("subscription", format!("{subscription}{subscription}")),
        (
            "export to S3, unpacked",
            joined(lines, |line| format!("2026-01-01T00:00:00.000Z {line}\n")),
        ),
    ];
    let mut all: Vec<_> = text_forms
        .into_iter()
        .map(|(form, text)| (form, text.into_bytes()))
        .collect();
    all.extend([
        ("export to S3", exported(lines)),
        (
            "two members of gzip",
            [exported(&lines[..3]), exported(&lines[3..])].concat(),
        ),
        (
            "gzip of firehose",
            gzip(&gzip(subscription.to_string().as_bytes())),
        ),
        ("UTF-16 of PowerShell", utf16(&plain)),
        ("UTF-16 of a document", utf16(&document.to_string())),
        (
            "UTF-8 with a mark",
            format!("\u{feff}{}", csv("@timestamp,@message", lines)).into_bytes(),
        ),
    ]);
    all
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("why-forms")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(logs: &[&Path], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["why", ID, "--json"]);
    for path in logs {
        command.arg("--logs").arg(path);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that refuses another file does not read standard input.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// The whole account, and no warning.
fn check(form: &str, logs: &[&Path], input: &[u8]) {
    let output = run(logs, input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{form}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found, whole(), "{form}");
}

#[test]
fn an_incident_in_each_form() {
    let folder = folder("each");
    let file = folder.join("logs");
    for (form, content) in forms(&lines()) {
        fs::write(&file, &content).unwrap();
        check(form, &[&file], b"");
        check(form, &[Path::new("-")], &content);
    }
}

/// The tree of an export to S3: one folder per stream, and the object with which AWS tests its permission to write.
#[test]
fn a_folder_of_an_export() {
    let folder = folder("export");
    fs::write(
        folder.join("aws-logs-write-test"),
        "Permission Check Successful",
    )
    .unwrap();
    fs::write(folder.join(".DS_Store"), [0, 1, 2]).unwrap();
    for (place, some) in lines().chunks(3).enumerate() {
        let stream = folder.join(format!("task/2026-01-01-[$LATEST]{place}"));
        fs::create_dir_all(&stream).unwrap();
        fs::write(stream.join("000000.gz"), exported(some)).unwrap();
    }
    check("export", &[&folder], b"");
    let parts: Vec<_> = (0..3)
        .map(|place| folder.join(format!("task/2026-01-01-[$LATEST]{place}")))
        .collect();
    let parts: Vec<&Path> = parts.iter().map(PathBuf::as_path).collect();
    check("streams", &parts, b"");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once() {
    let folder = folder("pipe");
    let fifo = folder.join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let content = forms(&lines()).swap_remove(6).1;
    let writer = fifo.clone();
    let writing = std::thread::spawn(move || fs::write(writer, content));
    check("pipe", &[&fifo], b"");
    writing.join().unwrap().unwrap();
}

/// The error about a file with this content.
fn refused(folder: &Path, name: &str, content: &[u8]) -> String {
    let file = folder.join(name);
    fs::write(&file, content).unwrap();
    let output = run(&[&file], b"");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{name}: {error}");
    assert!(output.stdout.is_empty(), "{name}");
    error
}

/// The error has the file, its fault and the expectation.
#[test]
fn a_file_in_another_format_is_an_error() {
    let folder = folder("wrong");
    let whole = json!({"events": events(&lines())}).to_string();
    let (cut, _) = whole.rsplit_once("END RequestId").unwrap();
    let long = format!(
        "{{\"events\": [{{\"message\": \"{}\"}}]}}",
        "x".repeat(9_000_000)
    );
    let lines_of = |text: &str| text.as_bytes().to_vec();
    let expected = "expected lines of the access log and of the functions";
    for (name, content, found) in [
        (
            "text",
            lines_of("hello\nworld\n"),
            "none of its 2 records is a line of a log",
        ),
        (
            "json",
            lines_of("{\"name\": \"x\"}"),
            "none of its 1 records is a line of a log",
        ),
        (
            "package.json",
            lines_of("{\n  \"name\": \"x\"\n}\n"),
            "none of its 1 records is a line of a log",
        ),
        (
            "other.csv",
            lines_of("a,b\n1,2\n"),
            "none of its 2 records is a line of a log",
        ),
        (
            "stats.csv",
            lines_of("@timestamp,route\n2026,x\n"),
            "the results have no field @message",
        ),
        (
            "stats.json",
            lines_of(r#"{"results": [[{"field": "route", "value": "x"}]]}"#),
            "the results have no field @message",
        ),
        (
            "cut.json",
            lines_of(cut),
            "malformed JSON at line 1, column",
        ),
        (
            "shape.json",
            lines_of(r#"{"events": {"a": "secret"}}"#),
            "malformed JSON at line 1, column",
        ),
        (
            "long.json",
            lines_of(&long),
            "a record has over 8388608 bytes",
        ),
        (
            "long.log",
            lines_of(&"x".repeat(9_000_000)),
            "a record has over 8388608 bytes",
        ),
        (
            "long.csv",
            lines_of(&format!("@message\n\"{}\"\n", "x".repeat(9_000_000))),
            "a record has over 8388608 bytes",
        ),
        (
            "bomb.gz",
            gzip(&vec![b' '; 20_000_000]),
            "a record has over 8388608 bytes",
        ),
        (
            "latin.log",
            b"2026-01-01T00:00:00 \xe9\n".to_vec(),
            "record 1 is not UTF-8",
        ),
        (
            "results.xlsx",
            b"PK\x03\x04rest".to_vec(),
            "found a ZIP archive or a spreadsheet",
        ),
    ] {
        let error = refused(&folder, name, &content);
        assert!(
            error.contains(&format!("{name}: {found}")),
            "{name}: {error}"
        );
        assert!(
            error.contains(expected) && !error.contains("secret"),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_decoded_is_an_error() {
    let folder = folder("undecodable");
    let packed = exported(&lines());
    for (name, content, found) in [
        ("cut.gz", packed[..packed.len() - 12].to_vec(), "cut.gz: "),
        (
            "utf16",
            utf16("{}")[2..].to_vec(),
            "the encoding is UTF-16LE without a byte order mark",
        ),
    ] {
        let error = refused(&folder, name, &content);
        assert!(error.contains(found), "{name}: {error}");
    }
    let nowhere = folder.join("nowhere");
    let error = String::from_utf8(run(&[&nowhere], b"").stderr).unwrap();
    assert!(error.contains("nowhere: "), "{error}");
}

#[test]
fn a_record_that_cannot_be_parsed_is_counted() {
    let folder = folder("counted");
    let file = folder.join("logs");
    let mut lines = lines();
    lines.insert(2, "what is this".to_owned());
    lines.push(r#"{"message":"decision","reason":"x"}"#.to_owned());
    fs::write(&file, joined(&lines, |line| format!("{line}\n"))).unwrap();
    let output = run(&[&file], b"");
    let warning = String::from_utf8(output.stderr).unwrap();
    let expected = format!(
        "warning: {}: 2 of 9 records are not lines that this command reads; the first is number 3\n",
        file.display()
    );
    assert_eq!(warning, expected);
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).unwrap(),
        whole()
    );
}

/// Memory does not grow with the file: 30 MB in lines, and in one document, are read in an address space of 64 MB.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded() {
    let folder = folder("memory");
    let other = access(&json!({"requestId": "other", "status": "404", "path": "x".repeat(5000)}))
        .to_string();
    let ours = lines();
    let many = || std::iter::repeat_n(&other, 6000).chain(&ours);
    let mut document = GzEncoder::new(Vec::new(), Compression::fast());
    write!(document, "{{\"events\": [").unwrap();
    for line in many() {
        write!(document, "{},", json!({"message": line})).unwrap();
    }
    write!(document, "{{\"message\": \"END RequestId: x\"}}]}}").unwrap();
    let mut plain = GzEncoder::new(Vec::new(), Compression::fast());
    for line in many() {
        writeln!(plain, "{line}").unwrap();
    }
    for (form, content) in [("document", document), ("lines", plain)] {
        let file = folder.join(form);
        fs::write(&file, content.finish().unwrap()).unwrap();
        let output = Command::new("bash")
            .args(["-c", "ulimit -v 64000 && exec \"$@\"", "bash"])
            .args([env!("CARGO_BIN_EXE_local"), "why", ID, "--json", "--logs"])
            .arg(&file)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{form}: {error}");
        assert_eq!(
            serde_json::from_slice::<Value>(&output.stdout).unwrap(),
            whole(),
            "{form}"
        );
    }
}
