//! Permission to write over a resource.

use crate::{caller::SignedIn, precondition::Preconditions, problem::Problem, state::Metadata};

/// Permission of one caller to replace or delete one version of a resource. The store's `replace` and `delete` take
/// nothing else.
#[derive(Debug)]
pub(crate) struct WriteTarget {
    // INVARIANT: the caller may see and write this, and the preconditions hold for it.
    metadata: Metadata,
}

impl WriteTarget {
    /// Checks whether the caller may write over this version. One that the caller may not see is passed as `None`,
    /// like one that does not exist; the answer is then `hidden`.
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

    /// The version that may be written over.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
