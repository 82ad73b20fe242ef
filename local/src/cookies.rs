//! The cookies of one sign-in at one issuer, with the parts of RFC 6265 that a sign-in needs (names, paths, removal).

use http::HeaderMap;
use http::header::SET_COOKIE;

#[derive(Debug, Default)]
pub(crate) struct Cookies(Vec<Cookie>);

#[derive(Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    path: String,
    value: String,
}

impl Cookies {
    /// Stores the cookies that a response sets, and deletes those that it removes.
    pub(crate) fn take(&mut self, headers: &HeaderMap) {
        for set in headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let mut parts = set.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let mut path = "/".to_owned();
            let mut removed = value.is_empty();
            for attribute in parts {
                let (attribute, argument) = attribute.split_once('=').unwrap_or((attribute, ""));
                match attribute.to_ascii_lowercase().as_str() {
                    "path" => argument.clone_into(&mut path),
                    "max-age" => removed |= argument.starts_with('-') || argument == "0",
                    "expires" => removed |= argument.contains(" 1970 "),
                    _ => {}
                }
            }
            self.0
                .retain(|cookie| cookie.name != name || cookie.path != path);
            if !removed {
                self.0.push(Cookie {
                    name: name.to_owned(),
                    path,
                    value: value.to_owned(),
                });
            }
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|cookie| cookie.value.as_str())
    }

    /// The header `Cookie` for a path; cookies with longer paths come first.
    pub(crate) fn header(&self, path: &str) -> String {
        let mut cookies: Vec<_> = self
            .0
            .iter()
            .filter(|cookie| covers(&cookie.path, path))
            .collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> = cookies
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        pairs.join("; ")
    }
}

/// RFC 6265, section 5.1.4.
fn covers(cookie_path: &str, path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn cookies_by_path() {
        fn check(set: &[&'static str], path: &str, expected: &str) {
            let mut cookies = Cookies::default();
            for one in set {
                let mut headers = HeaderMap::new();
                headers.append(SET_COOKIE, HeaderValue::from_static(one));
                cookies.take(&headers);
            }
            assert_eq!(cookies.header(path), expected, "{set:?} {path}");
        }
        check(
            &["a=1; Path=/; HttpOnly", "b=2; path=/x"],
            "/x/y",
            "b=2; a=1",
        );
        check(&["a=1; path=/x"], "/xy", "");
        check(&["a=1; path=/x/"], "/x/y", "a=1");
        check(&["a=1", "a=2"], "/", "a=2");
        check(&["a=1; path=/x", "a=2; path=/y"], "/y", "a=2");
        check(
            &["a=1", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT"],
            "/",
            "",
        );
        check(&["a=1", "a=x; Max-Age=0"], "/", "");
    }
}
