//! Certificates, proxies, and servers that do not answer.

use std::time::{Duration, Instant};

use testkit::http::closed_address;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

use super::unreachable;
use crate::issuer::Issuer;
use crate::run::{all_options, assert_verdict, judge, report};
use crate::tls::{Chain, Wrong};

/// The bytes of a file, in the encoding that its name says.
fn as_saved(text: &str, name: &str) -> Vec<u8> {
    match name {
        "UTF-16" => {
            let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        }
        "UTF-8 with a mark" => format!("\u{feff}{text}").into_bytes(),
        _ => text.as_bytes().to_vec(),
    }
}

#[tokio::test]
async fn certificates() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, wrong, trusted, expected, found, advice) in [
        ("right", Wrong::Nothing, true, Vec::new(), "", ""),
        ("UTF-16", Wrong::Nothing, true, Vec::new(), "", ""),
        (
            "UTF-8 with a mark",
            Wrong::Nothing,
            true,
            Vec::new(),
            "",
            "",
        ),
        (
            "expired",
            Wrong::Expired,
            true,
            unreachable(),
            "`CN=localhost` is valid until 2021-01-01T00:00:00Z",
            "renew",
        ),
        (
            "no intermediate",
            Wrong::NoIntermediate,
            true,
            unreachable(),
            "`CN=Test Intermediate`, which the server does not send",
            "let the server send the intermediate certificate `CN=Test Intermediate`",
        ),
        (
            "unknown root",
            Wrong::Nothing,
            false,
            unreachable(),
            "ends at `CN=Test Root`",
            "--ca-file",
        ),
        (
            "another name",
            Wrong::OtherName,
            true,
            unreachable(),
            "`CN=other.example`",
            "host name",
        ),
    ] {
        let chain = Chain::new(wrong);
        let issuer = Issuer::start_tls(&chain);
        let mut options = all_options(&issuer.url);
        if trusted {
            let file = folder.join(format!("{name}.pem"));
            std::fs::write(&file, as_saved(&chain.root_pem, name)).unwrap();
            options.extend(["--ca-file".to_owned(), file.to_str().unwrap().to_owned()]);
        }
        assert_verdict(name, &report(&options).await, &expected, found, advice);
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_abandoned_after_five_seconds() {
    let issuer = Issuer::start(|script| script.silent = true);
    let started = Instant::now();
    judge(
        "silent",
        &issuer,
        &unreachable(),
        "within 5 seconds",
        "proxy",
    )
    .await;
    let waited = started.elapsed();
    assert!(
        waited >= Duration::from_secs(5) && waited < Duration::from_secs(9),
        "{waited:?}"
    );
}

#[tokio::test]
async fn an_issuer_on_a_closed_port() {
    let url = format!("http://{}/oauth2/default", closed_address());
    judge(
        "nothing",
        &Issuer { url },
        &unreachable(),
        "refused",
        "host and port",
    )
    .await;
}

/// Like the authorizer: it reaches other hosts through the proxy of the environment, and this machine without it.
#[tokio::test]
async fn a_forward_proxy_is_used_for_other_hosts_only() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let run = |issuer: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(["doctor", "--issuer", issuer]);
        command.env("HTTPS_PROXY", &address).env_remove("NO_PROXY");
        command.env_remove("https_proxy").env_remove("no_proxy");
        command
    };
    let asked = async {
        let (socket, _) = proxy.accept().await.unwrap();
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).await.unwrap();
        line
    };
    let mut elsewhere = run("https://dev-1.okta.com/oauth2/default");
    let (line, output) = tokio::join!(asked, elsewhere.output());
    assert_eq!(line, "CONNECT dev-1.okta.com:443 HTTP/1.1\r\n");
    assert_eq!(output.unwrap().status.code(), Some(1));

    let here = Issuer::start(|_| {});
    let output = run(&here.url).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn a_malformed_proxy_is_wrong_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_local"))
        .args([
            "doctor",
            "--issuer",
            "https://dev-1.okta.com/oauth2/default",
        ])
        .env("https_proxy", "proxy.example")
        .output()
        .await
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("https_proxy"), "{error}");
}
