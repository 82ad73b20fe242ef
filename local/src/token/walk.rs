//! Goes through the issuer's pages without a browser.

use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use reqwest::Url;

use super::error::TokenError;
use super::hop::{Hop, Hops};
use super::{AUTHORIZE, FORM, SignIn, WITH_COOKIES, flow, form, page};
use crate::cookies::Cookies;

/// The maximum number of redirects and forms in one sign-in.
const MAX_STEPS: usize = 12;

impl SignIn<'_> {
    /// Follows redirects and posts forms until the issuer redirects to the client.
    pub(super) async fn walk(
        &self,
        client: &reqwest::Client,
        authorize: Url,
        user: &str,
        hops: &mut Hops,
    ) -> Result<Url, TokenError> {
        let mut cookies = Cookies::default();
        let mut url = authorize;
        let mut body: Option<String> = None;
        for step in 0..MAX_STEPS {
            let cookie = cookies.header(url.path());
            let (mut hop, request) = if let Some(body) = body.take() {
                let mut hop = Hop::request("Sign in on that page", "POST", &url, WITH_COOKIES);
                hop.cookies(&cookie);
                hop.form(&body);
                let request = client.post(url.clone()).header(CONTENT_TYPE, FORM);
                (hop, request.body(body))
            } else {
                let title = if step == 0 {
                    AUTHORIZE
                } else {
                    "Follow the redirect"
                };
                let mut hop = Hop::request(title, "GET", &url, WITH_COOKIES);
                hop.cookies(&cookie);
                (hop, client.get(url.clone()))
            };
            let answer = request.header(COOKIE, cookie).send().await;
            let answer = answer.map_err(flow)?;
            cookies.take(answer.headers());
            hops.hide_cookies(&cookies);
            let status = answer.status();
            hop.answered(status, answer.headers(), &url);
            if status.is_redirection() {
                hops.print(&hop);
                let location = answer
                    .headers()
                    .get(LOCATION)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                url = url
                    .join(location)
                    .map_err(|error| TokenError::Flow(format!("`{location}`: {error}")))?;
                if url.as_str().starts_with(&self.redirect_uri) {
                    return Ok(url);
                }
                continue;
            }
            let page = answer.text().await.map_err(flow)?;
            let users = page::users(&page);
            let action = page::form_action(&page).unwrap_or_default();
            if status == StatusCode::OK {
                hop.line(format!("< a form: POST {action} user={}", users.join("|")));
            }
            hops.print(&hop);
            if status != StatusCode::OK {
                return Err(TokenError::Refused(format!("{status}: {}", page.trim())));
            }
            if !users.iter().any(|known| known == user) {
                let (user, known) = (user.to_owned(), users.join(", "));
                return Err(TokenError::UnknownUser { user, known });
            }
            url = url
                .join(&action)
                .map_err(|error| TokenError::Flow(format!("`{action}`: {error}")))?;
            body = Some(form(&[("user", user)]));
        }
        Err(TokenError::Flow(format!(
            "the issuer took more than {MAX_STEPS} steps"
        )))
    }
}
