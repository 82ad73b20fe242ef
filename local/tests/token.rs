//! `cargo local token` against an issuer on loopback, with the whole output of `--show-flow`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use http::Response;
use reqwest::Url;
use serde_json::{Value, json};
use testkit::http::{LoopbackServer, ReceivedRequest, Reply, closed_address};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

const CODE: &str = "the-code-of-this-sign-in";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

type Parameters = BTreeMap<String, String>;

/// An issuer with a sign-in page, and its stack.
#[derive(Clone)]
struct Fake {
    origin: String,
    /// The answer of the token endpoint.
    redeemed: Arc<(u16, Value)>,
    /// The parameters of each request, in order.
    requests: Arc<Mutex<Vec<(String, Parameters)>>>,
}

impl Fake {
    fn start(status: u16, redeemed: Value) -> Self {
        let mut fake = Self {
            origin: String::new(),
            redeemed: Arc::new((status, redeemed)),
            requests: Arc::default(),
        };
        LoopbackServer::with_origin(|origin| {
            origin.clone_into(&mut fake.origin);
            let fake = fake.clone();
            move |request| answer(&fake, request)
        });
        fake
    }

    /// A data folder in which this is the running stack.
    fn data(&self, name: &str) -> PathBuf {
        let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&data).unwrap();
        let file = json!({
            "pid": 1, "api": format!("{}/prod", self.origin), "lambda": self.origin, "database": self.origin,
            "web": "http://127.0.0.1:8080", "issuer": self.origin, "issuerPid": 1, "clientId": "web",
            "audience": "api://default",
        });
        std::fs::write(data.join("stack.json"), file.to_string()).unwrap();
        data
    }

    /// The parameter of the last request to a path.
    fn received(&self, path: &str, name: &str) -> String {
        let requests = self.requests.lock().unwrap();
        let last = requests.iter().rfind(|(found, _)| found == path);
        let (_, parameters) = last.unwrap_or_else(|| panic!("no request to {path}"));
        parameters.get(name).cloned().unwrap_or_default()
    }
}

fn answer(fake: &Fake, request: &ReceivedRequest) -> Reply {
    let (head, body) = request.to_http().into_parts();
    let is_form = request.header("content-type") == Some("application/x-www-form-urlencoded");
    let sent = if is_form {
        body
    } else {
        head.uri.query().unwrap_or_default().to_owned()
    };
    let pairs = Url::parse(&format!("http://form/?{sent}")).unwrap();
    let pairs: Parameters = pairs.query_pairs().into_owned().collect();
    let path = head.uri.path().to_owned();
    fake.requests.lock().unwrap().push((path.clone(), pairs));

    let origin = &fake.origin;
    let redirect = |to: &str| {
        let answer = Response::builder().status(303).header("location", to);
        let answer = answer.header("set-cookie", "sid=a-secret-session; path=/; HttpOnly");
        answer.body(String::new()).unwrap().into()
    };
    let text = |status: u16, text: String| {
        let answer = Response::builder().status(status);
        answer.body(text).unwrap().into()
    };
    match path.as_str() {
        "/2015-03-31/functions/authorizer/invocations" => text(204, String::new()),
        "/.well-known/openid-configuration" => text(
            200,
            json!({
                "issuer": origin, "authorization_endpoint": format!("{origin}/authorize"),
                "token_endpoint": format!("{origin}/token"), "subject_types_supported": ["public"],
            })
            .to_string(),
        ),
        "/authorize" => redirect("/sign-in"),
        "/sign-in" if head.method == "POST" => {
            let (redirect_uri, state) = (
                fake.received("/authorize", "redirect_uri"),
                fake.received("/authorize", "state"),
            );
            let query = [("code", CODE), ("state", &*state), ("iss", origin)];
            redirect(
                Url::parse_with_params(&redirect_uri, query)
                    .unwrap()
                    .as_str(),
            )
        }
        "/sign-in" => text(
            200,
            r#"<form method="post" action="/sign-in"><button name="user" value="alice">"#
                .to_owned(),
        ),
        "/token" => {
            let proven = head.headers.contains_key("dpop");
            let first = fake
                .requests
                .lock()
                .unwrap()
                .iter()
                .filter(|(path, _)| path == "/token")
                .count()
                == 1;
            if proven && first {
                let answer = Response::builder()
                    .status(400)
                    .header("dpop-nonce", "a-nonce-of-the-issuer");
                let body =
                    json!({"error": "use_dpop_nonce", "error_description": "nonce required"});
                return answer.body(body.to_string()).unwrap().into();
            }
            text(fake.redeemed.0, fake.redeemed.1.to_string())
        }
        _ => text(404, String::new()),
    }
}

fn tokens(kind: &str) -> Value {
    json!({"access_token": TOKEN, "token_type": kind, "expires_in": 3600, "scope": "state:read", "sid": "x"})
}

async fn token(data: &PathBuf, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_local"))
        .arg("--data")
        .arg(data)
        .args(["token", "alice", "--scope", "state:read"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}

/// The hops before the code: the metadata and the verifier.
fn first_hops(fake: &Fake) -> String {
    let (origin, challenge) = (&fake.origin, fake.received("/authorize", "code_challenge"));
    let verifier = shortened(&fake.received("/token", "code_verifier"));
    format!(
        r#"1. Read the issuer's metadata
   > GET {origin}/.well-known/openid-configuration
   < 200 OK
   <   issuer={origin}
   <   authorization_endpoint={origin}/authorize
   <   token_endpoint={origin}/token
   <   …
   $ curl -s {origin}/.well-known/openid-configuration

2. Make a code verifier and its challenge (RFC 7636, section 4)
   code_verifier={verifier}
   code_challenge={challenge}
   $ VERIFIER=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')
   $ CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=')

"#
    )
}

fn shortened(secret: &str) -> String {
    let start: String = secret.chars().take(4).collect();
    format!("{start}… ({} characters)", secret.len())
}

#[tokio::test]
async fn every_hop_at_the_local_issuer() {
    let fake = Fake::start(200, tokens("Bearer"));
    let output = token(&fake.data("flow"), &["--show-flow"]).await;
    let (state, challenge) = (
        fake.received("/authorize", "state"),
        fake.received("/authorize", "code_challenge"),
    );
    let verifier = shortened(&fake.received("/token", "code_verifier"));
    let origin = &fake.origin;
    let expected = first_hops(&fake)
        + &format!(
            r#"3. Request an authorization code (RFC 6749, section 4.1.1)
   > GET {origin}/authorize
   >   response_type=code
   >   client_id=web
   >   redirect_uri=http://127.0.0.1:8080/callback.html
   >   scope=state:read
   >   state={state}
   >   code_challenge={challenge}
   >   code_challenge_method=S256
   < 303 See Other
   < Location: {origin}/sign-in
   < Set-Cookie: sid=…
   $ curl -s -i -b jar -c jar -G {origin}/authorize \
       --data-urlencode 'response_type=code' \
       --data-urlencode 'client_id=web' \
       --data-urlencode 'redirect_uri=http://127.0.0.1:8080/callback.html' \
       --data-urlencode 'scope=state:read' \
       --data-urlencode 'state={state}' \
       --data-urlencode "code_challenge=$CHALLENGE" \
       --data-urlencode 'code_challenge_method=S256'

4. Follow the redirect
   > GET {origin}/sign-in
   > Cookie: sid=…
   < 200 OK
   < a form: POST /sign-in user=alice
   $ curl -s -i -b jar -c jar {origin}/sign-in

5. Sign in on that page
   > POST {origin}/sign-in
   > Cookie: sid=…
   >   user=alice
   < 303 See Other
   < Location: http://127.0.0.1:8080/callback.html
   <   code=the-… (24 characters)
   <   state={state}
   <   iss={origin}
   < Set-Cookie: sid=…
   $ curl -s -i -b jar -c jar {origin}/sign-in \
       --data-urlencode 'user=alice'
   $ CODE='the-…'

6. Exchange the code for tokens (RFC 6749, section 4.1.3)
   > POST {origin}/token
   >   grant_type=authorization_code
   >   code=the-… (24 characters)
   >   redirect_uri=http://127.0.0.1:8080/callback.html
   >   client_id=web
   >   code_verifier={verifier}
   < 200 OK
   <   token_type=Bearer
   <   expires_in=3600
   <   scope=state:read
   <   access_token=eyJh… ({} characters)
   <   …
   $ curl -s {origin}/token \
       --data-urlencode 'grant_type=authorization_code' \
       --data-urlencode "code=$CODE" \
       --data-urlencode 'redirect_uri=http://127.0.0.1:8080/callback.html' \
       --data-urlencode 'client_id=web' \
       --data-urlencode "code_verifier=$VERIFIER"

"#,
            TOKEN.len()
        );
    assert_eq!(text(&output.stderr), expected);
    assert_eq!(text(&output.stdout), format!("{TOKEN}\n"));
    assert!(output.status.success());

    let output = token(&fake.data("flow"), &[]).await;
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        (format!("{TOKEN}\n"), String::new()),
        "without --show-flow"
    );
}

#[tokio::test]
async fn a_refused_code_is_not_shown_even_if_the_issuer_echoes_it() {
    let refusal =
        json!({"error": "invalid_grant", "error_description": format!("{CODE} has expired")});
    let fake = Fake::start(400, refusal);
    let output = token(&fake.data("refused"), &["--show-flow"]).await;
    let error = text(&output.stderr);
    let (origin, short) = (&fake.origin, "the-… (24 characters)");
    let end = format!(
        r#"   < 400 Bad Request
   <   error=invalid_grant
   <   error_description={short} has expired
   $ curl -s {origin}/token \
       --data-urlencode 'grant_type=authorization_code' \
       --data-urlencode "code=$CODE" \
       --data-urlencode 'redirect_uri=http://127.0.0.1:8080/callback.html' \
       --data-urlencode 'client_id=web' \
       --data-urlencode "code_verifier=$VERIFIER"

error: the issuer refused: 400 Bad Request at {origin}/token: {{"error":"invalid_grant","error_description":"{short} has expired"}}
"#
    );
    assert!(error.ends_with(&end), "{error}\nexpected at its end\n{end}");
    assert!(!error.contains(CODE), "{error}");
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        (String::new(), Some(1))
    );
}

#[tokio::test]
async fn a_bound_token_needs_a_second_request_with_the_issuers_nonce() {
    let fake = Fake::start(200, tokens("DPoP"));
    let output = token(&fake.data("bound"), &["--show-flow", "--dpop"]).await;
    let error = text(&output.stderr);
    let lines: Vec<String> = error
        .lines()
        .skip_while(|line| !line.starts_with("6. "))
        .filter(|line| {
            line.contains("DPoP")
                || line.contains("PROOF")
                || line.contains("< ")
                || line.starts_with(['6', '7'])
        })
        .map(|line| line.split(" (").next().unwrap_or_default().to_owned())
        .collect();
    let expected = [
        "6. Exchange the code for tokens",
        "   > DPoP: eyJh…",
        "   < 400 Bad Request",
        "   < DPoP-Nonce: a-no…",
        "   <   error=use_dpop_nonce",
        "   <   error_description=nonce required",
        "       -H \"DPoP: $PROOF\" \\",
        "7. Exchange the code for tokens",
        "   > DPoP: eyJh…",
        "   < 200 OK",
        "   <   token_type=DPoP",
        "   <   expires_in=3600",
        "   <   scope=state:read",
        "   <   access_token=eyJh…",
        "   <   …",
        "       -H \"DPoP: $PROOF\" \\",
    ];
    assert_eq!(
        lines.get(..expected.len()).unwrap_or_default(),
        expected,
        "{error}"
    );
    assert!(
        error.contains("the token is bound to the key in "),
        "{error}"
    );
    assert_eq!(text(&output.stdout), format!("{TOKEN}\n"));
}

#[tokio::test]
async fn every_hop_at_a_real_issuer_with_a_browser() {
    let fake = Fake::start(200, tokens("Bearer"));
    let redirect_uri = format!("http://{}/callback.html", closed_address());
    let (url, output, error) = sign_in_with_a_browser(&fake, &redirect_uri).await;
    assert_eq!(error, hops_with_a_browser(&fake, &redirect_uri, &url));
    assert_eq!(text(&output.stdout), format!("{TOKEN}\n"));
}

/// The URL that the command asks the user to open, the command's output, and its messages.
async fn sign_in_with_a_browser(fake: &Fake, redirect_uri: &str) -> (Url, Output, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_local"))
        .arg("--data")
        .arg(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("real"))
        .args(["token", "alice", "--scope", "state:read", "--show-flow"])
        .args([
            "--issuer",
            &fake.origin,
            "--client-id",
            "0oa1",
            "--redirect-uri",
            redirect_uri,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stderr = BufReader::with_capacity(1, child.stderr.take().unwrap());
    let mut error = String::new();
    let url = loop {
        let before = error.len();
        assert!(
            stderr.read_line(&mut error).await.unwrap() > 0,
            "no URL to open: {error}"
        );
        let line = error.get(before..).unwrap_or_default();
        if let Ok(url) = Url::parse(line.trim()) {
            break url;
        }
    };
    // The test acts as the browser: it follows the issuer's redirect to its page, signs in there, and returns.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::get(url.clone()).await.unwrap();
    let state = fake.received("/authorize", "state");
    let query = [("code", CODE), ("state", &*state), ("iss", &*fake.origin)];
    let callback = Url::parse_with_params(redirect_uri, query).unwrap();
    let page = reqwest::get(callback).await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.text()
            .await
            .unwrap()
            .contains("<h1>The code has arrived</h1>")
    );
    stderr.read_to_string(&mut error).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    (url, output, error)
}

fn hops_with_a_browser(fake: &Fake, redirect_uri: &str, url: &Url) -> String {
    let origin = &fake.origin;
    let state = fake.received("/authorize", "state");
    let challenge = fake.received("/authorize", "code_challenge");
    let verifier = shortened(&fake.received("/token", "code_verifier"));
    first_hops(fake)
        + &format!(
            r#"3. Request an authorization code (RFC 6749, section 4.1.1)
   > GET {origin}/authorize
   >   response_type=code
   >   client_id=0oa1
   >   redirect_uri={redirect_uri}
   >   scope=state:read
   >   state={state}
   >   code_challenge={challenge}
   >   code_challenge_method=S256
   >   login_hint=alice
   < the issuer's own pages, in the browser
   $ curl -s -i -G {origin}/authorize \
       --data-urlencode 'response_type=code' \
       --data-urlencode 'client_id=0oa1' \
       --data-urlencode 'redirect_uri={redirect_uri}' \
       --data-urlencode 'scope=state:read' \
       --data-urlencode 'state={state}' \
       --data-urlencode "code_challenge=$CHALLENGE" \
       --data-urlencode 'code_challenge_method=S256' \
       --data-urlencode 'login_hint=alice'

open this URL in a browser and sign in:

{url}

4. The browser returns with the code (RFC 6749, section 4.1.2)
   > GET {redirect_uri}
   >   code=the-… (24 characters)
   >   state={state}
   >   iss={origin}
   < 200 OK
   $ curl -s -i -G {redirect_uri} \
       --data-urlencode "code=$CODE" \
       --data-urlencode 'state={state}' \
       --data-urlencode 'iss={origin}'

5. Exchange the code for tokens (RFC 6749, section 4.1.3)
   > POST {origin}/token
   >   grant_type=authorization_code
   >   code=the-… (24 characters)
   >   redirect_uri={redirect_uri}
   >   client_id=0oa1
   >   code_verifier={verifier}
   < 200 OK
   <   token_type=Bearer
   <   expires_in=3600
   <   scope=state:read
   <   access_token=eyJh… ({} characters)
   <   …
   $ curl -s {origin}/token \
       --data-urlencode 'grant_type=authorization_code' \
       --data-urlencode "code=$CODE" \
       --data-urlencode 'redirect_uri={redirect_uri}' \
       --data-urlencode 'client_id=0oa1' \
       --data-urlencode "code_verifier=$VERIFIER"

"#,
            TOKEN.len()
        )
}

#[tokio::test]
async fn a_real_issuer_that_does_not_answer_is_reported_with_advice() {
    let issuer = format!("http://{}", closed_address());
    let redirect_uri = format!("http://{}/callback.html", closed_address());
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("silent");
    let output = token(
        &data,
        &[
            "--issuer",
            &issuer,
            "--client-id",
            "0oa1",
            "--redirect-uri",
            &redirect_uri,
        ],
    )
    .await;
    assert_eq!(
        text(&output.stderr),
        format!(
            "error: no answer from {issuer}: `cargo local doctor --issuer {issuer}` shows why\n"
        )
    );
    assert_eq!(output.status.code(), Some(1));
}
