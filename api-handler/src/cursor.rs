//! Where the next page begins.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    problem::{Fault, Problem},
    state::StateId,
};

/// Marks the format, so that a later one can be told apart.
const FORMAT: &str = "1:";

/// The last id of the page that the caller has. It holds no rights and no secret: what a page shows is judged anew for
/// the caller who asks for it, so a cursor that is made up or somebody else's shows nothing more.
#[must_use]
pub fn encode(last: &StateId) -> String {
    URL_SAFE_NO_PAD.encode(format!("{FORMAT}{last}"))
}

/// The id in a cursor.
///
/// # Errors
/// 400 for text that [`encode`] did not make.
pub fn decode(cursor: &str) -> Result<StateId, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let id = text.and_then(|text| text.strip_prefix(FORMAT)?.parse().ok());
    id.ok_or_else(|| {
        Problem::BadRequest(vec![Fault::new(
            "#/cursor",
            "expected the nextCursor of an earlier page",
        )])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back() {
        let id: StateId = "a.b_c-9".parse().unwrap();
        assert_eq!(decode(&encode(&id)), Ok(id));
    }

    #[test]
    fn made_up_cursors_are_refused() {
        for cursor in [
            "",
            "x",
            "a.b",
            "MTo",
            "MTpB",
            "MjphYmM",
            "MTphYmM=",
            "\u{0}",
            "MTphYmM\n",
        ] {
            assert!(
                matches!(decode(cursor), Err(Problem::BadRequest(_))),
                "{cursor:?}"
            );
        }
    }
}
