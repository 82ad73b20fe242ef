//! Methods that SAM lists in preflights although the condition of their function is false.

use serde_json::Value;

use super::method::verb;
use super::product::Product;
use super::route_path::RoutePath;

/// A method on a function whose condition is false. SAM lists it in the preflights of a path that others share.
pub(super) struct AbsentMethod {
    path: RoutePath,
    verb: Option<String>,
}

impl AbsentMethod {
    /// Reads an unresolved event. `None` if it does not belong to the API.
    pub(super) fn read(event: &Value, api: &str, implicit: bool) -> Option<Self> {
        let text = |name: &str| event.pointer(&format!("/Properties/{name}"));
        let own = match text(Product::Rest.reference()) {
            Some(reference) => reference.get("Ref").unwrap_or(reference) == api,
            None => implicit,
        };
        let verb = verb(text("Method")?.as_str()?).ok()?;
        let read = Self {
            path: RoutePath::parse(text("Path")?.as_str()?).ok()?,
            verb,
        };
        Some(read).filter(|_| {
            own && event
                .get("Type")
                .is_some_and(|kind| kind == Product::Rest.event())
        })
    }

    /// Its verb, if it is a method of the path.
    pub(super) fn on(&self, path: &RoutePath) -> Option<&Option<String>> {
        self.path.overlaps(path).then_some(&self.verb)
    }
}
