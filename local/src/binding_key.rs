//! A key that tokens are bound to (DPoP, RFC 9449), and the proofs of its holder.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::random;

/// A key pair for ES256, which every server accepts.
#[derive(Debug)]
pub(crate) struct BindingKey {
    pair: EcdsaKeyPair,
    x: String,
    y: String,
}

/// The contents of one proof (RFC 9449, section 4.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProofOf<'a> {
    pub(crate) method: &'a str,
    /// The URL, without query and fragment.
    pub(crate) url: &'a str,
    /// Seconds since 1970.
    pub(crate) issued_at: u64,
    /// The server's nonce, if it sent one.
    pub(crate) nonce: Option<&'a str>,
    /// The bound token, if there is one yet.
    pub(crate) token: Option<&'a str>,
}

impl BindingKey {
    /// A new key.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        // Uncompressed form (SEC 1, section 2.3.3): a byte 4 and two numbers of 32 bytes.
        let point = pair.public_key().as_ref();
        let (x, y) = (
            point.get(1..33).ok_or(Unspecified)?,
            point.get(33..65).ok_or(Unspecified)?,
        );
        let (x, y) = (encode(x), encode(y));
        Ok(Self { pair, x, y })
    }

    /// The thumbprint that `cnf.jkt` of a token bound to this key has (RFC 7638).
    pub(crate) fn thumbprint(&self) -> String {
        let Self { x, y, .. } = self;
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        encode(digest(&SHA256, members.as_bytes()))
    }

    /// The value of a header `DPoP`.
    pub(crate) fn proof(&self, of: &ProofOf<'_>) -> Result<String, Unspecified> {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.public_jwk()});
        let mut claims = json!({
            "jti": random::secret()?,
            "htm": of.method,
            "htu": of.url,
            "iat": of.issued_at,
        });
        if let Some(members) = claims.as_object_mut() {
            let ath = of
                .token
                .map(|token| encode(digest(&SHA256, token.as_bytes())));
            let nonce = of.nonce.map(str::to_owned);
            let extra = [("nonce", nonce), ("ath", ath)];
            let extra = extra
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
            members.extend(extra);
        }
        let input = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes())?;
        Ok(format!("{input}.{}", encode(signature)))
    }

    /// Writes the private key, as a JWK that only its owner may read, into a folder, and returns the file's path. Fails
    /// if the folder cannot be written to.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("dpop-key-{}.json", self.thumbprint()));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let private = self.pair.private_key().as_be_bytes();
        let private = private
            .map_err(|Unspecified| io::Error::other("the private key cannot be exported"))?;
        let mut jwk = self.public_jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("d".to_owned(), encode(private.as_ref()).into());
        }
        let mut file = options.open(&path)?;
        file.write_all(&serde_json::to_vec_pretty(&jwk)?)?;
        file.write_all(b"\n")?;
        Ok(path)
    }

    fn public_jwk(&self) -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": self.x, "y": self.y})
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    fn json_of(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_proof_names_its_request_and_is_signed_by_its_key() {
        let key = BindingKey::generate().unwrap();
        let of = ProofOf {
            method: "GET",
            url: "https://resource.example.org/protectedresource",
            issued_at: 1_562_262_618,
            nonce: Some("n"),
            token: Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
        };
        let proof = key.proof(&of).unwrap();
        let parts: Vec<&str> = proof.split('.').collect();
        let mut claims = json_of(parts[1]);
        let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(jti.as_str().unwrap().len(), 43);
        // The `ath` of RFC 9449, section 7.1.
        let expected = json!({"htm": "GET", "htu": of.url, "iat": of.issued_at, "nonce": "n",
            "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"});
        assert_eq!(claims, expected);
        let header = json_of(parts[0]);
        assert_eq!(
            header,
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk()})
        );
        let input = format!("{}.{}", parts[0], parts[1]);
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.pair.public_key().as_ref())
            .verify(input.as_bytes(), &signature)
            .unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_key_file() {
        use std::os::unix::fs::PermissionsExt as _;

        let key = BindingKey::generate().unwrap();
        let folder = std::env::temp_dir().join(key.thumbprint());
        let path = key.write(&folder).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        let written: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(written["x"], key.x);
        assert_eq!(written["d"].as_str().unwrap().len(), 43);
    }

    #[test]
    fn a_first_proof_has_neither_a_nonce_nor_a_token() {
        let key = BindingKey::generate().unwrap();
        let of = ProofOf {
            method: "POST",
            url: "http://i/t",
            issued_at: 1,
            nonce: None,
            token: None,
        };
        let proof = key.proof(&of).unwrap();
        let claims = json_of(proof.split('.').nth(1).unwrap());
        let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
        assert_eq!(names, ["htm", "htu", "iat", "jti"]);
    }
}
