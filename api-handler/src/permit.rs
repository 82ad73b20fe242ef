//! Permission to overwrite a resource.

use crate::{
    caller::SignedIn,
    precondition::{EntityTags, Preconditions},
    problem::Problem,
    state::Metadata,
};

/// The most entity tags of `If-Match` that the store compares. Clients send one.
const MAX_COMPARED_TAGS: usize = 16;

/// Permission of one caller to replace or delete one version of a resource. The store's `replace` and `delete` take
/// nothing else.
#[derive(Debug)]
pub(crate) struct WriteTarget {
    // INVARIANT: the caller may see and write this, and the preconditions hold for it.
    metadata: Metadata,
}

impl WriteTarget {
    /// Checks whether the caller may overwrite this version. One that the caller may not see is passed as `None`, like
    /// one that does not exist; the error is then `hidden`.
    ///
    /// # Errors
    /// `hidden`, 403 when the caller may not write it, 412 when a precondition does not hold.
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

/// Permission of one caller to replace a resource that has not been read: the store's `replace_unread` writes only where
/// all of this holds for the current version.
#[derive(Debug)]
pub(crate) struct UnreadTarget<'a> {
    // INVARIANT: `WriteTarget::permit` permits every version that this describes, for the same caller.
    owner: Option<&'a str>,
    tags: Option<Vec<&'a str>>,
}

impl<'a> UnreadTarget<'a> {
    /// What the store must find. `None` if the preconditions are more than it can compare.
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

    /// The owner that the resource must have; an admin may write those of every owner.
    pub(crate) fn owner(&self) -> Option<&'a str> {
        self.owner
    }

    /// The tags of which the resource must have one; `None`: any.
    pub(crate) fn tags(&self) -> Option<&[&'a str]> {
        self.tags.as_deref()
    }
}
