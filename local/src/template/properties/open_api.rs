//! An OpenAPI document with API Gateway's extensions. Other extensions (`x-…`) have no effect on AWS.

use super::{
    NO_OWN_ADDRESS, Section, acts, ignored, named, nested, presence, refused, refused_unless,
    warned, warned_with,
};

pub(in crate::template) static OPEN_API: Section = Section {
    what: "an OpenAPI document",
    title: "`DefinitionBody`: an OpenAPI document",
    extensible: true,
    properties: &[
        ignored("basePath", "about addresses; this machine has its own"),
        nested("components", &COMPONENTS),
        ignored(
            "consumes",
            "the media types of requests, which API Gateway does not check",
        ),
        ignored(
            "definitions",
            "only for models, which are refused where they are used",
        ),
        ignored("externalDocs", "a description"),
        ignored("host", "about addresses; this machine has its own"),
        ignored("info", "a description"),
        ignored("openapi", "about the format of the document"),
        ignored(
            "parameters",
            "only with a request validator, which is refused",
        ),
        named("paths", &PATH),
        ignored(
            "produces",
            "the media types of answers, which API Gateway does not check",
        ),
        ignored(
            "responses",
            "the answers of methods, which API Gateway does not check",
        ),
        ignored("schemes", "about addresses; this machine has its own"),
        refused(
            "security",
            "API Gateway ignores it there; write it in each operation",
        ),
        named("securityDefinitions", &SECURITY_SCHEME),
        ignored("servers", "about addresses; this machine has its own"),
        ignored("swagger", "about the format of the document"),
        ignored("tags", "tags"),
        ignored(
            "x-amazon-apigateway-api-key-source",
            "only for API keys, which are refused",
        ),
        acts("x-amazon-apigateway-binary-media-types"),
        nested("x-amazon-apigateway-cors", &CORS),
        ignored("x-amazon-apigateway-documentation", "a description"),
        warned_with(
            "x-amazon-apigateway-endpoint-configuration",
            "disableExecuteApiEndpoint",
            "true",
            NO_OWN_ADDRESS,
        ),
        named("x-amazon-apigateway-gateway-responses", &GATEWAY_RESPONSE),
        ignored(
            "x-amazon-apigateway-importexport-version",
            "about the format of the document",
        ),
        warned(
            "x-amazon-apigateway-minimum-compression-size",
            "answers are not compressed here",
        ),
        refused(
            "x-amazon-apigateway-policy",
            "a resource policy decides who may call",
        ),
        refused(
            "x-amazon-apigateway-request-validator",
            "AWS refuses requests that are not valid",
        ),
        ignored(
            "x-amazon-apigateway-request-validators",
            "only with a request validator, which is refused",
        ),
    ],
};

pub(super) static COMPONENTS: Section = Section {
    what: "an OpenAPI document's `components`",
    title: "`components` of an OpenAPI document",
    extensible: true,
    properties: &[
        ignored("callbacks", "not used by API Gateway"),
        ignored("examples", "a description"),
        ignored(
            "headers",
            "the answers of methods, which API Gateway does not check",
        ),
        ignored("links", "not used by API Gateway"),
        ignored(
            "parameters",
            "only with a request validator, which is refused",
        ),
        ignored(
            "requestBodies",
            "only with a request validator, which is refused",
        ),
        ignored(
            "responses",
            "the answers of methods, which API Gateway does not check",
        ),
        ignored(
            "schemas",
            "only for models, which are refused where they are used",
        ),
        named("securitySchemes", &SECURITY_SCHEME),
        named("x-amazon-apigateway-integrations", &INTEGRATION),
    ],
};

pub(super) static PATH: Section = Section {
    what: "a path of an OpenAPI document",
    title: "A path of an OpenAPI document",
    extensible: true,
    properties: &[
        refused("$ref", "references are not followed"),
        nested("delete", &OPERATION),
        ignored("description", "a description"),
        nested("get", &OPERATION),
        nested("head", &OPERATION),
        nested("options", &OPERATION),
        ignored(
            "parameters",
            "only with a request validator, which is refused",
        ),
        nested("patch", &OPERATION),
        nested("post", &OPERATION),
        nested("put", &OPERATION),
        ignored("servers", "about addresses; this machine has its own"),
        ignored("summary", "a description"),
        nested("x-amazon-apigateway-any-method", &OPERATION),
    ],
};

pub(super) static OPERATION: Section = Section {
    what: "an operation of an OpenAPI document",
    title: "An operation of an OpenAPI document",
    extensible: true,
    properties: &[
        ignored("callbacks", "not used by API Gateway"),
        ignored(
            "consumes",
            "the media types of requests, which API Gateway does not check",
        ),
        ignored("deprecated", "a description"),
        ignored("description", "a description"),
        ignored("externalDocs", "a description"),
        ignored("isDefaultRoute", "the path decides that"),
        ignored("operationId", "a name"),
        ignored(
            "parameters",
            "only with a request validator, which is refused",
        ),
        ignored(
            "produces",
            "the media types of answers, which API Gateway does not check",
        ),
        ignored(
            "requestBody",
            "only with a request validator, which is refused",
        ),
        ignored(
            "responses",
            "the answers of the method, which API Gateway does not check",
        ),
        acts("security"),
        ignored("servers", "about addresses; this machine has its own"),
        ignored("summary", "a description"),
        ignored("tags", "tags"),
        refused(
            "x-amazon-apigateway-auth",
            "it decides who may call; write `security`",
        ),
        nested("x-amazon-apigateway-integration", &INTEGRATION),
        refused(
            "x-amazon-apigateway-request-validator",
            "AWS refuses requests that are not valid",
        ),
    ],
};

/// In a REST API a proxy integration has no mappings. In an HTTP API the mappings change requests and answers.
pub(super) static INTEGRATION: Section = Section {
    what: "an integration of an OpenAPI document",
    title: "`x-amazon-apigateway-integration`",
    extensible: true,
    properties: &[
        refused("$ref", "references are not followed"),
        ignored("cacheKeyParameters", "only with a cache, which is refused"),
        ignored("cacheNamespace", "only with a cache, which is refused"),
        ignored("connectionType", "not for functions"),
        refused("contentHandling", "AWS converts the body"),
        ignored("credentials", "every route may invoke its function here"),
        ignored("httpMethod", "functions are invoked by POST"),
        ignored("passthroughBehavior", "not for functions"),
        acts("payloadFormatVersion"),
        refused("requestParameters", "it changes the request"),
        ignored("requestTemplates", "not for proxy integrations"),
        refused("responseParameters", "it changes the answer"),
        refused_unless(
            "responseTransferMode",
            "BUFFERED",
            "answers are not streamed",
        ),
        ignored("responses", "not for proxy integrations"),
        acts("timeoutInMillis"),
        acts("type"),
        acts("uri"),
    ],
};

pub(super) static SECURITY_SCHEME: Section = Section {
    what: "a security scheme of an OpenAPI document",
    title: "A security scheme of an OpenAPI document",
    extensible: true,
    properties: &[
        ignored("authorizationUrl", "not used by API Gateway"),
        ignored("bearerFormat", "not used by API Gateway"),
        ignored("description", "a description"),
        ignored("flow", "not used by API Gateway"),
        ignored("flows", "not used by API Gateway"),
        ignored("in", "the identity source decides that"),
        acts("name"),
        ignored("openIdConnectUrl", "not used by API Gateway"),
        ignored("scheme", "not used by API Gateway"),
        ignored("scopes", "not used by API Gateway"),
        ignored("tokenUrl", "not used by API Gateway"),
        ignored("type", "the type of the authorizer decides that"),
        nested("x-amazon-apigateway-authorizer", &AUTHORIZER),
        acts("x-amazon-apigateway-authtype"),
    ],
};

pub(super) static AUTHORIZER: Section = Section {
    what: "an authorizer of an OpenAPI document",
    title: "`x-amazon-apigateway-authorizer`",
    extensible: true,
    properties: &[
        presence("authorizerCredentials"),
        acts("authorizerPayloadFormatVersion"),
        acts("authorizerResultTtlInSeconds"),
        acts("authorizerUri"),
        acts("enableSimpleResponses"),
        acts("identitySource"),
        acts("identityValidationExpression"),
        nested(
            "jwtConfiguration",
            &super::jwt_configuration::JWT_CONFIGURATION,
        ),
        refused(
            "providerARNs",
            "Amazon Cognito decides who may call; expected a Lambda authorizer",
        ),
        acts("type"),
    ],
};

pub(super) static GATEWAY_RESPONSE: Section = Section {
    what: "a gateway response of an OpenAPI document",
    title: "One of `x-amazon-apigateway-gateway-responses`",
    extensible: true,
    properties: &[
        acts("responseParameters"),
        acts("responseTemplates"),
        acts("statusCode"),
    ],
};

pub(super) static CORS: Section = Section {
    what: "a `x-amazon-apigateway-cors`",
    title: "`x-amazon-apigateway-cors`",
    extensible: true,
    properties: &[
        acts("allowCredentials"),
        acts("allowHeaders"),
        acts("allowMethods"),
        acts("allowOrigins"),
        acts("exposeHeaders"),
        acts("maxAge"),
    ],
};
