//! A sign-in at a real issuer. Only a browser can show its pages.

use http::{HeaderMap, StatusCode};
use reqwest::Url;

use super::Token;
use crate::binding_key::BindingKey;
use crate::commands::CommandError;
use crate::commands::callback::{Callback, CallbackPage, Listener};
use crate::progress::line;
use crate::token::{AUTHORIZE, AuthorizationRequest, Hop, Hops, SignIn};

/// Shows a URL, waits until the browser returns to the redirect URI, and exchanges the code that it brings.
pub(super) async fn access_token(
    token: &Token,
    sign_in: &SignIn<'_>,
    client: &reqwest::Client,
    bind_to: Option<&BindingKey>,
    hops: &mut Hops,
) -> Result<String, CommandError> {
    let mut listener = Listener::bind(&sign_in.redirect_uri).await?;
    let endpoints = sign_in.endpoints(client, hops).await?;
    let mut request =
        sign_in.authorization_request(&endpoints.authorization_endpoint, &token.scope)?;
    request
        .url
        .query_pairs_mut()
        .append_pair("login_hint", &token.user);
    request.print_challenge(hops);
    let mut hop = Hop::request(AUTHORIZE, "GET", &request.url, " -i");
    hop.line("< the issuer's own pages, in the browser");
    hops.print(&hop);
    line(format_args!(
        "open this URL in a browser and sign in:\n\n{}\n",
        request.url
    ));
    let callback = listener.wait(&request).await?;
    let code = returned(sign_in, &request, callback, hops);
    listener.close().await;
    let token = sign_in
        .redeem(
            client,
            &endpoints.token_endpoint,
            &request,
            &code?,
            bind_to,
            hops,
        )
        .await?;
    Ok(token)
}

/// The code that the browser brings. It gets its page, and the hop is printed.
fn returned(
    sign_in: &SignIn<'_>,
    request: &AuthorizationRequest,
    callback: Callback,
    hops: &mut Hops,
) -> Result<String, CommandError> {
    let url: Url = callback.url.clone();
    let code = sign_in.code(&url, &request.state);
    let (status, page) = match &code {
        Ok(_) => (StatusCode::OK, CallbackPage::code_arrived()),
        Err(error) => (
            StatusCode::BAD_REQUEST,
            CallbackPage::stopped(&error.to_string(), "Return to the terminal and try again."),
        ),
    };
    callback.answer(page);
    let mut hop = Hop::request(
        "The browser returns with the code (RFC 6749, section 4.1.2)",
        "GET",
        &url,
        " -i",
    );
    hop.answered(status, &HeaderMap::new(), &url);
    hops.print(&hop);
    Ok(code?)
}
