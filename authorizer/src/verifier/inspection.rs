//! Checks a token for tools that show all faults at once.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::unverified_token::UnverifiedToken;
use super::{TrustedIssuer, Verifier, signer};
use crate::bearer::{BearerToken, Scheme};
use crate::claims::UnverifiedClaims;
use crate::compact_jws::CompactJws;
use crate::deadline::Deadline;
use crate::error::AuthorizerError;
use crate::header;
use crate::issuer::jwks::KeyLookup;
use crate::log::trace::Trace;
use crate::refusal::{JwsError, Refusal};

/// The result of one check; `None` if it depends on a check that failed.
type Checked = Option<Result<(), Refusal>>;

/// The results of all checks of a token, independent of one another. It is not a permit: only [`Verifier::verify`]
/// returns [`VerifiedClaims`](super::VerifiedClaims).
#[derive(Debug)]
pub struct Inspection {
    header: Map<String, Value>,
    claims: UnverifiedClaims,
    /// The header is valid, the signature can be decoded, and the token has a subject and a principal.
    pub form: Result<(), Refusal>,
    /// The token is of the expected kind, and bound to a key if its scheme demands it.
    pub kind: Result<(), Refusal>,
    /// The issuer is trusted.
    pub issuer: Result<(), Refusal>,
    /// The issuer has a key with this id for the token's algorithm.
    pub key: Checked,
    /// The signature was made with this key.
    pub signature: Checked,
    /// The token is valid now.
    pub times: Result<(), Refusal>,
    /// The token is for one of our audiences.
    pub audience: Checked,
    /// The client is allowed.
    pub client: Checked,
}

impl Inspection {
    /// An unverified member of the header.
    pub fn header_member(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// An unverified claim.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    pub const fn claims(&self) -> &UnverifiedClaims {
        &self.claims
    }
}

impl Verifier {
    /// Runs every check of a token that is sent with a scheme. Audience and client are checked with the settings of the
    /// trusted issuer that the token names. If it names none and there is only one trusted issuer, that one is used.
    /// Fails if the token cannot be parsed, so that nothing can be checked.
    pub async fn inspect(
        &self,
        token: &BearerToken,
        scheme: Scheme,
        deadline: Deadline,
    ) -> Result<Inspection, Refusal> {
        let jws = CompactJws::split(token.reveal())?;
        let header = jws.header()?;
        // Reports the same fault as the verifier.
        let first_fault = |fault: JwsError| match UnverifiedToken::parse(token) {
            Err(refusal) => refusal,
            Ok(_) => fault.into(),
        };
        let claims = UnverifiedClaims::new(jws.payload().map_err(first_fault)?);
        let found = self.issuer_of(&claims);
        let judge = match (&found, &*self.issuers) {
            (Ok(issuer), _) => Some(*issuer),
            (Err(_), [only]) => Some(only),
            (Err(_), _) => None,
        };
        let key = inspect_key(found.as_ref().ok().copied(), judge, &header, deadline).await;
        let signature = match &key {
            Some(Ok(found)) => {
                let signed = header::algorithm(&header).and_then(|algorithm| {
                    signer(found, algorithm, jws.signing_input, jws.signature).map(drop)
                });
                Some(signed)
            }
            Some(Err(_)) | None => None,
        };
        Ok(Inspection {
            form: self.inspect_form(&jws, &header, &claims, judge),
            kind: self.inspect_kind(&header, &claims, scheme),
            issuer: found.map(drop),
            key: key.map(|found| found.map(drop)),
            signature,
            times: claims.times().and_then(|times| self.check_times(&times)),
            audience: judge.map(|issuer| claims.check_audience(&issuer.audiences)),
            client: judge.map(|issuer| issuer.check_client(&claims)),
            header,
            claims,
        })
    }

    fn inspect_form(
        &self,
        jws: &CompactJws<'_>,
        header: &Map<String, Value>,
        claims: &UnverifiedClaims,
        issuer: Option<&Arc<TrustedIssuer>>,
    ) -> Result<(), Refusal> {
        header::check_extensions(header)?;
        jws.check_signature_form()?;
        claims.subject()?;
        issuer.map_or(Ok(()), |issuer| self.principal(claims, issuer).map(drop))
    }

    fn inspect_kind(
        &self,
        header: &Map<String, Value>,
        claims: &UnverifiedClaims,
        scheme: Scheme,
    ) -> Result<(), Refusal> {
        let says_access_token = header::says_access_token(header)?;
        self.requirements.check_kind(says_access_token, claims)?;
        self.requirements.check_scheme(scheme, claims.binding())
    }
}

/// The keys with which a token may have been signed. `None` if the issuer is not trusted, or its keys are unavailable.
async fn inspect_key(
    issuer: Option<&Arc<TrustedIssuer>>,
    judge: Option<&Arc<TrustedIssuer>>,
    header: &Map<String, Value>,
    deadline: Deadline,
) -> Option<Result<KeyLookup, Refusal>> {
    let named = header::algorithm(header).and_then(|algorithm| {
        judge.map_or(Ok(()), |judge| judge.check_algorithm(algorithm))?;
        Ok((algorithm, header::key_id(header)?))
    });
    let (algorithm, key_id) = match named {
        Ok(named) => named,
        Err(refusal) => return Some(Err(refusal)),
    };
    let mut trace = Trace::default();
    match issuer?
        .find_keys(&key_id, algorithm, deadline, &mut trace)
        .await
    {
        Ok(found) => Some(Ok(found)),
        Err(AuthorizerError::Refused(refusal)) => Some(Err(refusal)),
        Err(AuthorizerError::Failed(_)) => None,
    }
}
