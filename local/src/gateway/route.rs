//! The route of a request.

use std::collections::BTreeMap;

use crate::template::api::TemplateRoute;

/// The route of a request, and the parameters of its path.
#[derive(Debug)]
pub(crate) struct Matched<'a> {
    pub(crate) route: &'a TemplateRoute,
    /// The parameters, as sent.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Finds the route of a REST API: the most specific resource that has the method or `ANY`, the method first.
///
/// A resource without such a method is skipped for a less specific one, even if its other methods have an authorizer.
pub(crate) fn find<'a>(routes: &'a [TemplateRoute], verb: &str, path: &str) -> Option<Matched<'a>> {
    matching(routes, verb, path)
        .min_by_key(|matched| (matched.route.path.ranks(), matched.route.verb.is_none()))
}

/// Finds the route of an HTTP API: a full match, then a greedy path, then `$default`.
pub(crate) fn find_http<'a>(
    routes: &'a [TemplateRoute],
    verb: &str,
    path: &str,
) -> Option<Matched<'a>> {
    matching(routes, verb, path).min_by_key(|matched| {
        (
            matched.route.path.http_ranks(),
            matched.route.verb.is_none(),
        )
    })
}

/// The routes for the path and the verb. The method is part of the match, so a path without it does not match.
fn matching<'a>(
    routes: &'a [TemplateRoute],
    verb: &str,
    path: &str,
) -> impl Iterator<Item = Matched<'a>> {
    routes
        .iter()
        .filter(move |route| route.verb.as_deref().is_none_or(|own| own == verb))
        .filter_map(move |route| {
            let parameters = route.path.matches(path)?;
            Some(Matched { route, parameters })
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::template::api::{Integration, PayloadFormat};
    use crate::template::route_path::RoutePath;

    fn routes(keys: &[&str]) -> Vec<TemplateRoute> {
        keys.iter()
            .map(|text| {
                let (verb, path) = text.split_once(' ').unwrap_or(("ANY", text));
                let verb = (verb != "ANY").then(|| verb.to_owned());
                TemplateRoute {
                    path: match path {
                        "$default" => RoutePath::of_default_route(),
                        path => RoutePath::parse(path).unwrap(),
                    },
                    verb,
                    integration: Integration::Function {
                        name: "f".to_owned(),
                        payload: PayloadFormat::V1,
                        timeout: Duration::ZERO,
                    },
                    authorizer: None,
                    scopes: Vec::new(),
                    place: String::new(),
                }
            })
            .collect()
    }

    /// The example of AWS's guide to HTTP APIs, `http-api-develop-routes`, and cases that the guide leaves open.
    #[test]
    fn requests_find_their_route_of_an_http_api() {
        fn check(verb: &str, path: &str, expected: Option<&str>) {
            let routes = routes(&[
                "GET /pets/dog/1",
                "GET /pets/dog/{id}",
                "GET /pets/{proxy+}",
                "ANY /{proxy+}",
                "$default",
                "PUT /{x}/b",
                "PUT /a/{proxy+}",
                "ANY /any",
                "GET /any",
            ]);
            let found = find_http(&routes, verb, path).map(|matched| matched.route.key());
            assert_eq!(found.as_deref(), expected, "{verb} {path}");
        }
        check("GET", "/pets/dog/1", Some("GET /pets/dog/1"));
        check("GET", "/pets/dog/2", Some("GET /pets/dog/{id}"));
        check("GET", "/pets/cat/1", Some("GET /pets/{proxy+}"));
        check("POST", "/test/5", Some("ANY /{proxy+}"));
        check("POST", "/pets/dog/1", Some("ANY /{proxy+}"));
        check("GET", "/", Some("$default"));
        // A full match is preferred to a greedy path, even when that begins with more static segments.
        check("PUT", "/a/b", Some("PUT /{x}/b"));
        check("PUT", "/a/c", Some("PUT /a/{proxy+}"));
        check("GET", "/any", Some("GET /any"));
        check("PUT", "/any", Some("ANY /any"));
        assert!(find_http(&routes(&["GET /a"]), "PUT", "/a").is_none());
    }

    #[test]
    fn requests_find_their_route_of_a_rest_api() {
        fn check(verb: &str, path: &str, expected: Option<&str>) {
            let routes = routes(&[
                "GET /state",
                "GET /state/{id}",
                "ANY /state/{id}",
                "GET /state/all",
                "ANY /{proxy+}",
                "GET /a/{x}/b",
                "GET /",
            ]);
            let found = find(&routes, verb, path).map(|matched| {
                let verb = matched.route.verb.as_deref().unwrap_or("ANY");
                let parameters: Vec<_> = matched
                    .parameters
                    .iter()
                    .map(|(k, v)| format!(" {k}={v}"))
                    .collect();
                format!("{verb} {}{}", matched.route.path, parameters.concat())
            });
            assert_eq!(found.as_deref(), expected, "{verb} {path}");
        }
        check("GET", "/state", Some("GET /state"));
        check("GET", "/state/", Some("GET /state"));
        check("GET", "//state", Some("GET /state"));
        check("GET", "/state/1", Some("GET /state/{id} id=1"));
        check("PUT", "/state/1", Some("ANY /state/{id} id=1"));
        check("GET", "/state/all", Some("GET /state/all"));
        // Measured at AWS (ministackorg/ministack#1423, floci-io/floci#3399): a resource without the method is skipped.
        check("PUT", "/state/all", Some("ANY /state/{id} id=all"));
        check("PUT", "/state", Some("ANY /{proxy+} proxy=state"));
        check("PUT", "/a/1/b", Some("ANY /{proxy+} proxy=a/1/b"));
        check("GET", "/state/a%2Fb", Some("GET /state/{id} id=a%2Fb"));
        check("GET", "/state/1/2", Some("ANY /{proxy+} proxy=state/1/2"));
        check("GET", "/a/1/c", Some("ANY /{proxy+} proxy=a/1/c"));
        check("GET", "/a/1/b", Some("GET /a/{x}/b x=1"));
        check("GET", "/", Some("GET /"));
        check("PUT", "/", None);
        check("GET", "/STATE", Some("ANY /{proxy+} proxy=STATE"));
    }
}
