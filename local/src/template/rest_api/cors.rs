//! `Cors` of a REST API: the `OPTIONS` methods that SAM adds.

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::authorizer::DefaultAuthorizer;
use crate::template::absent_method::AbsentMethod;
use crate::template::api::{Integration, TemplateRoute};
use crate::template::error::{DefinitionError, TemplateError};
use crate::template::gateway_response::quoted;
use crate::template::part::Part;

/// The verbs that SAM lists for a path with `ANY`.
const VERBS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// SAM's `Cors`: an `OPTIONS` method for each path that has none.
pub(super) fn add_preflights(
    api: &Part,
    default: &DefaultAuthorizer,
    absent: &[AbsentMethod],
    routes: &mut Vec<TemplateRoute>,
) -> Result<(), TemplateError> {
    let Some(cors) = RestCors::read(api)? else {
        return Ok(());
    };
    let mut preflights: Vec<TemplateRoute> = Vec::new();
    for route in routes.iter() {
        let same = |other: &&TemplateRoute| other.path.overlaps(&route.path);
        let verbs: Vec<_> = routes
            .iter()
            .filter(same)
            .map(|route| &route.verb)
            .chain(absent.iter().filter_map(|absent| absent.on(&route.path)))
            .collect();
        let options = Some("OPTIONS".to_owned());
        if verbs.contains(&&options) || preflights.iter().any(|other| same(&other)) {
            continue;
        }
        preflights.push(TemplateRoute {
            path: route.path.clone(),
            authorizer: default.of(options.as_deref()),
            verb: options,
            integration: Integration::Preflight(cors.headers(&verbs)),
            scopes: Vec::new(),
            place: cors.place.clone(),
        });
    }
    routes.append(&mut preflights);
    Ok(())
}

struct RestCors {
    place: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    lists_methods: bool,
}

impl RestCors {
    fn read(api: &Part) -> Result<Option<Self>, TemplateError> {
        let origin = |value: &Value| matches!(value, Value::String(_)).then(|| value.clone());
        let cors = match api.value("Cors") {
            None => return Ok(None),
            Some(value) => match origin(value) {
                Some(origin) => Part::open(
                    format!("{}/Cors", api.place()),
                    serde_json::json!({"AllowOrigin": origin}),
                )?,
                None => api.part("Cors")?,
            },
        };
        let credentials = cors.boolean("AllowCredentials")? == Some(true);
        let properties = [
            ("AllowOrigin", "access-control-allow-origin"),
            ("AllowHeaders", "access-control-allow-headers"),
            ("AllowMethods", "access-control-allow-methods"),
            ("MaxAge", "access-control-max-age"),
        ];
        let mut headers = Vec::new();
        for (property, header) in properties {
            let default = (property == "AllowOrigin").then(|| "'*'".to_owned());
            if let Some(text) = cors.text(property)?.or(default) {
                let value = quoted(&text).ok_or_else(|| {
                    let expected = "'text' in single quotes".to_owned();
                    let found = format!("`{text}`");
                    cors.error(property, DefinitionError::Unexpected { expected, found })
                })?;
                headers.push((HeaderName::from_static(header), value));
            }
        }
        let any_origin = headers
            .iter()
            .any(|(name, value)| name == http::header::ACCESS_CONTROL_ALLOW_ORIGIN && value == "*");
        if credentials && any_origin {
            let expected = "an origin other than '*' with AllowCredentials".to_owned();
            let found = "'*'".to_owned();
            return Err(cors.error(
                "AllowOrigin",
                DefinitionError::Unexpected { expected, found },
            ));
        }
        if credentials {
            headers.push((
                HeaderName::from_static("access-control-allow-credentials"),
                HeaderValue::from_static("true"),
            ));
        }
        Ok(Some(Self {
            place: cors.place().to_owned(),
            lists_methods: cors.value("AllowMethods").is_some(),
            headers,
        }))
    }

    /// The headers for a path with routes of these verbs.
    fn headers(&self, verbs: &[&Option<String>]) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = self.headers.clone();
        if !self.lists_methods {
            let mut listed: Vec<&str> = verbs.iter().filter_map(|verb| verb.as_deref()).collect();
            listed.push("OPTIONS");
            listed.sort_unstable();
            listed.dedup();
            if verbs.contains(&&None) {
                listed = VERBS.to_vec();
            }
            if let Ok(methods) = HeaderValue::from_str(&listed.join(",")) {
                headers.push((http::header::ACCESS_CONTROL_ALLOW_METHODS, methods));
            }
        }
        headers
    }
}
