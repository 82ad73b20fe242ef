//! The settings of a JWT authorizer, which SAM and OpenAPI share.

use super::{Section, acts};

/// SAM accepts these names with a capital or a small first letter.
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
