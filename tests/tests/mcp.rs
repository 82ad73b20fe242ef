//! An MCP client finds the issuer of an API behind this authorizer, with both methods of discovery.

use std::net::TcpListener;

use testkit::node;
use tests::RunningStack;

#[test]
fn an_mcp_client_finds_the_issuer() {
    node::install("tests/mcp");
    // The port of the custom domain, which the template must know before the proxy listens on it.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
        .to_string();
    let parameter = format!("PublicUrl=http://127.0.0.1:{port}");
    let stack = RunningStack::start("mcp", &["--parameter", &parameter]);
    let token = stack.token("alice");
    node::node(
        "tests/mcp",
        &["discovery.mjs"],
        &[
            ("API_URL", stack.address("api")),
            ("DOMAIN_PORT", &port),
            ("ISSUER", stack.address("issuer")),
            ("TOKEN", &token),
        ],
    );
}
