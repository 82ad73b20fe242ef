//! Parses the route of an event from its ARN.

use thiserror::Error;

/// A route of one stage of one API, as API Gateway names it in an ARN:
/// `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{verb}/{path}`, or `…/{stage}/$connect` for a WebSocket
/// API.
///
/// The partition is kept (`aws-cn`, `aws-us-gov`), and the path may have colons and slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    stage_prefix: String,
    route: EventRoute,
}

/// A route, without its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventRoute {
    Http {
        /// The method as it was sent.
        verb: String,
        /// The path without the stage, `/` for the root.
        path: String,
    },
    /// The route that opens a WebSocket. It is the only route of a WebSocket API with an authorizer.
    Connect,
}

/// Why a string is not the ARN of a route. The error is logged, so it contains no part of the string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    #[error(
        "not of the form arn:{{partition}}:execute-api:{{region}}:{{account}}:{{api}}/{{stage}}/{{verb}}/{{path}}"
    )]
    Form,
    /// The prefix is longer than in any ARN of AWS, so a policy built from it could be too large.
    #[error("the part up to the stage is over {MAX_STAGE_PREFIX_BYTES} bytes")]
    TooLong,
    /// A part is empty, or has a character that may have a special meaning in a policy.
    #[error("the {0} is empty or has characters other than letters, digits, `-`, `_`, `.` and `$`")]
    Part(&'static str),
}

/// The route that opens a WebSocket, as written in an ARN.
pub(crate) const CONNECT: &str = "$connect";

/// The maximum length of a resource's prefix: a partition and a region that are longer than any that exist, and a stage
/// of 128 characters, which is API Gateway's limit.
pub(crate) const MAX_STAGE_PREFIX_BYTES: usize = 201;

impl Target {
    /// A route with the longest prefix, used to check the maximum size of policies.
    pub(crate) fn longest() -> Self {
        Self {
            stage_prefix: format!("{:s<MAX_STAGE_PREFIX_BYTES$}", "arn:"),
            route: EventRoute::Http {
                verb: "GET".to_owned(),
                path: "/".to_owned(),
            },
        }
    }

    /// Parses an ARN.
    ///
    /// The parts that a policy's resource contains may have only plain characters, so that none is a wildcard there.
    /// The verb and the path never become part of a policy, so they may have any characters. Fails if the ARN has
    /// another form.
    pub fn parse(arn: &str) -> Result<Self, TargetError> {
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next().ok_or(TargetError::Form);
        let (scheme, partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        if scheme != "arn" || service != "execute-api" {
            return Err(TargetError::Form);
        }
        let mut segments = resource.splitn(3, '/');
        let mut next = || segments.next().ok_or(TargetError::Form);
        let (api, stage, route) = (next()?, next()?, next()?);
        let named = [
            ("partition", partition),
            ("region", region),
            ("account", account),
            ("API id", api),
            ("stage", stage),
        ];
        for (name, part) in named {
            let is_plain =
                |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'$');
            if part.is_empty() || !part.bytes().all(is_plain) {
                return Err(TargetError::Part(name));
            }
        }
        let stage_prefix = arn
            .strip_suffix(route)
            .and_then(|prefix| prefix.strip_suffix('/'))
            .ok_or(TargetError::Form)?;
        if stage_prefix.len() > MAX_STAGE_PREFIX_BYTES {
            return Err(TargetError::TooLong);
        }
        Ok(Self {
            stage_prefix: stage_prefix.to_owned(),
            route: EventRoute::parse(route),
        })
    }

    /// The ARN up to the stage, without a trailing slash: the prefix of every resource in a policy.
    pub(crate) fn stage_prefix(&self) -> &str {
        &self.stage_prefix
    }

    pub(crate) const fn route(&self) -> &EventRoute {
        &self.route
    }

    pub(crate) fn into_route(self) -> EventRoute {
        self.route
    }
}

impl EventRoute {
    fn parse(route: &str) -> Self {
        if route == CONNECT {
            return Self::Connect;
        }
        let (verb, path) = route.split_at(route.find('/').unwrap_or(route.len()));
        Self::Http {
            verb: verb.to_owned(),
            path: path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arn: &str, expected: Result<(&str, &str, &str), TargetError>) {
        let parsed = Target::parse(arn);
        let found = parsed
            .as_ref()
            .map(|target| match target.route() {
                EventRoute::Http { verb, path } => (target.stage_prefix(), &**verb, &**path),
                EventRoute::Connect => (target.stage_prefix(), CONNECT, ""),
            })
            .map_err(|error| *error);
        assert_eq!(found, expected, "{arn}");
    }

    #[test]
    fn the_arns_of_api_gateway_are_parsed() {
        const PREFIX: &str = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/prod";
        check(
            &format!("{PREFIX}/GET/items/42"),
            Ok((PREFIX, "GET", "/items/42")),
        );
        check(&format!("{PREFIX}/GET/"), Ok((PREFIX, "GET", "/")));
        check(&format!("{PREFIX}/GET"), Ok((PREFIX, "GET", "")));
        check(&format!("{PREFIX}/$connect"), Ok((PREFIX, "$connect", "")));
        check(
            &format!("{PREFIX}/GET/at/12:30:00/x"),
            Ok((PREFIX, "GET", "/at/12:30:00/x")),
        );
        check(
            &format!("{PREFIX}/GET//a//*?"),
            Ok((PREFIX, "GET", "//a//*?")),
        );
    }

    #[test]
    fn every_partition_and_stage_is_kept() {
        for prefix in [
            "arn:aws-cn:execute-api:cn-north-1:111122223333:abc/$default",
            "arn:aws-us-gov:execute-api:us-gov-west-1:111122223333:abc/v1.2_x",
            "arn:aws-iso-b:execute-api:us-isob-east-1:111122223333:abc/ESTestInvoke-stage",
        ] {
            check(&format!("{prefix}/PUT/a"), Ok((prefix, "PUT", "/a")));
        }
    }

    #[test]
    fn a_wildcard_in_an_arn_is_refused() {
        check(
            "arn:aws:execute-api:eu-west-1:1:abc/*/GET/a",
            Err(TargetError::Part("stage")),
        );
        check(
            "arn:aws:execute-api:eu-west-1:1:a?c/prod/GET/a",
            Err(TargetError::Part("API id")),
        );
        check(
            "arn:aws:execute-api:*:1:abc/prod/GET/a",
            Err(TargetError::Part("region")),
        );
        check(
            "arn:aws:execute-api:eu-west-1:${aws:userid}:abc/prod/GET/a",
            Err(TargetError::Part("account")),
        );
        check(
            "arn:aws:execute-api:eu-west-1:1:abc//GET/a",
            Err(TargetError::Part("stage")),
        );
    }

    #[test]
    fn no_arn_prefix_is_longer_than_the_one_used_to_measure_policies() {
        let longest = "arn:aws-iso-ff:execute-api:xx-isofff-northeast-1:111122223333:a1b2c3d4e5";
        let prefix = format!("{longest}/{}", "s".repeat(128));
        assert_eq!(Target::longest().stage_prefix().len(), prefix.len());
        check(&format!("{prefix}/GET/a"), Ok((&prefix, "GET", "/a")));
        check(&format!("{prefix}s/GET/a"), Err(TargetError::TooLong));
    }

    #[test]
    fn strings_that_are_not_arns_are_refused() {
        check("", Err(TargetError::Form));
        check("GET /items", Err(TargetError::Form));
        check(
            "arn:aws:lambda:eu-west-1:1:function:f",
            Err(TargetError::Form),
        );
        check(
            "arn:aws:execute-api:eu-west-1:1:abc/prod",
            Err(TargetError::Form),
        );
        check(
            "urn:aws:execute-api:eu-west-1:1:abc/prod/GET/",
            Err(TargetError::Form),
        );
    }
}
