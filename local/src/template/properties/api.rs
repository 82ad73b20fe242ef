//! The properties of a REST API: `AWS::Serverless::Api`.

use super::{
    NO_OWN_ADDRESS, Section, THROTTLING, acts, ignored, named, nested, presence, refused, warned,
    warned_with,
};

pub(in crate::template) static API: Section = Section {
    what: "a REST API",
    title: "`AWS::Serverless::Api`",
    extensible: false,
    properties: &[
        ignored("AccessLogSetting", super::ACCESS_LOG).global(),
        ignored("AlwaysDeploy", "about deployments").global(),
        ignored("ApiKeySourceType", "only for API keys, which are refused"),
        nested("Auth", &AUTH).global(),
        acts("BinaryMediaTypes").global(),
        refused("CacheClusterEnabled", "AWS answers from a cache").global(),
        ignored("CacheClusterSize", "only with `CacheClusterEnabled`").global(),
        refused(
            "CanarySetting",
            "AWS sends some of the requests to another deployment",
        )
        .global(),
        nested("Cors", &CORS).global(),
        nested("DefinitionBody", &super::open_api::OPEN_API),
        refused(
            "DefinitionUri",
            "the OpenAPI document is in S3; write the routes as events of functions",
        )
        .global(),
        ignored("Description", "a description"),
        warned_with("DisableExecuteApiEndpoint", "", "true", NO_OWN_ADDRESS),
        nested("Domain", &DOMAIN).global(),
        ignored("EndpointAccessMode", "about TLS").global(),
        warned_with(
            "EndpointConfiguration",
            "Type",
            "PRIVATE",
            "AWS serves a private API only to a VPC; here every caller of this machine reaches it",
        )
        .global(),
        ignored("FailOnWarnings", "about deployments"),
        named("GatewayResponses", &GATEWAY_RESPONSE).global(),
        refused(
            "MergeDefinitions",
            "it merges routes into an OpenAPI document",
        )
        .global(),
        nested("MethodSettings", &METHOD_SETTINGS).global(),
        warned("MinimumCompressionSize", "answers are not compressed here").global(),
        ignored("Mode", "about deployments"),
        ignored("Models", "only for `RequestModel`, which is refused"),
        ignored("Name", "a description").global(),
        ignored(
            "OpenApiVersion",
            "about the format of the deployed document",
        )
        .global(),
        refused("Policy", "a resource policy decides who may call"),
        ignored("PropagateTags", "tags").global(),
        ignored("SecurityPolicy", "about TLS").global(),
        acts("StageName"),
        ignored("Tags", "tags"),
        ignored("TracingEnabled", "about traces").global(),
        acts("Variables").global(),
    ],
};

pub(super) static AUTH: Section = Section {
    what: "a REST API's `Auth`",
    title: "`Auth` of a REST API",
    extensible: false,
    properties: &[
        ignored(
            "AddApiKeyRequiredToCorsPreflight",
            "only with `ApiKeyRequired`",
        ),
        acts("AddDefaultAuthorizerToCorsPreflight"),
        refused("ApiKeyRequired", "AWS refuses requests without an API key"),
        named("Authorizers", &AUTHORIZER),
        acts("DefaultAuthorizer"),
        ignored("InvokeRole", "every route may invoke its function here"),
        refused("ResourcePolicy", "a resource policy decides who may call"),
        ignored("UsagePlan", "only for API keys, which are refused"),
    ],
};

pub(super) static AUTHORIZER: Section = Section {
    what: "a REST API's authorizer",
    title: "An authorizer of a REST API",
    extensible: false,
    properties: &[
        refused(
            "AuthorizationScopes",
            "only Amazon Cognito authorizers have scopes",
        ),
        acts("DisableFunctionDefaultPermissions"),
        acts("FunctionArn"),
        presence("FunctionInvokeRole"),
        acts("FunctionPayloadType"),
        nested("Identity", &IDENTITY),
        refused(
            "UserPoolArn",
            "Amazon Cognito decides who may call; expected a Lambda authorizer",
        ),
    ],
};

pub(super) static IDENTITY: Section = Section {
    what: "a REST API authorizer's `Identity`",
    title: "`Identity` of a REST API's authorizer",
    extensible: false,
    properties: &[
        acts("Context"),
        acts("Header"),
        acts("Headers"),
        acts("QueryStrings"),
        acts("ReauthorizeEvery"),
        acts("StageVariables"),
        acts("ValidationExpression"),
    ],
};

pub(in crate::template) static CORS: Section = Section {
    what: "a REST API's `Cors`",
    title: "`Cors` of a REST API",
    extensible: false,
    properties: &[
        acts("AllowCredentials"),
        acts("AllowHeaders"),
        acts("AllowMethods"),
        acts("AllowOrigin"),
        acts("MaxAge"),
    ],
};

pub(super) static GATEWAY_RESPONSE: Section = Section {
    what: "a gateway response",
    title: "A gateway response",
    extensible: false,
    properties: &[
        nested("ResponseParameters", &RESPONSE_PARAMETERS),
        acts("ResponseTemplates"),
        acts("StatusCode"),
    ],
};

pub(super) static RESPONSE_PARAMETERS: Section = Section {
    what: "a gateway response's `ResponseParameters`",
    title: "`ResponseParameters` of a gateway response",
    extensible: false,
    properties: &[
        acts("Headers"),
        refused("Paths", "it changes the answer"),
        refused("QueryStrings", "it changes the answer"),
    ],
};

pub(in crate::template) static METHOD_SETTINGS: Section = Section {
    what: "a method setting",
    title: "One of a REST API's `MethodSettings`",
    extensible: false,
    properties: &[
        ignored("CacheDataEncrypted", "only with `CachingEnabled`"),
        ignored("CacheTtlInSeconds", "only with `CachingEnabled`"),
        refused("CachingEnabled", "AWS answers from a cache"),
        ignored("DataTraceEnabled", "about logs"),
        ignored("HttpMethod", "selects the methods for the other settings"),
        ignored("LoggingLevel", "about logs"),
        ignored("MetricsEnabled", "metrics"),
        ignored("ResourcePath", "selects the methods for the other settings"),
        ignored("ThrottlingBurstLimit", THROTTLING),
        ignored("ThrottlingRateLimit", THROTTLING),
    ],
};

pub(super) static DOMAIN: Section = Section {
    what: "a REST API's `Domain`",
    title: "`Domain` of a REST API",
    extensible: false,
    properties: &[
        refused("AccessAssociation", "it decides who may call"),
        warned("BasePath", "the API is served under its stage here"),
        ignored("CertificateArn", "about TLS"),
        ignored("DomainName", "about addresses; this machine has its own"),
        ignored("EndpointAccessMode", "about TLS"),
        ignored(
            "EndpointConfiguration",
            "about the network in front of the API",
        ),
        ignored("IpAddressType", "about the network in front of the API"),
        refused(
            "MutualTlsAuthentication",
            "AWS refuses clients without a certificate",
        ),
        ignored("NormalizeBasePath", "only with `BasePath`"),
        ignored("OwnershipVerificationCertificateArn", "about TLS"),
        refused("Policy", "a resource policy decides who may call"),
        ignored("Route53", "about names"),
        ignored("SecurityPolicy", "about TLS"),
    ],
};
