//! The template of these calls, and the comparison of a whole explanation.

use serde_json::{Value, json};
use testkit::reasons::reasons;

use super::Setup;

/// A REST API with an authorizer that is called for every request. `MINE` and `ENVIRONMENT` are replaced.
const TEMPLATE: &str = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Mine
        Authorizers:
          Mine: MINE
  Authorizer:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: authorizer}}
    Properties:
      Environment: {Variables: ENVIRONMENT}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: api-handler}}
    Properties:
      Events:
        Any: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/{proxy+}", Method: ANY}}
"#;

const RULES: &str = r#"[{"methods": ["GET"], "path": "/a", "scopes": ["state:write"]},
  {"methods": ["PUT"], "path": "/a", "groups": ["Admins"]}]"#;

/// The authorizer of [`TEMPLATE`] by its type.
pub(super) const REQUEST: &str = "{FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Authorizer.Arn, Identity: {ReauthorizeEvery: 0}}";
/// The same authorizer with cached answers.
pub(super) const CACHED_REQUEST: &str = "{FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Authorizer.Arn, Identity: {Headers: [Authorization], ReauthorizeEvery: 60}}";
pub(super) const TOKEN: &str = "{FunctionPayloadType: TOKEN, FunctionArn: !GetAtt Authorizer.Arn}";

fn settings(changes: &Value) -> Value {
    let mut settings = json!({
        "ISSUER": super::signer::ISSUER, "AUDIENCE": "api://default", "CLIENT_IDS": "web", "ACCESS_RULES": RULES,
    });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

/// The template with this authorizer and these settings.
pub(super) fn template(authorizer: &str, changes: &Value) -> String {
    TEMPLATE
        .replace("MINE", authorizer)
        .replace("ENVIRONMENT", &settings(changes).to_string())
}

/// A call, and the reason that its whole explanation gives.
pub(super) struct Whole {
    pub(super) reason: &'static str,
    pub(super) template: &'static str,
    pub(super) settings: Value,
    pub(super) arguments: Vec<String>,
    /// The text in parentheses in the advice.
    pub(super) detail: String,
}

/// Compares the whole explanation of `GET /a`. `jwks` is a key set that replaces the network.
pub(super) fn check(name: &str, case: &Whole, jwks: Option<&str>) {
    let setup = Setup::new(name, &template(case.template, &case.settings), jwks);
    let mut arguments = vec!["GET", "/a"];
    arguments.extend(case.arguments.iter().map(String::as_str));
    let Whole { reason, detail, .. } = case;
    let advice = match reasons("authorizer").iter().find(|row| row.code == *reason) {
        Some(row) if !detail.is_empty() => format!("{} ({detail})", row.advice),
        _ => String::new(),
    };
    let (outcome, status) = match detail.split(':').next() {
        Some("refused") => ("unauthorized", json!(401)),
        Some("failed") => ("failed", json!(500)),
        _ => ("allowed", json!(null)),
    };
    let rules = if outcome == "allowed" {
        json!([{"index": 0, "met": true, "missing": []}])
    } else {
        json!([])
    };
    let expected = json!({
        "outcome": outcome, "status": status, "decidedBy": "authorizer", "reason": reason,
        "route": {"method": "ANY", "path": "/{proxy+}"}, "authorizer": "Mine", "rules": rules, "advice": advice,
    });
    assert_eq!(setup.explained(&arguments), expected, "{reason}");
}
