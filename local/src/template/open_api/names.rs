//! SAM's names of properties, each with that of OpenAPI, for the messages about a document. A name precedes those that are
//! part of it.

pub(super) const AUTHORIZER_OF_SAM: [(&str, &str); 10] = [
    ("FunctionArn", "authorizerUri"),
    ("FunctionInvokeRole", "authorizerCredentials"),
    (
        "AuthorizerPayloadFormatVersion",
        "authorizerPayloadFormatVersion",
    ),
    ("EnableSimpleResponses", "enableSimpleResponses"),
    ("Identity/ReauthorizeEvery", "authorizerResultTtlInSeconds"),
    ("ReauthorizeEvery", "authorizerResultTtlInSeconds"),
    (
        "Identity/ValidationExpression",
        "identityValidationExpression",
    ),
    ("IdentitySource", "identitySource"),
    ("Identity", "identitySource"),
    ("JwtConfiguration", "jwtConfiguration"),
];

pub(super) const RESPONSE_OF_SAM: [(&str, &str); 4] = [
    ("StatusCode", "statusCode"),
    ("ResponseTemplates", "responseTemplates"),
    ("ResponseParameters/Headers", "responseParameters"),
    ("ResponseParameters", "responseParameters"),
];

pub(super) const CORS_OF_SAM: [(&str, &str); 6] = [
    ("AllowCredentials", "allowCredentials"),
    ("AllowHeaders", "allowHeaders"),
    ("AllowMethods", "allowMethods"),
    ("AllowOrigins", "allowOrigins"),
    ("ExposeHeaders", "exposeHeaders"),
    ("MaxAge", "maxAge"),
];
