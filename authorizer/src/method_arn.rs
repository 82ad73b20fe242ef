//! The ARN that API Gateway asks about.

use thiserror::Error;

/// `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{verb}/{path}`, or `…/{stage}/$connect` for a
/// WebSocket API.
///
/// The partition is kept (`aws-cn`, `aws-us-gov`), and the path may hold colons and slashes of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodArn {
    stage_prefix: String,
    verb: String,
    path: String,
}

/// Text that is no ARN of a method. It goes to the log, so it carries none of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MethodArnError {
    /// Not six parts, or not an ARN of API Gateway.
    #[error(
        "not of the form arn:{{partition}}:execute-api:{{region}}:{{account}}:{{api}}/{{stage}}/{{verb}}/{{path}}"
    )]
    Form,
    /// Longer than any that AWS can form, so a policy made of it could be too large.
    #[error("the part up to the stage is over {MAX_STAGE_PREFIX_BYTES} bytes")]
    TooLong,
    /// A part would mean something else in a policy, or nothing.
    #[error("the {0} is empty or has characters other than letters, digits, `-`, `_`, `.` and `$`")]
    Part(&'static str),
}

/// The verb position of a WebSocket API's only authorized route.
pub const CONNECT: &str = "$connect";

/// The longest beginning of a resource: a partition and region longer than any there are, and a stage of the 128
/// characters that API Gateway allows.
pub const MAX_STAGE_PREFIX_BYTES: usize = 201;

impl MethodArn {
    /// One with the longest beginning, by which the size of policies is bounded.
    pub(crate) fn longest() -> Self {
        let stage_prefix = format!("{:s<MAX_STAGE_PREFIX_BYTES$}", "arn:");
        Self {
            stage_prefix,
            verb: "GET".to_owned(),
            path: "/".to_owned(),
        }
    }

    /// Takes an ARN apart.
    ///
    /// Everything that will stand in a policy's resource is held to plain characters, so that nothing in it can act as
    /// a wildcard there. Verb and path never reach a policy, and may be anything.
    ///
    /// # Errors
    ///
    /// If it has another form.
    pub fn parse(arn: &str) -> Result<Self, MethodArnError> {
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next().ok_or(MethodArnError::Form);
        let (scheme, partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        if scheme != "arn" || service != "execute-api" {
            return Err(MethodArnError::Form);
        }
        let mut segments = resource.splitn(3, '/');
        let mut next = || segments.next().ok_or(MethodArnError::Form);
        let (api, stage, route) = (next()?, next()?, next()?);
        let named = [
            ("partition", partition),
            ("region", region),
            ("account", account),
            ("API id", api),
            ("stage", stage),
        ];
        for (name, part) in named {
            if part.is_empty()
                || !part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.$".contains(&b))
            {
                return Err(MethodArnError::Part(name));
            }
        }
        let stage_prefix = format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}");
        if stage_prefix.len() > MAX_STAGE_PREFIX_BYTES {
            return Err(MethodArnError::TooLong);
        }
        let (verb, path) = match route.split_once('/') {
            Some((verb, path)) => (verb, format!("/{path}")),
            None => (route, String::new()),
        };
        Ok(Self {
            stage_prefix,
            verb: verb.to_owned(),
            path,
        })
    }

    /// Everything up to and with the stage, without a slash at the end: what every resource of a policy begins with.
    #[must_use]
    pub fn stage_prefix(&self) -> &str {
        &self.stage_prefix
    }

    /// The verb of the request.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// The path of the request without the stage, `/` for the root; empty for a WebSocket API.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether this is the route that opens a WebSocket: the one form that has no path.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.verb == CONNECT && self.path.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arn: &str, expected: Result<(&str, &str, &str), MethodArnError>) {
        let parsed = MethodArn::parse(arn);
        let found = parsed
            .as_ref()
            .map(|arn| (arn.stage_prefix(), arn.verb(), arn.path()))
            .map_err(|error| *error);
        assert_eq!(found, expected, "{arn}");
    }

    #[test]
    fn real_arns_are_taken_apart() {
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
    fn what_would_be_a_wildcard_in_a_policy_is_refused() {
        check(
            "arn:aws:execute-api:eu-west-1:1:abc/*/GET/a",
            Err(MethodArnError::Part("stage")),
        );
        check(
            "arn:aws:execute-api:eu-west-1:1:a?c/prod/GET/a",
            Err(MethodArnError::Part("API id")),
        );
        check(
            "arn:aws:execute-api:*:1:abc/prod/GET/a",
            Err(MethodArnError::Part("region")),
        );
        check(
            "arn:aws:execute-api:eu-west-1:${aws:userid}:abc/prod/GET/a",
            Err(MethodArnError::Part("account")),
        );
        check(
            "arn:aws:execute-api:eu-west-1:1:abc//GET/a",
            Err(MethodArnError::Part("stage")),
        );
    }

    #[test]
    fn no_beginning_is_longer_than_the_one_by_which_policies_are_measured() {
        let longest = "arn:aws-iso-ff:execute-api:xx-isofff-northeast-1:111122223333:a1b2c3d4e5";
        let prefix = format!("{longest}/{}", "s".repeat(128));
        assert_eq!(MethodArn::longest().stage_prefix().len(), prefix.len());
        check(&format!("{prefix}/GET/a"), Ok((&prefix, "GET", "/a")));
        check(&format!("{prefix}s/GET/a"), Err(MethodArnError::TooLong));
    }

    #[test]
    fn other_text_is_refused() {
        check("", Err(MethodArnError::Form));
        check("GET /items", Err(MethodArnError::Form));
        check(
            "arn:aws:lambda:eu-west-1:1:function:f",
            Err(MethodArnError::Form),
        );
        check(
            "arn:aws:execute-api:eu-west-1:1:abc/prod",
            Err(MethodArnError::Form),
        );
        check(
            "urn:aws:execute-api:eu-west-1:1:abc/prod/GET/",
            Err(MethodArnError::Form),
        );
    }
}
