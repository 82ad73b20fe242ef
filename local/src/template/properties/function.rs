//! `AWS::Serverless::Function` and the events that make the routes of an API.

use super::{Section, acts, ignored, nested, refused, refused_unless, warned, warned_with};

/// This machine runs the function's program, whatever the deployed package is.
const PACKAGE: &str = "about the deployed package; this machine runs the function's program";

pub(in crate::template) static FUNCTION: Section = Section {
    what: "a function",
    title: "`AWS::Serverless::Function`",
    extensible: false,
    properties: &[
        ignored("Architectures", PACKAGE).global(),
        ignored("AssumeRolePolicyDocument", "permissions").global(),
        acts("AutoPublishAlias").global(),
        ignored(
            "AutoPublishAliasAllProperties",
            "a function has one version on one machine",
        )
        .global(),
        ignored(
            "AutoPublishCodeSha256",
            "a function has one version on one machine",
        ),
        warned(
            "CapacityProviderConfig",
            "the function runs as on-demand functions do",
        )
        .global(),
        ignored("CodeSigningConfigArn", PACKAGE).global(),
        ignored("CodeUri", PACKAGE).global(),
        ignored("DeadLetterQueue", "for asynchronous invocations").global(),
        ignored("DeploymentPreference", "about deployments").global(),
        ignored("Description", "a description").global(),
        refused(
            "DurableConfig",
            "a durable function is invoked in another way",
        )
        .global(),
        nested("Environment", &ENVIRONMENT).global(),
        ignored("EphemeralStorage", "the size of /tmp").global(),
        ignored("EventInvokeConfig", "for asynchronous invocations").global(),
        acts("Events"),
        warned("FileSystemConfigs", "no file system is mounted here").global(),
        acts("FunctionName"),
        ignored("FunctionScalingConfig", "about concurrency").global(),
        warned("FunctionUrlConfig", "the function's URL is not served here").global(),
        ignored("Handler", PACKAGE).global(),
        ignored("ImageConfig", PACKAGE),
        ignored("ImageUri", PACKAGE),
        ignored("InlineCode", PACKAGE),
        ignored("KmsKeyArn", "about encryption").global(),
        warned("Layers", "no layer is mounted here").global(),
        nested("LoggingConfig", &LOGGING).global(),
        acts("MemorySize").global(),
        ignored("PackageType", PACKAGE),
        ignored("PermissionsBoundary", "permissions").global(),
        ignored("Policies", "permissions"),
        ignored("PropagateTags", "tags").global(),
        ignored("ProvisionedConcurrencyConfig", "about cold starts").global(),
        ignored(
            "PublishToLatestPublished",
            "a function has one version on one machine",
        )
        .global(),
        ignored("RecursiveLoop", "about loops between AWS services").global(),
        warned_with(
            "ReservedConcurrentExecutions",
            "",
            "0",
            "Lambda throttles every invocation of the function; here it is invoked",
        )
        .global(),
        ignored("Role", "permissions"),
        ignored("RolePath", "permissions").global(),
        ignored("Runtime", PACKAGE).global(),
        ignored("RuntimeManagementConfig", PACKAGE).global(),
        ignored("SnapStart", "about cold starts").global(),
        ignored("SourceKMSKeyArn", PACKAGE).global(),
        ignored("Tags", "tags").global(),
        refused("TenancyConfig", "AWS refuses invocations without a tenant").global(),
        acts("Timeout").global(),
        ignored("Tracing", "about traces").global(),
        ignored(
            "VersionDeletionPolicy",
            "a function has one version on one machine",
        )
        .global(),
        ignored("VersionDescription", "a description"),
        warned("VpcConfig", "the function uses this machine's network").global(),
    ],
};

pub(in crate::template) static ENVIRONMENT: Section = Section {
    what: "a function's `Environment`",
    title: "`Environment` of a function",
    extensible: false,
    properties: &[acts("Variables")],
};

pub(in crate::template) static LOGGING: Section = Section {
    what: "a function's `LoggingConfig`",
    title: "`LoggingConfig` of a function",
    extensible: false,
    properties: &[
        acts("ApplicationLogLevel"),
        acts("LogFormat"),
        ignored(
            "LogGroup",
            "the function's lines are in a file of the data folder",
        ),
        ignored("SystemLogLevel", "about Lambda's own lines"),
    ],
};

pub(in crate::template) static API_EVENT: Section = Section {
    what: "an event of type Api",
    title: "An event of type `Api`",
    extensible: false,
    properties: &[
        nested("Auth", &API_EVENT_AUTH),
        acts("Method"),
        acts("Path"),
        refused(
            "RequestModel",
            "AWS refuses requests that do not match the model",
        ),
        ignored(
            "RequestParameters",
            "enforced only with `RequestModel`, which is refused",
        ),
        refused_unless(
            "ResponseTransferMode",
            "BUFFERED",
            "answers are not streamed",
        ),
        acts("RestApiId"),
        acts("TimeoutInMillis"),
    ],
};

pub(super) static API_EVENT_AUTH: Section = Section {
    what: "the `Auth` of an event of type Api",
    title: "`Auth` of an event of type `Api`",
    extensible: false,
    properties: &[
        refused("ApiKeyRequired", "AWS refuses requests without an API key"),
        refused(
            "AuthorizationScopes",
            "only Amazon Cognito authorizers have scopes",
        ),
        acts("Authorizer"),
        ignored("InvokeRole", "every route may invoke its function here"),
        refused(
            "OverrideApiAuth",
            "it changes the authorizers of an OpenAPI document",
        ),
        refused("ResourcePolicy", "a resource policy decides who may call"),
    ],
};

pub(in crate::template) static HTTP_API_EVENT: Section = Section {
    what: "an event of type HttpApi",
    title: "An event of type `HttpApi`",
    extensible: false,
    properties: &[
        acts("ApiId"),
        nested("Auth", &HTTP_API_EVENT_AUTH),
        acts("Method"),
        acts("Path"),
        acts("PayloadFormatVersion"),
        nested("RouteSettings", &super::http_api::ROUTE_SETTINGS),
        acts("TimeoutInMillis"),
    ],
};

pub(super) static HTTP_API_EVENT_AUTH: Section = Section {
    what: "the `Auth` of an event of type HttpApi",
    title: "`Auth` of an event of type `HttpApi`",
    extensible: false,
    properties: &[acts("AuthorizationScopes"), acts("Authorizer")],
};
