//! The forward proxy between this function and the issuer.

use std::fmt;
use std::str::FromStr;

use reqwest::{NoProxy, Proxy, Url};
use thiserror::Error;

/// A proxy that is used with CONNECT, and the hosts that are reached without it.
///
/// It is never used for hosts on loopback. `Debug` does not show its user name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct ForwardProxy {
    url: Url,
    direct: String,
}

/// Why a string is not the URL of a [`ForwardProxy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ForwardProxyError {
    #[error("without `http://` at its beginning")]
    Scheme,
    #[error("not a URL with a host")]
    NotAUrl,
    /// The port is required, because clients have different defaults.
    #[error("without a port")]
    Port,
    #[error("with a path, query or fragment")]
    Path,
}

impl ForwardProxy {
    /// The same proxy, but not for the hosts in `NO_PROXY`.
    pub fn except(self, no_proxy: &str) -> Self {
        Self {
            direct: direct_hosts(no_proxy),
            ..self
        }
    }

    /// The proxy for the HTTP library, which matches hosts and sends CONNECT. Fails if the HTTP library rejects the
    /// address.
    pub fn for_client(&self) -> Result<Proxy, reqwest::Error> {
        Ok(Proxy::https(self.url.clone())?.no_proxy(NoProxy::from_string(&self.direct)))
    }
}

impl FromStr for ForwardProxy {
    type Err = ForwardProxyError;

    fn from_str(text: &str) -> Result<Self, ForwardProxyError> {
        let rest = text
            .split_at_checked("http://".len())
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http://"))
            .ok_or(ForwardProxyError::Scheme)?
            .1;
        // The URL parser would remove line breaks and a third slash, and read a backslash as a slash.
        let is_forbidden = |c: char| c.is_ascii_control() || c == ' ' || c == '\\';
        if text.contains(is_forbidden) || rest.starts_with('/') {
            return Err(ForwardProxyError::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| ForwardProxyError::NotAUrl)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(ForwardProxyError::Path);
        }
        // The URL parser drops port 80, because it is the scheme's default.
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let port = authority.rsplit_once(':').map(|(_, port)| port.parse());
        match port {
            Some(Ok(1..=u16::MAX)) => Ok(Self {
                url,
                direct: String::new(),
            }),
            _ => Err(ForwardProxyError::Port),
        }
    }
}

/// Converts `NO_PROXY` from curl's form to the form of the HTTP library. In curl's form commas separate the items, a
/// blank inside an item ends the list, `*` means all hosts only if it is the whole value, and a dot at the end of a
/// name is ignored.
fn direct_hosts(no_proxy: &str) -> String {
    if no_proxy == "*" {
        // The library's `*` matches all names, but no addresses.
        return "*,0.0.0.0/0,::/0".to_owned();
    }
    let mut hosts = Vec::new();
    for item in no_proxy.split(',') {
        let item = item.trim_matches([' ', '\t']);
        let (host, more) = item.split_once([' ', '\t']).unwrap_or((item, ""));
        let host = host.strip_suffix('.').unwrap_or(host);
        if !host.is_empty() && host != "*" {
            hosts.push(host.to_owned());
            // The host in the URL may end with a dot.
            hosts.push(format!("{host}."));
        }
        if !more.is_empty() {
            break;
        }
    }
    hosts.join(",")
}

/// Shows no user name and password.
impl fmt::Display for ForwardProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        write!(f, "http://{host}:{port}")
    }
}

impl fmt::Debug for ForwardProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForwardProxy({self} except {:?})", self.direct)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use reqwest::dns::{Name, Resolve, Resolving};

    use super::*;
    use crate::issuer::http_client::ConnectionError;

    #[test]
    fn a_proxy_needs_a_scheme_a_host_and_a_port() {
        for (text, shown) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("HTTP://proxy.example:80/", "http://proxy.example:80"),
            ("http://user:p%40ss@10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("http://user@[::1]:8080", "http://[::1]:8080"),
        ] {
            let proxy: ForwardProxy = text.parse().unwrap();
            assert_eq!(proxy.to_string(), shown);
            assert!(!format!("{proxy:?}").contains("ss"), "{proxy:?}");
        }
        for (text, error) in [
            ("proxy.example:3128", ForwardProxyError::Scheme),
            ("https://proxy.example:3128", ForwardProxyError::Scheme),
            ("socks5://proxy.example:1080", ForwardProxyError::Scheme),
            ("http:/user:password@proxy:3128", ForwardProxyError::Scheme),
            ("http://", ForwardProxyError::NotAUrl),
            ("http:///proxy:3128", ForwardProxyError::NotAUrl),
            ("http://\\proxy:3128", ForwardProxyError::NotAUrl),
            ("http://:3128", ForwardProxyError::NotAUrl),
            ("http://pro xy:3128", ForwardProxyError::NotAUrl),
            ("http://proxy:port", ForwardProxyError::NotAUrl),
            ("http://proxy:65536", ForwardProxyError::NotAUrl),
            ("http://proxy:0", ForwardProxyError::Port),
            ("http://proxy", ForwardProxyError::Port),
            ("http://proxy:", ForwardProxyError::Port),
            ("http://user:80@proxy", ForwardProxyError::Port),
            ("http://[::1]", ForwardProxyError::Port),
            ("http://proxy:3128/path", ForwardProxyError::Path),
            ("http://proxy:3128?a", ForwardProxyError::Path),
            ("http://proxy:3128#a", ForwardProxyError::Path),
        ] {
            assert_eq!(text.parse::<ForwardProxy>(), Err(error), "{text}");
        }
    }

    #[test]
    fn no_proxy_is_read_as_curl_reads_it() {
        for (no_proxy, expected) in [
            ("", ""),
            ("*", "*,0.0.0.0/0,::/0"),
            ("a.example,*", "a.example,a.example."),
            (
                " a.example ,\t.b.example.,",
                "a.example,a.example.,.b.example,.b.example.",
            ),
            ("a.example b.example,c.example", "a.example,a.example."),
        ] {
            assert_eq!(direct_hosts(no_proxy), expected, "{no_proxy}");
        }
    }

    /// Finds no name, so that a test never asks a real resolver.
    struct NoNames;

    impl Resolve for NoNames {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err(std::io::Error::from(std::io::ErrorKind::NotFound).into()) })
        }
    }

    /// The rows are from curl's own test of `NO_PROXY` (unit 1614), with addresses changed to loopback.
    #[tokio::test]
    async fn the_same_hosts_as_in_curl_are_reached_without_the_proxy() {
        for (host, no_proxy, direct) in [
            (
                "www.example.com",
                "localhost .example.com .example.de",
                false,
            ),
            (
                "www.example.com",
                "localhost,.example.com,.example.de",
                true,
            ),
            (
                "www.example.com.",
                "localhost,.example.com,.example.de",
                true,
            ),
            ("example.com", "localhost,.example.com,.example.de", true),
            ("example.com.", "localhost,.example.com,.example.de", true),
            (
                "www.example.com",
                "localhost,.example.com.,.example.de",
                true,
            ),
            (
                "www.example.com",
                "localhost,www.example.com.,.example.de",
                true,
            ),
            ("example.com", "localhost,example.com,.example.de", true),
            ("example.com.", "localhost,example.com,.example.de", true),
            ("nexample.com", "localhost,example.com,.example.de", false),
            ("www.example.com", "localhost,example.com,.example.de", true),
            ("www.example.com", "foo, .example.com", true),
            ("www.example.com", "www2.example.com, .example.net", false),
            ("example.com", ".example.com, .example.net", true),
            ("nonexample.com", ".example.com, .example.net", false),
            ("127.0.0.1", "127.0.0.1,localhost", true),
            ("127.0.0.1", "127.0.0.1,localhost,", true),
            ("127.0.0.1", "127.0.0.1/8,localhost,", true),
            ("127.0.0.1", "127.0.0.1/28,localhost,", true),
            ("127.0.0.1", "127.0.0.1/31,localhost,", true),
            ("127.0.0.1", "localhost,127.0.0.1", true),
            ("127.0.0.1", "localhost,127.0.0.1.127.0.0.1", false),
            ("localhost", "localhost,127.0.0.1", true),
            ("localhost", "127.0.0.1,localhost", true),
            ("foobar", "barfoo", false),
            ("foobar", "foobar", true),
            ("127.168.0.1", "foobar", false),
            ("127.168.0.1", "127.168.0.0/16", true),
            ("127.168.0.1", "127.168.0.0/24", true),
            ("127.168.0.1", "127.168.0.0/32", false),
            ("127.168.0.1", "127.168.0.1/32", true),
            ("127.168.1.1", "127.168.0.0/24", false),
            ("127.168.1.1", "127.168.0.0/33", false),
            ("127.168.1.1", "foo, bar, 127.168.0.0/24", false),
            ("127.168.1.1", "foo, bar, 127.168.0.0/16", true),
            ("[::1]", "foo, bar, 127.168.0.0/16", false),
            ("[::1]", "foo, bar, ::1/64", true),
            ("[::1]", "::1/64", true),
            ("[::1]", "::1", true),
            ("bar", "foo, bar, ::1/64", true),
            ("BAr", "foo, bar, ::1/64", true),
            ("BAr", "foo,,,,,              bar, ::1/64", true),
            ("bar", "*", true),
            ("127.168.1.1", "*", true),
            ("bar", "foo,*", false),
            ("bar", "", false),
        ] {
            // Nothing listens on port 9 (discard), so neither the proxy nor a host answers.
            let proxy: ForwardProxy = "http://127.0.0.1:9".parse().unwrap();
            let proxy = proxy.except(no_proxy).for_client().unwrap();
            let client = reqwest::Client::builder()
                .proxy(proxy)
                .dns_resolver(Arc::new(NoNames));
            let tls = rustls::ClientConfig::builder_with_provider(
                rustls::crypto::aws_lc_rs::default_provider().into(),
            )
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
            let client = client.tls_backend_preconfigured(tls).build().unwrap();
            let sent = client.get(format!("https://{host}:9/")).send().await;
            let fault = ConnectionError::of(&sent.unwrap_err());
            let found = fault != ConnectionError::Proxy;
            assert_eq!(found, direct, "{host} with {no_proxy:?}: {fault:?}");
        }
    }
}
