//! The variables of `$context` that the gateway has.

/// Their names, without those that exist only after the authorizer has answered.
pub(crate) const CONTEXT_VARIABLES: [&str; 15] = [
    "accountId",
    "apiId",
    "domainName",
    "domainPrefix",
    "extendedRequestId",
    "httpMethod",
    "identity.sourceIp",
    "identity.userAgent",
    "path",
    "protocol",
    "requestId",
    "requestTimeEpoch",
    "resourcePath",
    "routeKey",
    "stage",
];
