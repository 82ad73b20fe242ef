//! The example tokens of the RFCs, sent to the whole authorizer.

use serde_json::{Value, json};

use super::support::{KEYS_URI, World};
use super::{refused_cheaply, wait};

const PAYLOAD_JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 7515, appendix A.2.
const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RSA_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

/// RFC 7515, appendix A.3.
const ES256_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/// RFC 8037, appendix A.4.
const EDDSA_INPUT: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
const EDDSA_SIGNATURE: &str =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn keys() -> Value {
    json!([
        {"kty": "RSA", "kid": "rfc7515-a2", "n": RSA_MODULUS, "e": "AQAB"},
        {"kty": "EC", "kid": "rfc7515-a3", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty": "OKP", "kid": "rfc8037-a4", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ])
}

#[test]
fn each_example_token_of_the_rfcs_is_refused_for_its_reason() {
    // None of them is an access token for this API. Each must be refused without a fetch.
    let world = World::new(&[
        ("ALGORITHMS", "RS256,ES256,EdDSA"),
        ("ISSUER", "https://joe.example"),
    ]);
    world.issuer.publish(KEYS_URI, keys().as_array().unwrap());
    for (token, reason) in [
        // RFC 7515, appendix A.1: HS256.
        (format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD_JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "algorithm_not_allowed"),
        // RFC 7515, appendices A.2 and A.3: with a valid signature, without a key id.
        (format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD_JOE}.{RS256_SIGNATURE}"), "key_id_missing"),
        (format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD_JOE}.{ES256_SIGNATURE}"), "key_id_missing"),
        // RFC 7515, appendix A.5, and RFC 7519, section 6.1: unsecured.
        (format!("eyJhbGciOiJub25lIn0.{PAYLOAD_JOE}."), "not_three_parts"),
        // RFC 7515, appendix E: an unknown critical extension.
        (
            "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA."
                .to_owned(),
            "not_three_parts",
        ),
        // RFC 8037, appendix A.4: a payload that is a string.
        (format!("{EDDSA_INPUT}.{EDDSA_SIGNATURE}"), "key_id_missing"),
        // RFC 7516, appendix A.1: encrypted.
        ("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a2V5.aXY.Y2lwaGVydGV4dA.dGFn".to_owned(), "not_three_parts"),
    ] {
        refused_cheaply(&world, &token, reason);
    }
}

#[test]
fn the_header_of_rfc_9068_is_read() {
    // RFC 9068, section 2.2: {"typ":"at+JWT","alg":"RS256","kid":"RjEwOwOA"}; the key is not ours.
    let world = World::new(&[
        ("ISSUER", "https://authorization-server.example.com/"),
        ("AUDIENCE", "https://rs.example.com/"),
    ]);
    let header = json!({"typ": "at+JWT", "alg": "RS256", "kid": "RjEwOwOA"});
    let claims = json!({
        "iss": "https://authorization-server.example.com/", "sub": "5ba552d67", "aud": "https://rs.example.com/",
        "exp": super::support::NOW + 60, "iat": super::support::NOW, "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
        "client_id": "s6BhdRkqt3", "scope": "openid profile reademail",
    });
    let signer = super::support::Signer::rsa();
    world.issuer.publish(KEYS_URI, &[signer.jwk("RjEwOwOA")]);
    let answer = wait(world.ask_with(&super::support::mint(&header, &claims, signer)));
    assert_eq!(answer["principalId"], "5ba552d67");
    assert_eq!(answer["context"]["clientId"], "s6BhdRkqt3");
    assert_eq!(answer["context"]["scope"], "openid profile reademail");
}
