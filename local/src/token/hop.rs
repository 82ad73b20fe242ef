//! The requests of a sign-in with their responses, as `--show-flow` prints them. A hop contains no secret, because secrets
//! are shortened when they are added.

use std::borrow::Cow;
use std::fmt;

use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde_json::{Map, Value};

use super::DPOP_NONCE;
use super::secrets::{MIN_SECRET_CHARS, Secrets, pair, short, start};
use crate::cookies::Cookies;
use crate::progress::{line, printable};

/// The shell variables that have these values in commands.
const VARIABLES: [(&str, &str); 3] = [
    ("code", "CODE"),
    ("code_challenge", "CHALLENGE"),
    ("code_verifier", "VERIFIER"),
];

/// The header of a proof of possession (RFC 9449, section 4).
const PROOF: &str = "DPoP";

/// The members of responses that are shown; `…` replaces the others.
const MEMBERS: [&str; 12] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "token_type",
    "expires_in",
    "scope",
    "access_token",
    "id_token",
    "refresh_token",
    "error",
    "error_description",
];

/// The hops of one sign-in, printed on standard error as they happen.
#[derive(Debug)]
pub(crate) struct Hops {
    shown: bool,
    count: usize,
    secrets: Secrets,
}

impl Hops {
    /// Hops that are printed if `shown`.
    pub(crate) fn new(shown: bool) -> Self {
        Self {
            shown,
            count: 0,
            secrets: Secrets::default(),
        }
    }

    /// Shortens a secret also where a server echoes it.
    pub(crate) fn hide(&mut self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Shortens the values of cookies everywhere, because a server may have such a value in the path of its pages.
    pub(crate) fn hide_cookies(&mut self, cookies: &Cookies) {
        for value in cookies.values() {
            if value.chars().count() >= MIN_SECRET_CHARS {
                self.hide(value);
            }
        }
    }

    pub(crate) fn print(&mut self, hop: &Hop) {
        if !self.shown {
            return;
        }
        self.count += 1;
        let text = self.redacted(&hop.to_string());
        line(format_args!("{}. {text}", self.count));
    }

    /// A string of the issuer without the secrets of this sign-in.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.secrets.redacted(text)
    }
}

/// One step of a sign-in: a request and its response, with the command that does the same.
#[derive(Debug)]
pub(crate) struct Hop {
    title: &'static str,
    lines: Vec<String>,
    command: Vec<String>,
}

impl Hop {
    /// A step without a request.
    pub(crate) const fn new(title: &'static str) -> Self {
        Self {
            title,
            lines: Vec::new(),
            command: Vec::new(),
        }
    }

    /// A request with its query. `flags` are those of curl.
    pub(crate) fn request(
        title: &'static str,
        method: &str,
        url: &Url,
        flags: &'static str,
    ) -> Self {
        let mut hop = Self::new(title);
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        hop.lines.push(format!("> {method} {base}"));
        let get = if url.query().is_some() { " -G" } else { "" };
        hop.command
            .push(format!("$ curl -s{flags}{get} {}", quoted(base.as_str())));
        hop.parameters(url.query_pairs());
        hop
    }

    pub(crate) fn form(&mut self, form: &str) {
        self.parameters(form_urlencoded::parse(form.as_bytes()));
    }

    fn parameters<'p>(&mut self, pairs: impl Iterator<Item = (Cow<'p, str>, Cow<'p, str>)>) {
        for (name, value) in pairs {
            self.lines.push(format!(">   {}", pair(&name, &value)));
            let word = match variable(&name) {
                Some(variable) => format!("\"{name}=${variable}\""),
                None => quoted(&pair(&name, &value)).into_owned(),
            };
            self.command.push(format!("    --data-urlencode {word}"));
        }
    }

    pub(crate) fn cookies(&mut self, header: &str) {
        let names: Vec<&str> = header
            .split("; ")
            .filter_map(|cookie| Some(cookie.split_once('=')?.0))
            .collect();
        if !names.is_empty() {
            self.lines
                .push(format!("> Cookie: {}=…", names.join("=…; ")));
        }
    }

    pub(crate) fn proof(&mut self, proof: &str) {
        self.lines.push(format!("> {PROOF}: {}", short(proof)));
        self.command.push(format!("    -H \"{PROOF}: $PROOF\""));
    }

    /// Adds the head of the response.
    pub(crate) fn answered(&mut self, status: StatusCode, headers: &HeaderMap, url: &Url) {
        self.lines.push(format!("< {status}"));
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        if let Some(location) = headers.get(LOCATION).map(text) {
            match url.join(&location) {
                Ok(location) => self.redirect(&location),
                Err(_) => self.lines.push("< Location: not a URL".to_owned()),
            }
        }
        for cookie in headers.get_all(SET_COOKIE).iter().map(text) {
            let name = cookie.split('=').next().unwrap_or_default();
            self.lines
                .push(format!("< Set-Cookie: {}=…", printable(name)));
        }
        if let Some(nonce) = headers.get(DPOP_NONCE).map(text) {
            self.lines.push(format!("< DPoP-Nonce: {}", short(&nonce)));
        }
    }

    fn redirect(&mut self, location: &Url) {
        let mut base = location.clone();
        base.set_query(None);
        self.lines.push(format!("< Location: {base}"));
        for (name, value) in location.query_pairs() {
            self.lines.push(format!("<   {}", pair(&name, &value)));
            if name == "code" {
                self.command.push(format!("$ CODE='{}…'", start(&value)));
            }
        }
    }

    /// Adds the members of a JSON object that may be shown.
    pub(crate) fn members(&mut self, body: &str) {
        let Ok(body) = serde_json::from_str::<Map<String, Value>>(body) else {
            return;
        };
        for name in MEMBERS {
            let value = match body.get(name) {
                Some(Value::String(value)) => pair(name, value),
                Some(value) => pair(name, &value.to_string()),
                None => continue,
            };
            self.lines.push(format!("<   {value}"));
        }
        if body.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            self.lines.push("<   …".to_owned());
        }
    }

    /// Adds a value that has not been sent in a request yet.
    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        self.lines.push(pair(name, value));
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, text: impl Into<String>) {
        self.lines.push(text.into());
    }

    /// Adds a command.
    pub(crate) fn command(&mut self, text: impl Into<String>) {
        self.command.push(text.into());
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for line in &self.lines {
            writeln!(f, "   {line}")?;
        }
        let mut commands = self.command.iter().peekable();
        while let Some(command) = commands.next() {
            let is_continued = commands.peek().is_some_and(|next| next.starts_with(' '));
            writeln!(f, "   {command}{}", if is_continued { " \\" } else { "" })?;
        }
        Ok(())
    }
}

fn variable(name: &str) -> Option<&'static str> {
    let found = VARIABLES.iter().find(|(known, _)| *known == name);
    found.map(|(_, variable)| *variable)
}

/// A word for a shell.
fn quoted(word: &str) -> Cow<'_, str> {
    // It fails only for a NUL, which `printable` and `Url` escape.
    shlex::try_quote(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The endpoint comes from a document of the issuer, and the reader pastes the command.
    #[test]
    fn a_command_is_quoted_for_a_shell() {
        let url = Url::parse("https://i/$(id)`id`;id?scope=a'b$(id)&code=x").unwrap();
        let hop = Hop::request("Title", "GET", &url, " -i").to_string();
        assert_eq!(
            hop,
            "Title\n   > GET https://i/$(id)%60id%60;id\n   >   scope=a'b$(id)\n   >   code=… (1 characters)\n   \
             $ curl -s -i -G 'https://i/$(id)%60id%60;id' \\\n       --data-urlencode \"scope=a'b\"'$(id)' \\\n       \
             --data-urlencode \"code=$CODE\"\n"
        );
    }
}
