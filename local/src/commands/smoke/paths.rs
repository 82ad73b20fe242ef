//! Spellings of a guarded path.

use http::header::AUTHORIZATION;

use super::api::{SmokeApi, SmokeReply};
use super::observations::Observations;
use crate::commands::decision::without_query;
use crate::commands::report::{Check, CheckOutcome};

pub(super) const ENCODED_PATH: Check = Check::new(
    "encoded_path",
    "400, 401, 403, 404 or 405 for the guarded path with `%2F` for a slash, with `%2A` at the end, and with a slash \
     at the end",
    "RFC 3986, section 2.2",
);

pub(super) async fn encoded_path(api: &SmokeApi<'_>, seen: &mut Observations) -> CheckOutcome {
    let mut found = Vec::new();
    let mut past = None;
    for (name, path) in spellings(&api.guarded.path) {
        let credentials = [None, api.weak_token.map(|token| format!("Bearer {token}"))];
        // Without a weak token there is only the anonymous call.
        let last = if api.weak_token.is_some() { 2 } else { 1 };
        for credential in credentials.into_iter().take(last) {
            let who = if credential.is_some() {
                "weak token"
            } else {
                "no token"
            };
            let mut request = api.request(&api.guarded.method, &path);
            if let Some(credential) = credential {
                request = request.header(AUTHORIZATION, credential);
            }
            let reply = api.send(request).await;
            found.push(format!("{name}, {who}: {reply}"));
            if !is_rejected(&reply) {
                past.get_or_insert(reply);
            }
        }
    }
    let found = found.join("; ");
    seen.add("spellings of a path", &*found);
    match past {
        None => ENCODED_PATH.pass(found),
        Some(reply) if !reply.came() || reply.status() >= 500 => {
            ENCODED_PATH.fail(found, reply.advice())
        }
        Some(_) => ENCODED_PATH.fail(
            found,
            "let the rule cover the spelling too (a `*` after the path), or let the API reject it: it reaches what the \
             rule guards",
        ),
    }
}

/// Other spellings of the path, which a server may treat as the same path.
fn spellings(path: &str) -> Vec<(&'static str, String)> {
    let path = without_query(path);
    let mut spellings = Vec::new();
    if let Some((before, after)) = path
        .rsplit_once('/')
        .filter(|(before, _)| !before.is_empty())
    {
        spellings.push(("`%2F`", format!("{before}%2F{after}")));
    }
    spellings.push(("`%2A`", format!("{path}%2A")));
    spellings.push(("slash at the end", format!("{path}/")));
    spellings
}

fn is_rejected(reply: &SmokeReply) -> bool {
    matches!(reply.status(), 400 | 401 | 403 | 404 | 405)
}

#[cfg(test)]
mod tests {
    use super::spellings;

    #[test]
    fn spellings_of_a_path() {
        let paths = |path| {
            spellings(path)
                .into_iter()
                .map(|(_, path)| path)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            paths("/state/x?y"),
            ["/state%2Fx", "/state/x%2A", "/state/x/"]
        );
        assert_eq!(paths("/state"), ["/state%2A", "/state/"]);
    }
}
