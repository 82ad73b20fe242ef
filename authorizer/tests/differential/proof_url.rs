//! Changes to `htu`.

use serde_json::Value;

use super::jws::Jws;
use super::{Mutation, mutation};
use crate::support::proof::DOMAIN;

fn url(name: &str, change: fn(&str) -> String) -> Mutation<Jws> {
    mutation(format!("htu: {name}"), move |jws: &mut Jws, _| {
        if let Some(Value::String(url)) = jws.claims.get_mut("htu") {
            *url = change(url);
        }
    })
}

pub(crate) fn all() -> Vec<Mutation<Jws>> {
    vec![
        url("a query", |url| format!("{url}?a=b")),
        url("a fragment", |url| format!("{url}#a")),
        url("an empty query", |url| format!("{url}?")),
        url("a question mark in the fragment", |url| {
            format!("{url}#a?b")
        }),
        url("the default port", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:443"))
        }),
        url("an empty port", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:"))
        }),
        url("the port 0443", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:0443"))
        }),
        url("another port", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:8443"))
        }),
        url("an invalid port", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}:99999"))
        }),
        url("capitals in the host", |url| {
            url.replace(DOMAIN, &DOMAIN.to_uppercase())
        }),
        url("capitals in the scheme", |url| {
            url.replace("https", "HTTPS")
        }),
        url("capitals in the path", |url| url.replace("prod", "PROD")),
        url("a dot at the end of the host", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}."))
        }),
        url("a dot segment", |url| url.replace("/prod/", "/prod/./")),
        url("two dot segments", |url| {
            url.replace("/prod/", "/prod/x/../")
        }),
        url("encoded dot segments", |url| {
            url.replace("/prod/", "/prod/x/%2e%2E/")
        }),
        url("too many dot segments", |url| {
            url.replace("/prod/", "/../../prod/")
        }),
        url("an encoded letter", |url| url.replace("prod", "%70rod")),
        url("small letters in escapes", |url| {
            url.replace("%C3%A9", "%c3%a9").replace("%2F", "%2f")
        }),
        url("a decoded slash", |url| url.replace("%2F", "/")),
        url("a decoded space", |url| url.replace("%20", " ")),
        url("a decoded letter", |url| url.replace("%C3%A9", "\u{e9}")),
        url("a plus for a space", |url| url.replace("%20", "+")),
        url("encoded signs", |url| {
            url.replace(':', "%3A").replacen("%3A", ":", 1)
        }),
        url("an encoded tilde", |url| url.replace('~', "%7E")),
        url("two slashes", |url| url.replace("/prod/", "/prod//")),
        url("a slash at the end", |url| format!("{url}/")),
        url("no path", |_| format!("https://{DOMAIN}")),
        url("http", |url| url.replace("https", "http")),
        url("another scheme", |url| url.replace("https", "wss")),
        url("without a scheme", |url| url.replace("https:", "")),
        url("only the path", |url| {
            url.replace(&format!("https://{DOMAIN}"), "")
        }),
        url("one slash", |url| url.replace("https://", "https:/")),
        url("backslashes", |url| url.replace('/', "\\")),
        url("another host", |url| url.replace(DOMAIN, "evil.example")),
        url("the host as a user", |url| {
            url.replace(DOMAIN, &format!("{DOMAIN}@evil.example"))
        }),
        url("a user", |url| {
            url.replace(DOMAIN, &format!("user@{DOMAIN}"))
        }),
        url("an empty user", |url| {
            url.replace(DOMAIN, &format!("@{DOMAIN}"))
        }),
        url("white space around", |url| format!(" {url} ")),
        url("a line break at the end", |url| format!("{url}\n")),
        url("a tab inside", |url| url.replace("prod", "pr\tod")),
        url("an incomplete escape", |url| format!("{url}%")),
        url("a NUL escape", |url| format!("{url}%00")),
        url("brackets", |url| format!("{url}[1]")),
        url("a full-width letter in the host", |url| {
            url.replace("api.", "\u{ff41}pi.")
        }),
        url("an encoded letter in the host", |url| {
            url.replace("api.", "%61pi.")
        }),
        url("no host", |url| url.replace(DOMAIN, "")),
        url("a path parameter", |url| format!("{url};v=1")),
    ]
}
