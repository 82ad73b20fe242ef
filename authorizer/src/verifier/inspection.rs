//! Independent checks of a token, for tools that show all faults at once.

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

/// The results of all checks of a token, independent of one another. It is no permit: only [`Verifier::verify`] gives
/// [`VerifiedClaims`](super::VerifiedClaims).
#[derive(Debug)]
pub struct Inspection {
    header: Map<String, Value>,
    claims: UnverifiedClaims,
    /// A valid header, a decodable signature, a subject and a principal.
    pub form: Result<(), Refusal>,
    /// The expected kind of token, bound to a key as its scheme says.
    pub kind: Result<(), Refusal>,
    /// A trusted issuer.
    pub issuer: Result<(), Refusal>,
    /// A key of this issuer for the token's algorithm.
    pub key: Checked,
    /// A signature by this key.
    pub signature: Checked,
    /// The token is valid now.
    pub times: Result<(), Refusal>,
    /// An audience of ours.
    pub audience: Checked,
    /// A client that is allowed.
    pub client: Checked,
}

impl Inspection {
    /// A member of the header, unverified.
    pub fn header_member(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// A claim, unverified.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// The claims, unverified.
    pub const fn claims(&self) -> &UnverifiedClaims {
        &self.claims
    }
}

impl Verifier {
    /// Runs every check of a token that is sent with a scheme. Audience and client are checked for the trusted issuer that
    /// the token names, or for the only one.
    ///
    /// # Errors
    ///
    /// If it cannot be parsed, so that nothing else can be checked.
    pub async fn inspect(
        &self,
        token: &BearerToken,
        scheme: Scheme,
        deadline: Deadline,
    ) -> Result<Inspection, Refusal> {
        let jws = CompactJws::split(token.reveal())?;
        let header = jws.header()?;
        // The fault that the verifier would report.
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

/// The keys that a token may have been signed with. `None`: the issuer is not trusted, so it has no keys here, or its
/// keys are unavailable.
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
