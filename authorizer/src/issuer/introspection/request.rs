//! Builds the request to the introspection endpoint.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};

use super::settings::{AskedIssuer, IntrospectionSettings};
use crate::issuer::http_client::Form;

/// The request of RFC 7662, section 2.1. Only the body contains the token.
pub(super) fn form(settings: &IntrospectionSettings, issuer: &AskedIssuer, token: &str) -> Form {
    let mut body = Serializer::new(String::new());
    body.append_pair("token", token);
    body.append_pair("token_type_hint", issuer.token_type_hint);
    let id = &settings.client_id;
    let authorization = match &settings.client_secret {
        // Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1).
        Some(secret) => {
            let credentials = format!("{}:{}", encoded(id), encoded(secret.expose()));
            Some(format!("Basic {}", STANDARD.encode(credentials)))
        }
        // A public client names itself in the body (RFC 6749, section 3.2.1) and sends no `Authorization` header, which
        // Okta would treat as client authentication.
        None => {
            body.append_pair("client_id", id);
            None
        }
    };
    Form {
        body: body.finish(),
        authorization,
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Secret;
    use super::*;

    #[track_caller]
    fn check(id: &str, secret: Option<&str>, body: &str, authorization: Option<&str>) {
        let settings = IntrospectionSettings {
            uri: None,
            client_id: id.to_owned(),
            client_secret: secret.map(|secret| Secret::new(secret.to_owned())),
            ttl: Duration::ZERO,
        };
        let issuer = AskedIssuer {
            issuer: "https://issuer.example".to_owned(),
            token_type_hint: "access_token",
            timeout: Duration::ZERO,
            cooldown: Duration::ZERO,
            leeway: Duration::ZERO,
        };
        let form = form(&settings, &issuer, "a.b-c_d.e");
        assert_eq!(form.body, body);
        assert_eq!(form.authorization.as_deref(), authorization);
        let printed = format!("{settings:?} {form:?}");
        assert!(
            !printed.contains("a.b-c") && secret.is_none_or(|secret| !printed.contains(secret))
        );
    }

    #[test]
    fn a_public_client_sends_only_its_id() {
        let body = "token=a.b-c_d.e&token_type_hint=access_token&client_id=0oa+b%26c";
        check("0oa b&c", None, body, None);
    }

    #[test]
    fn a_client_secret_is_encoded_and_sent_by_http_basic() {
        let basic = "Basic MG9hJTNBMTpzJTJCJTI1JTNBKyVDMyVBNA==";
        let body = "token=a.b-c_d.e&token_type_hint=access_token";
        check("0oa:1", Some("s+%: ä"), body, Some(basic));
        assert_eq!(
            STANDARD.encode("0oa%3A1:s%2B%25%3A+%C3%A4"),
            basic.replace("Basic ", "")
        );
    }
}
