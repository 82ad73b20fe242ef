//! The AWS account, region and API that the local stack emulates.

/// The account of AWS's own examples.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The partition that every ARN here is in.
pub(crate) const PARTITION: &str = "aws";
/// The id of the API that is served.
pub(crate) const API_ID: &str = "local00000";
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// The ARN of a function, as Lambda writes it.
pub(crate) fn function_arn(region: &str, name: &str) -> String {
    format!("arn:{PARTITION}:lambda:{region}:{ACCOUNT}:function:{name}")
}

/// The ARN of a method of the API, as authorizers receive it and policies name it. The root's path is `/`.
pub(crate) fn method_arn(region: &str, stage: &str, method: &str, path: &str) -> String {
    format!("arn:{PARTITION}:execute-api:{region}:{ACCOUNT}:{API_ID}/{stage}/{method}{path}")
}

/// The name in a function's ARN, partial ARN or plain name, without alias or version.
///
/// The Invoke API and a template's `FunctionArn` accept all three forms.
pub(crate) fn function_name(arn_or_name: &str) -> &str {
    let after = arn_or_name
        .rsplit_once(":function:")
        .map_or(arn_or_name, |(_, name)| name);
    after.split_once(':').map_or(after, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_names() {
        fn check(given: &str, expected: &str) {
            assert_eq!(function_name(given), expected, "{given}");
        }
        check("authorizer", "authorizer");
        check("authorizer:live", "authorizer");
        check("123456789012:function:authorizer", "authorizer");
        check(
            "arn:aws:lambda:us-east-1:123456789012:function:authorizer:live",
            "authorizer",
        );
    }
}
