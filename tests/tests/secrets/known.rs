//! Every secret of a run, and the search for fragments of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde_json::Value;

/// The length of a fragment. No fragment of a secret may appear anywhere.
const FRAGMENT: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    AccessToken,
    IdToken,
    RefreshToken,
    Code,
    Verifier,
    ClientSecret,
    Proof,
    Cookie,
    PrivateKey,
    /// Sent instead of a token.
    Mistaken,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::AccessToken,
        Self::IdToken,
        Self::RefreshToken,
        Self::Code,
        Self::Verifier,
        Self::ClientSecret,
        Self::Proof,
        Self::Cookie,
        Self::PrivateKey,
        Self::Mistaken,
    ];
}

/// A fragment that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leak {
    pub(crate) kind: Kind,
    pub(crate) file: PathBuf,
    pub(crate) fragment: String,
}

#[derive(Default)]
pub(crate) struct Secrets(BTreeSet<(Kind, String)>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.counts())
    }
}

impl Secrets {
    pub(crate) fn add(&mut self, kind: Kind, secret: &str) {
        if secret.len() >= FRAGMENT {
            self.0.insert((kind, secret.to_owned()));
        }
    }

    /// The number of secrets of each kind.
    pub(crate) fn counts(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for (kind, _) in &self.0 {
            *counts.entry(*kind).or_default() += 1;
        }
        counts
    }

    /// One secret of a kind.
    pub(crate) fn one(&self, kind: Kind) -> &str {
        let found = self.0.iter().find(|(found, _)| *found == kind);
        let (_, secret) = found.unwrap_or_else(|| panic!("no {kind:?} existed"));
        secret
    }

    /// The private members of the keys in a file, at any depth.
    pub(crate) fn add_keys(&mut self, file: &Path) {
        let text = fs::read_to_string(file).expect("a file of keys");
        let keys = serde_json::from_str(&text).expect("JSON");
        self.add_private_members(&keys);
    }

    fn add_private_members(&mut self, value: &Value) {
        for (name, member) in value.as_object().into_iter().flatten() {
            match member.as_str() {
                Some(text) if ["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()) => {
                    self.add(Kind::PrivateKey, text);
                }
                _ => self.add_private_members(member),
            }
        }
    }

    /// Adds the secrets that the issuer received and sent, from the lines of `tests/secrets/recorder.mjs`.
    pub(crate) fn add_exchanges(&mut self, file: &Path) {
        let text = fs::read_to_string(file).expect("the recorded exchanges");
        for line in text.lines() {
            let exchange: Value = serde_json::from_str(line).expect("a line of the recorder");
            let text = |name: &str| exchange[name].as_str().unwrap_or_default();
            self.add_parameters(text("url").split_once('?').unwrap_or_default().1);
            self.add_parameters(text("body"));
            let headers = exchange["headers"].as_array().expect("the headers");
            for header in headers.chunks(2).map(|pair| [&pair[0], &pair[1]]) {
                let [name, value] = header.map(|text| text.as_str().unwrap_or_default());
                self.add_header(&name.to_ascii_lowercase(), value);
            }
            for (name, value) in text("head")
                .lines()
                .filter_map(|line| line.split_once(": "))
            {
                self.add_header(&name.to_ascii_lowercase(), value);
            }
            let answer: Value = serde_json::from_str(text("answer")).unwrap_or_default();
            for (name, value) in answer.as_object().into_iter().flatten() {
                self.add_parameter(name, value.as_str().unwrap_or_default());
            }
        }
    }

    fn add_header(&mut self, name: &str, value: &str) {
        match name {
            "cookie" => {
                let cookies = value.split("; ").filter_map(|pair| pair.split_once('='));
                cookies.for_each(|(_, value)| self.add(Kind::Cookie, value));
            }
            "set-cookie" => {
                let pair = value.split(';').next().unwrap_or_default();
                self.add(Kind::Cookie, pair.split_once('=').unwrap_or_default().1);
            }
            "dpop" => self.add(Kind::Proof, value),
            "authorization" => {
                if let Some(basic) = value.strip_prefix("Basic ") {
                    self.add(Kind::ClientSecret, basic);
                }
            }
            "location" => self.add_codes(value.split_once('?').unwrap_or_default().1),
            _ => {}
        }
    }

    fn add_parameters(&mut self, form: &str) {
        for (name, value) in pairs(form) {
            self.add_parameter(&name, &value);
        }
    }

    /// Adds the codes that the issuer sends, but not the made-up codes that the doctor sends to it.
    fn add_codes(&mut self, query: &str) {
        for (_, code) in pairs(query).iter().filter(|(name, _)| name == "code") {
            self.add(Kind::Code, code);
        }
    }

    fn add_parameter(&mut self, name: &str, value: &str) {
        let kind = match name {
            "access_token" | "token" => Kind::AccessToken,
            "id_token" | "id_token_hint" => Kind::IdToken,
            "refresh_token" => Kind::RefreshToken,
            "code_verifier" => Kind::Verifier,
            "client_secret" => Kind::ClientSecret,
            _ => return,
        };
        self.add(kind, value);
    }

    /// The fragments in the files below a folder. The secrets consist of characters that no encoding changes.
    pub(crate) fn leaks(&self, folder: &Path, skipped: &[PathBuf]) -> BTreeSet<Leak> {
        let fragments: HashMap<&[u8], Kind> = self
            .0
            .iter()
            .flat_map(|(kind, secret)| secret.as_bytes().windows(FRAGMENT).map(|at| (at, *kind)))
            .collect();
        let mut leaks = BTreeSet::new();
        for file in files(folder) {
            if skipped.contains(&file) {
                continue;
            }
            let bytes = fs::read(&file).expect("a file of the run");
            let found = bytes
                .windows(FRAGMENT)
                .filter_map(|at| fragments.get_key_value(at));
            leaks.extend(found.map(|(fragment, kind)| Leak {
                kind: *kind,
                file: file.clone(),
                fragment: String::from_utf8_lossy(fragment).into_owned(),
            }));
        }
        leaks
    }
}

/// The pairs of a form or a query.
fn pairs(form: &str) -> Vec<(String, String)> {
    let mut url = Url::parse("http://form").expect("a URL");
    url.set_query(Some(form));
    url.query_pairs().into_owned().collect()
}

/// The files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}
