//! URLs that this function may connect to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use lambda_support::settings::without_query;
use reqwest::Url;
use reqwest::header::HeaderValue;
use thiserror::Error;

/// An `https` URL, or an `http` URL on this machine: keys that are fetched over plain http can be replaced in transit.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why a string is not an [`Endpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    #[error("not an absolute URL such as https://example.okta.com/oauth2/default/v1/keys")]
    NotAUrl,
    #[error("neither https, nor http on a loopback host")]
    Insecure,
    /// The credentials would appear in logs.
    #[error("a URL with a user name or password")]
    Credentials,
}

impl Endpoint {
    /// The whole URL, including its query.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the host is this machine, in any spelling.
    pub fn is_on_loopback(&self) -> bool {
        self.0.host_str().is_some_and(leads_to_loopback)
    }

    pub(super) const fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        // The URL parser would remove tabs and line breaks, so anything that is not a valid header value is rejected
        // first.
        if text.trim() != text || HeaderValue::from_str(text).is_err() || text.contains('\t') {
            return Err(EndpointError::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::NotAUrl)?;
        if !has_two_slashes(text, url.scheme()) {
            return Err(EndpointError::NotAUrl);
        }
        let host = url.host_str().ok_or(EndpointError::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(host) => {}
            _ => return Err(EndpointError::Insecure),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        Ok(Self(url))
    }
}

/// Whether `//` and the host follow the scheme, and no slash is written as a backslash (RFC 3986, section 3). The URL
/// parser also accepts `https:/a.example`, but an issuer is compared as it is written, so with such an `ISSUER` every
/// token would be refused.
fn has_two_slashes(url: &str, scheme: &str) -> bool {
    let after_scheme = url.get(scheme.len()..).unwrap_or_default();
    let rest = after_scheme.strip_prefix("://");
    rest.is_some_and(|rest| !rest.starts_with('/') && !rest.contains('\\'))
}

/// Whether plain http is allowed to this host: `localhost` and the loopback addresses, as the URL parser writes them.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || ip_address(host).is_some_and(|ip| ip.is_loopback())
}

/// Whether connections to this host reach this machine. That is true for the loopback addresses, also in IPv6 form, for
/// the unspecified address, which systems connect to loopback, and for the names of RFC 6761, section 6.3. The URL parser
/// accepts several dots at the end.
pub(super) fn leads_to_loopback(host: &str) -> bool {
    let v4 = |ip: Ipv4Addr| ip.is_loopback() || ip.is_unspecified();
    let host = host.trim_end_matches('.');
    match ip_address(host) {
        Some(IpAddr::V4(ip)) => v4(ip),
        Some(IpAddr::V6(ip)) => ip.is_loopback() || ip.to_ipv4().is_some_and(v4),
        None => {
            let name = host.to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn ip_address(host: &str) -> Option<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse().ok()
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

/// Without the query, which may be a secret.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_query(self.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), EndpointError>) {
        assert_eq!(text.parse::<Endpoint>().map(|_| ()), expected, "{text}");
    }

    #[test]
    fn https_is_allowed_everywhere_and_http_on_this_machine() {
        for text in [
            "https://example.okta.com/oauth2/default/v1/keys",
            "http://localhost:9000/oauth2/default",
            "http://127.0.0.1:9000/",
            "http://127.8.9.1/",
            "http://[::1]:9000/keys",
        ] {
            check(text, Ok(()));
        }
    }

    #[test]
    fn plain_http_to_another_machine_is_refused() {
        for text in [
            "http://example.okta.com/keys",
            "http://127.0.0.1.example.com/keys",
            "http://localhost.example.com/keys",
            "http://10.0.0.1/keys",
            "ftp://127.0.0.1/keys",
        ] {
            check(text, Err(EndpointError::Insecure));
        }
        check("file:///etc/passwd", Err(EndpointError::NotAUrl));
    }

    #[test]
    fn loopback_hosts_are_recognised_in_every_spelling() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "keys.localhost",
            "keys.localhost.",
            "keys.localhost..",
            "127.0.0.1..",
            "127.0.0.1",
            "127.255.255.254",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0.0.0.0",
            "0",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:0.0.0.0]",
            "[::127.0.0.1]",
            "%6cocalhost",
            "\u{ff4c}ocalhost",
        ] {
            let endpoint: Endpoint = format!("https://{host}:8443/keys").parse().unwrap();
            assert!(endpoint.is_on_loopback(), "{host}");
        }
        for host in [
            "example.okta.com",
            "localhost.example.com",
            "notlocalhost",
            "128.0.0.1",
            "10.0.0.1",
            "1.0.0.127",
            "[::2]",
            "[2001:db8::1]",
            "[::ffff:10.0.0.1]",
        ] {
            let endpoint: Endpoint = format!("https://{host}/keys").parse().unwrap();
            assert!(!endpoint.is_on_loopback(), "{host}");
        }
    }

    #[test]
    fn strings_that_are_not_urls_and_urls_with_credentials_are_refused() {
        for text in [
            "",
            "keys",
            "/keys",
            "https://",
            " https://a.example/",
            "https://a.exa\nmple/",
            "https:a.example/keys",
            "https:/a.example/keys",
            "https:///a.example/keys",
            "https:\\\\a.example/keys",
            "https:/\\a.example/keys",
            "https://\\a.example/keys",
            "https://a.example\\keys",
        ] {
            check(text, Err(EndpointError::NotAUrl));
        }
        check(
            "https://me:secret@example.com/keys",
            Err(EndpointError::Credentials),
        );
        check(
            "https://me@example.com/keys",
            Err(EndpointError::Credentials),
        );
    }
}
