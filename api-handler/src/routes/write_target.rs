//! Loads the resource that a request overwrites.

use super::context::Context;
use crate::{permit::WriteTarget, precondition::Preconditions, problem::Problem, state::StateId};

impl WriteTarget {
    /// Reads a resource without its value, and checks that the caller may overwrite it now. Fails with 401 for an
    /// anonymous caller, with `hidden` if the resource does not exist or the caller may not see it, with 403 if the
    /// caller may not write it, and with 412 if a precondition does not hold.
    pub(super) async fn load(
        context: &Context<'_>,
        id: &StateId,
        preconditions: &Preconditions,
        hidden: Problem,
    ) -> Result<Self, Problem> {
        let caller = context.caller.signed_in()?;
        let metadata = context.store.metadata(id).await?;
        let visible = metadata.filter(|metadata| context.caller.may_see(metadata));
        Self::permit(caller, visible, preconditions, hidden)
    }
}
