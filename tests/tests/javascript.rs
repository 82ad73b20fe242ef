//! Runs the tests of the JavaScript parts, which are beside their code, with `cargo test`.

use testkit::node;

#[test]
fn the_issuer_behaves_as_an_okta_custom_authorization_server() {
    node::install("local/issuer");
    node::node("local/issuer", &["--test"], &[]);
}

#[test]
fn the_types_of_the_pages_fit() {
    node::install("web");
    node::install("web/tests");
    node::node(
        "web/tests",
        &["node_modules/typescript/bin/tsc", "-p", ".."],
        &[],
    );
}

#[test]
fn the_modules_of_the_pages_pass_their_unit_tests() {
    node::install("web");
    node::node("web/tests", &["--test", "unit"], &[]);
}
