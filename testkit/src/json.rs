//! Changes some members of a JSON object.

use serde_json::Value;

/// The object with these members added or replaced; null removes a member.
pub fn changed(mut object: Value, changes: &Value) -> Value {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    object
}
