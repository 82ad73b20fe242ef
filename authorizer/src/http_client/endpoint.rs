//! An address that this function may speak to.

use std::fmt;
use std::str::FromStr;

use lambda_support::settings::without_query;
use reqwest::Url;
use reqwest::header::HeaderValue;
use thiserror::Error;

/// An `https` address, or an `http` one on this machine: keys that came over plain http could be anybody's.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why a text is not an [`Endpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// It is not an absolute URL.
    #[error("not an absolute URL such as https://example.okta.com/oauth2/default/v1/keys")]
    NotAUrl,
    /// `http` to another machine, or a scheme that is neither `https` nor `http`.
    #[error("neither https, nor http on a loopback host")]
    Insecure,
    /// A user name or a password in it, which would end up in logs.
    #[error("an address with a user name or password in it")]
    Credentials,
}

impl Endpoint {
    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) const fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        // A URL parser drops tabs and line ends inside an address; what is not a plain header value is refused first.
        if text.trim() != text || HeaderValue::from_str(text).is_err() || text.contains('\t') {
            return Err(EndpointError::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::NotAUrl)?;
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

/// `localhost` and the loopback addresses, as the URL parser writes them.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

/// Without the query; [`Endpoint::as_str`] has it.
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
    fn https_anywhere_and_http_on_this_machine() {
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
    fn plain_http_to_another_machine() {
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
    fn not_an_address_or_one_that_hides_something() {
        for text in [
            "",
            "keys",
            "/keys",
            "https://",
            " https://a.example/",
            "https://a.exa\nmple/",
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
