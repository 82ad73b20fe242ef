//! Why a token is refused (401).

mod jws;
mod key;
mod proof;

use thiserror::Error;

pub use self::jws::{JwsError, TokenPart};
pub use self::key::KeyRefusal;
pub use self::proof::{MAX_PROOF_BYTES, MAX_PROOF_ID_BYTES, ProofRefusal};

/// The maximum length of a token, in bytes: API Gateway's limit for all headers together.
pub const MAX_TOKEN_BYTES: usize = 10_240;

/// Why a token is refused. The answer is always `Unauthorized`.
///
/// The variants contain what an operator needs to understand a refusal: numbers and constants of this program. Without
/// a `String` none can contain the token or the value of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No credential, and no rule that allows anonymous callers.
    #[error("no bearer token")]
    NoToken,
    /// A credential that is not `Bearer` and one token.
    #[error("the credential is not `Bearer` and one token")]
    MalformedBearer,
    /// More than one credential (RFC 6750, section 2: not more than one method, here not more than one value).
    #[error("more than one credential")]
    SeveralTokens,
    /// Over the limit.
    #[error(
        "the token has {bytes} bytes; at most {} are accepted",
        MAX_TOKEN_BYTES
    )]
    TokenTooLong { bytes: usize },
    /// Not a JWS in compact form whose header and payload are JSON objects without repeated members.
    #[error("{0}")]
    Malformed(#[from] JwsError),
    /// `alg` is missing, unknown, `none`, symmetric, or not among those allowed for the issuer (RFC 8725, section 3.1).
    #[error("the algorithm is not one of those allowed")]
    AlgorithmNotAllowed,
    /// `crit`: extensions that must be understood, of which this verifier knows none (RFC 7515, section 4.1.11).
    #[error("the header names critical extensions")]
    CriticalExtension,
    /// `b64`: an unencoded payload (RFC 7797).
    #[error("the header requires an unencoded payload")]
    UnencodedPayload,
    /// `typ` other than absent, `JWT`, `at+jwt`, `application/at+jwt` (RFC 8725, section 3.11).
    #[error("the type in the header is that of another kind of token")]
    TypeNotAllowed,
    /// No `kid`, or one that is not a string.
    #[error("the header has no `kid`")]
    KeyIdMissing,
    /// A `kid` over the limit.
    #[error(
        "the key id has {bytes} bytes; at most {} are looked up",
        crate::key_id::MAX_KEY_ID_BYTES
    )]
    KeyIdTooLong { bytes: usize },
    /// No `iss`, or one that is not byte for byte a trusted issuer.
    #[error("the issuer is not trusted")]
    IssuerNotTrusted,
    /// The issuer is the org authorization server of the Okta domain whose custom server is trusted.
    #[error(
        "a token of the Okta org authorization server, which is not for APIs: request it from the trusted issuer"
    )]
    OrgServerToken,
    /// The issuer does not publish this key, or the cooldown does not permit a fetch yet.
    #[error("the issuer publishes no such key")]
    KeyUnknown,
    /// The issuer publishes this key, but it cannot be used.
    #[error("the key cannot be used: {reason}")]
    KeyUnusable { reason: KeyRefusal },
    /// The signature is not that of the key.
    #[error("wrong signature")]
    WrongSignature,
    /// No `exp`.
    #[error("no expiry time")]
    ExpiryMissing,
    /// `exp`, `nbf` or `iat` is present and not a finite number (RFC 7519, section 2, `NumericDate`).
    #[error("the claim `{claim}` is not a number of seconds")]
    TimeMalformed { claim: &'static str },
    /// `exp` has passed.
    #[error("expired {seconds_ago} s ago")]
    Expired {
        /// Seconds since then.
        seconds_ago: u64,
    },
    /// `nbf` is in the future.
    #[error("not valid for {seconds_ahead} s yet")]
    NotYetValid {
        /// How far ahead.
        seconds_ahead: u64,
    },
    /// `iat` is in the future.
    #[error("issued {seconds_ahead} s in the future")]
    IssuedInFuture {
        /// How far ahead.
        seconds_ahead: u64,
    },
    /// No `aud`, or an empty one.
    #[error("no audience")]
    AudienceMissing,
    /// `aud` is neither a string nor an array of strings.
    #[error("the audience is neither a string nor an array of strings")]
    AudienceMalformed,
    /// `aud` names other audiences only.
    #[error("the token is for another audience")]
    AudienceNotOurs,
    /// No `sub`, or one that is not a non-empty string.
    #[error("no subject")]
    SubjectMissing,
    /// None of `PRINCIPAL_CLAIMS` is present.
    #[error("none of the claims that name the principal is present")]
    PrincipalMissing,
    /// The first of `PRINCIPAL_CLAIMS` that is present is not a non-empty string.
    #[error("the claim that names the principal is not a non-empty string")]
    PrincipalMalformed,
    /// The principal would make the answer too large.
    #[error(
        "the principal has {bytes} bytes as JSON; at most {} are accepted",
        crate::answer_size::MAX_PRINCIPAL_BYTES
    )]
    PrincipalTooLong { bytes: usize },
    /// Clients are restricted, and the token's client is missing or not allowed.
    #[error("the client is not one of those allowed")]
    ClientNotAllowed,
    /// An ID token where access tokens are expected (OpenID Connect Core 1.0, section 2).
    #[error("an ID token where an access token is expected")]
    IdToken,
    /// An access token where ID tokens are expected.
    #[error("an access token where an ID token is expected")]
    AccessToken,
    /// Bound to a key (`cnf`: RFC 9449, RFC 8705), so not valid as a plain bearer token.
    #[error("a sender-constrained token sent as a plain bearer token")]
    BoundToken,
    /// Presented with the scheme `DPoP` and not bound to a key, or to something else (RFC 9449, section 7.1).
    #[error(
        "the scheme is DPoP, and `cnf` does not bind the token to a key by `jkt` and nothing else"
    )]
    NotBoundToKey,
    /// Presented with the scheme `DPoP` while `DPOP` is `off`.
    #[error("key-bound tokens are not accepted: DPOP is off")]
    DpopOff,
    /// A plain bearer token while `DPOP` is `require`.
    #[error("only key-bound tokens are accepted: DPOP is require")]
    DpopRequired,
    /// Presented with the scheme `DPoP` in an event that has no proof: of a TOKEN authorizer or a WebSocket API.
    #[error("a key-bound token in an event that has no proof: use a REQUEST authorizer")]
    NoProofPossible,
    /// The proof that goes with a key-bound token is missing or wrong (RFC 9449).
    #[error("the DPoP proof: {0}")]
    Proof(#[from] ProofRefusal),
    /// The issuer reports that it is not active (RFC 7662).
    #[error("revoked at the issuer")]
    Revoked,
    /// `iss`, `sub` or `client_id` in the issuer's answer about the token differs from the token's (RFC 7662).
    #[error("the `{member}` in the issuer's introspection answer differs from the token's")]
    IntrospectionMismatch { member: OtherMember },
}

impl Refusal {
    /// The stable name of the reason, in logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::MalformedBearer => "malformed_bearer",
            Self::SeveralTokens => "several_tokens",
            Self::TokenTooLong { .. } => "token_too_long",
            Self::Malformed(fault) => fault.codes().0,
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::CriticalExtension => "critical_extension",
            Self::UnencodedPayload => "unencoded_payload",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::KeyIdMissing => "key_id_missing",
            Self::KeyIdTooLong { .. } => "key_id_too_long",
            Self::IssuerNotTrusted => "issuer_not_trusted",
            Self::OrgServerToken => "org_server_token",
            Self::KeyUnknown => "key_unknown",
            Self::KeyUnusable { reason } => key_codes(*reason).0,
            Self::WrongSignature => "wrong_signature",
            Self::ExpiryMissing => "expiry_missing",
            Self::TimeMalformed { .. } => "time_malformed",
            Self::Expired { .. } => "token_expired",
            Self::NotYetValid { .. } => "token_not_yet_valid",
            Self::IssuedInFuture { .. } => "issued_in_future",
            Self::AudienceMissing => "audience_missing",
            Self::AudienceMalformed => "audience_malformed",
            Self::AudienceNotOurs => "audience_not_ours",
            Self::SubjectMissing => "subject_missing",
            Self::PrincipalMissing => "principal_missing",
            Self::PrincipalMalformed => "principal_malformed",
            Self::PrincipalTooLong { .. } => "principal_too_long",
            Self::ClientNotAllowed => "client_not_allowed",
            Self::IdToken => "id_token",
            Self::AccessToken => "access_token",
            Self::BoundToken => "bound_token",
            Self::NotBoundToKey => "token_not_bound",
            Self::DpopOff => "dpop_off",
            Self::DpopRequired => "dpop_required",
            Self::NoProofPossible => "dpop_no_proof_possible",
            Self::Proof(reason) => reason.code(),
            Self::Revoked => "token_revoked",
            Self::IntrospectionMismatch { .. } => "introspection_mismatch",
        }
    }
}

/// The codes of a key that is not used: first for the issuer's key of a token, then for the sender's key of a proof. They
/// differ from those of similar faults of the token. A key in a proof has no id and no use, and every algorithm is allowed
/// for it.
const fn key_codes(reason: KeyRefusal) -> (&'static str, &'static str) {
    match reason {
        KeyRefusal::Symmetric => ("key_symmetric", "dpop_key_symmetric"),
        KeyRefusal::PrivateKey => ("key_private", "dpop_key_private"),
        KeyRefusal::RsaTooSmall => ("key_rsa_too_small", "dpop_key_rsa_too_small"),
        KeyRefusal::DoesNotFitAlgorithm
        | KeyRefusal::AlgorithmConflict
        | KeyRefusal::AlgorithmNotAllowed => {
            ("algorithm_not_for_key", "dpop_algorithm_not_for_key")
        }
        KeyRefusal::UnsupportedKeyType | KeyRefusal::UnsupportedCurve => {
            ("key_unsupported", "dpop_key_unsupported")
        }
        KeyRefusal::NotForSignatures => ("key_not_for_signatures", "dpop_key_malformed"),
        KeyRefusal::NotAnObject
        | KeyRefusal::DuplicateMember
        | KeyRefusal::MalformedMember(_)
        | KeyRefusal::MissingMember(_)
        | KeyRefusal::NoKeyId
        | KeyRefusal::KeyIdTooLong
        | KeyRefusal::RsaTooLarge
        | KeyRefusal::RsaExponent
        | KeyRefusal::NotAPublicKey => ("key_malformed", "dpop_key_malformed"),
    }
}

/// A member of an introspection answer that differs from the token's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherMember {
    /// `iss`.
    Issuer,
    /// `sub`.
    Subject,
    /// `client_id`.
    ClientId,
}

impl std::fmt::Display for OtherMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Issuer => "iss",
            Self::Subject => "sub",
            Self::ClientId => "client_id",
        })
    }
}
