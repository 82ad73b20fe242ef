//! The settings of a JWT authorizer, which SAM and OpenAPI share.

use super::{Section, acts};

/// SAM takes the names in either case.
pub(super) static JWT_CONFIGURATION: Section = Section {
    what: "a `JwtConfiguration`",
    title: "`JwtConfiguration`",
    extensible: false,
    properties: &[
        acts("Audience"),
        acts("Issuer"),
        acts("audience"),
        acts("issuer"),
    ],
};
