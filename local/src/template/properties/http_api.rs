//! `AWS::Serverless::HttpApi`: the properties of an HTTP API.

use super::{
    NO_OWN_ADDRESS, Section, THROTTLING, acts, ignored, named, nested, presence, refused, warned,
    warned_with,
};

pub(in crate::template) static HTTP_API: Section = Section {
    what: "an HTTP API",
    title: "`AWS::Serverless::HttpApi`",
    extensible: false,
    properties: &[
        ignored("AccessLogSettings", super::ACCESS_LOG).global(),
        nested("Auth", &AUTH).global(),
        nested("CorsConfiguration", &CORS_CONFIGURATION).global(),
        nested("DefaultRouteSettings", &ROUTE_SETTINGS).global(),
        nested("DefinitionBody", &super::open_api::OPEN_API),
        refused(
            "DefinitionUri",
            "the OpenAPI document is in S3; write the routes as events of functions",
        ),
        ignored("Description", "a description"),
        warned_with("DisableExecuteApiEndpoint", "", "true", NO_OWN_ADDRESS),
        nested("Domain", &DOMAIN).global(),
        ignored("FailOnWarnings", "about deployments").global(),
        ignored("Name", "a description"),
        ignored("PropagateTags", "tags").global(),
        named("RouteSettings", &ROUTE_SETTINGS).global(),
        acts("StageName"),
        acts("StageVariables").global(),
        ignored("Tags", "tags").global(),
    ],
};

pub(super) static AUTH: Section = Section {
    what: "an HTTP API's `Auth`",
    title: "`Auth` of an HTTP API",
    extensible: false,
    properties: &[
        named("Authorizers", &AUTHORIZER),
        acts("DefaultAuthorizer"),
        refused(
            "EnableIamAuthorizer",
            "IAM decides who may call; expected a Lambda or JWT authorizer",
        ),
    ],
};

pub(super) static AUTHORIZER: Section = Section {
    what: "an HTTP API's authorizer",
    title: "An authorizer of an HTTP API",
    extensible: false,
    properties: &[
        acts("AuthorizationScopes"),
        acts("AuthorizerPayloadFormatVersion"),
        acts("EnableFunctionDefaultPermissions"),
        acts("EnableSimpleResponses"),
        acts("FunctionArn"),
        presence("FunctionInvokeRole"),
        nested("Identity", &IDENTITY),
        acts("IdentitySource"),
        nested(
            "JwtConfiguration",
            &super::jwt_configuration::JWT_CONFIGURATION,
        ),
    ],
};

pub(super) static IDENTITY: Section = Section {
    what: "an HTTP API authorizer's `Identity`",
    title: "`Identity` of an HTTP API's authorizer",
    extensible: false,
    properties: &[
        acts("Context"),
        acts("Headers"),
        acts("QueryStrings"),
        acts("ReauthorizeEvery"),
        acts("StageVariables"),
    ],
};

pub(super) static CORS_CONFIGURATION: Section = Section {
    what: "a `CorsConfiguration`",
    title: "`CorsConfiguration`",
    extensible: false,
    properties: &[
        acts("AllowCredentials"),
        acts("AllowHeaders"),
        acts("AllowMethods"),
        acts("AllowOrigins"),
        acts("ExposeHeaders"),
        acts("MaxAge"),
    ],
};

pub(super) static ROUTE_SETTINGS: Section = Section {
    what: "a route's settings",
    title: "`DefaultRouteSettings`, and one of `RouteSettings`",
    extensible: false,
    properties: &[
        ignored("DataTraceEnabled", "about logs"),
        ignored("DetailedMetricsEnabled", "metrics"),
        ignored("LoggingLevel", "about logs"),
        ignored("ThrottlingBurstLimit", THROTTLING),
        ignored("ThrottlingRateLimit", THROTTLING),
    ],
};

pub(super) static DOMAIN: Section = Section {
    what: "an HTTP API's `Domain`",
    title: "`Domain` of an HTTP API",
    extensible: false,
    properties: &[
        warned("BasePath", "the API is served at the root here"),
        ignored("CertificateArn", "about TLS"),
        ignored("DomainName", "about addresses; this machine has its own"),
        ignored(
            "EndpointConfiguration",
            "about the network in front of the API",
        ),
        refused(
            "MutualTlsAuthentication",
            "AWS refuses clients without a certificate",
        ),
        ignored("OwnershipVerificationCertificateArn", "about TLS"),
        ignored("Route53", "about names"),
        ignored("SecurityPolicy", "about TLS"),
    ],
};
