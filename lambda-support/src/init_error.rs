//! Reports to Lambda why a function cannot start, so that the console shows it as well as the log.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Method, Uri};
use lambda_runtime_api_client::{PooledClient, build_request};
use serde_json::json;

/// The timeout of the report. Lambda ends the whole init after 10 seconds.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Parses the address of the Runtime API from `AWS_LAMBDA_RUNTIME_API`: a host, with or without a path.
pub(crate) fn runtime_api(address: &str) -> Option<Uri> {
    let uri: Uri = address.parse().ok()?;
    uri.authority().is_some().then_some(uri)
}

/// Posts the error. If this fails, the error is still on standard error.
pub(crate) async fn post(api: Uri, error_type: &str, message: &str) {
    let body = json!({"errorMessage": message, "errorType": error_type, "stackTrace": []});
    let request = build_request()
        .method(Method::POST)
        .uri("/2018-06-01/runtime/init/error")
        .header(CONTENT_TYPE, "application/json")
        .header("Lambda-Runtime-Function-Error-Type", error_type)
        .body(body.to_string().into());
    if let Ok(request) = request {
        let client = PooledClient::builder().with_endpoint(api).build();
        let _unreported = tokio::time::timeout(MAX_WAIT, client.call(request)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_api_is_a_host_with_or_without_a_path() {
        for (address, expected) in [
            ("127.0.0.1:9001", true),
            ("localhost:9001", true),
            ("http://[::1]:9000/authorizer", true),
            ("", false),
            ("/authorizer", false),
            ("host:port:9", false),
            ("not a host", false),
        ] {
            assert_eq!(runtime_api(address).is_some(), expected, "{address:?}");
        }
    }
}
