//! Warns of a cache that skips the proofs of key-bound tokens.

use super::api::{Api, Identity, TemplateAuthorizer};
use super::function::FunctionDefinition;
use super::warnings::Warnings;

/// API Gateway applies a cached answer without calling the function, so a stolen token needs no proof until the answer
/// expires. A TOKEN authorizer accepts no such token, because its event has no proof.
pub(super) fn warn(api: &Api, functions: &[FunctionDefinition], warnings: &mut Warnings) {
    for authorizer in api.authorizers.values() {
        let TemplateAuthorizer::Lambda(authorizer) = authorizer else {
            continue;
        };
        let has_proof = !matches!(authorizer.identity, Identity::Token { .. });
        let takes_bound_tokens = functions
            .iter()
            .any(|function| function.name == authorizer.function && function.takes_bound_tokens());
        if has_proof && takes_bound_tokens && !authorizer.ttl.is_zero() {
            let why = "the function accepts key-bound tokens (`DPOP`), and an answer from the cache skips their proof; set \
                       a cache time of 0";
            warnings.add(&authorizer.place, why);
        }
    }
}
