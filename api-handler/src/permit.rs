//! Permission to overwrite a resource.

use crate::{
    caller::SignedIn,
    precondition::{EntityTags, Preconditions},
    problem::Problem,
    state::Metadata,
};

/// The maximum number of entity tags in `If-Match` that the store compares. Clients send one.
const MAX_COMPARED_TAGS: usize = 16;

/// Permission of one caller to replace or delete one version of a resource. The store's `replace` and `delete` require
/// it.
#[derive(Debug)]
pub(crate) struct WriteTarget {
    // INVARIANT: the caller may see and write this, and the preconditions hold for it.
    metadata: Metadata,
}

impl WriteTarget {
    /// Checks whether the caller may overwrite this version. `visible` is `None` if the resource does not exist or the
    /// caller may not see it. Fails with `hidden` if there is no visible version, with 403 if the caller may not write
    /// it, and with 412 if a precondition does not hold.
    pub(crate) fn permit(
        caller: &SignedIn,
        visible: Option<Metadata>,
        preconditions: &Preconditions,
        hidden: Problem,
    ) -> Result<Self, Problem> {
        let metadata = visible.ok_or(hidden)?;
        if !caller.may_write(&metadata) {
            return Err(Problem::Forbidden(
                "only the owner and admins may change this resource",
            ));
        }
        if !preconditions.permit_write(&metadata.tag) {
            return Err(Problem::PreconditionFailed);
        }
        Ok(Self { metadata })
    }

    /// The version that may be overwritten.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// Permission of one caller to replace a resource that has not been read. The store's `replace_unread` writes only if
/// all of these conditions hold for the current version.
#[derive(Debug)]
pub(crate) struct UnreadTarget<'a> {
    // INVARIANT: for the same caller `WriteTarget::permit` permits every version that meets these conditions.
    owner: Option<&'a str>,
    tags: Option<Vec<&'a str>>,
}

impl<'a> UnreadTarget<'a> {
    /// The conditions that the store must check. `None` if it cannot check the preconditions.
    pub(crate) fn permit(caller: &'a SignedIn, preconditions: &'a Preconditions) -> Option<Self> {
        let tags = match preconditions.sole_if_match()? {
            EntityTags::Any => None,
            EntityTags::Tags(tags) => {
                let strong: Vec<_> = tags.iter().filter_map(|tag| tag.strong()).collect();
                if strong.is_empty() || strong.len() > MAX_COMPARED_TAGS {
                    return None;
                }
                Some(strong)
            }
        };
        let owner = (!caller.admin).then_some(caller.principal.as_str());
        Some(Self { owner, tags })
    }

    /// The owner that the resource must have. `None` for an admin, who may write the resources of every owner.
    pub(crate) fn owner(&self) -> Option<&'a str> {
        self.owner
    }

    /// The resource must have one of these tags. `None` allows any tag.
    pub(crate) fn tags(&self) -> Option<&[&'a str]> {
        self.tags.as_deref()
    }
}
