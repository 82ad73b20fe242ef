//! Why a token is refused (401).

mod jws;
mod key;
mod proof;

use thiserror::Error;

pub use self::jws::{JwsError, TokenPart};
pub use self::key::KeyRefusal;
pub use self::proof::ProofRefusal;
pub(crate) use self::proof::{MAX_PROOF_BYTES, MAX_PROOF_ID_BYTES};

/// The maximum length of a token, in bytes: API Gateway's limit for all headers together.
pub const MAX_TOKEN_BYTES: usize = 10_240;

/// Why a token is refused. The answer is always `Unauthorized`.
///
/// The variants contain numbers and constants of this program, which an operator needs to understand a refusal. No
/// variant has a `String`, so none can contain the token or the value of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No credential was sent, and no rule allows anonymous callers.
    #[error("no bearer token")]
    NoToken,
    #[error("the credential is not `Bearer` followed by one token")]
    MalformedBearer,
    /// RFC 6750, section 2 forbids more than one method of sending a token. Here more than one value is refused too.
    #[error("more than one credential")]
    SeveralTokens,
    #[error(
        "the token has {bytes} bytes; at most {} are accepted",
        MAX_TOKEN_BYTES
    )]
    TokenTooLong { bytes: usize },
    /// The token is not a JWS in compact form, or its header or payload is not a JSON object without repeated members.
    #[error("{0}")]
    Malformed(#[from] JwsError),
    /// `alg` is missing, unknown, `none`, symmetric, or not allowed for the issuer (RFC 8725, section 3.1).
    #[error("the algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// `crit` names extensions that must be understood. This verifier supports none (RFC 7515, section 4.1.11).
    #[error("the header names critical extensions")]
    CriticalExtension,
    /// `b64` is present (RFC 7797).
    #[error("the header requires an unencoded payload")]
    UnencodedPayload,
    /// `typ` is present and not `JWT`, `at+jwt` or `application/at+jwt` (RFC 8725, section 3.11).
    #[error("`typ` in the header is the type of another kind of token")]
    TypeNotAllowed,
    /// `kid` is missing, empty or not a string.
    #[error("the header has no `kid`")]
    KeyIdMissing,
    #[error(
        "the key id has {bytes} bytes; at most {} are looked up",
        crate::key_id::MAX_KEY_ID_BYTES
    )]
    KeyIdTooLong { bytes: usize },
    /// `iss` is missing, or differs from every trusted issuer in at least one byte.
    #[error("the issuer is not trusted")]
    IssuerNotTrusted,
    /// The issuer is the org authorization server of an Okta domain with a trusted custom server.
    #[error(
        "the token is from the Okta org authorization server, whose tokens are not for APIs: request one from the trusted issuer"
    )]
    OrgServerToken,
    /// The cached keys do not include this key, and the cooldown may forbid a fetch.
    #[error("the issuer publishes no key with this id")]
    KeyUnknown,
    #[error("the key cannot be used: {reason}")]
    KeyUnusable { reason: KeyRefusal },
    #[error("wrong signature")]
    WrongSignature,
    #[error("no expiry time")]
    ExpiryMissing,
    /// `exp`, `nbf` or `iat` is present, but not a finite number (`NumericDate`, RFC 7519, section 2).
    #[error("the claim `{claim}` is not a number of seconds")]
    TimeMalformed { claim: &'static str },
    /// `exp` has passed.
    #[error("expired {seconds_ago} s ago")]
    Expired { seconds_ago: u64 },
    /// `nbf` is in the future.
    #[error("not valid for another {seconds_ahead} s")]
    NotYetValid { seconds_ahead: u64 },
    /// `iat` is in the future.
    #[error("issued {seconds_ahead} s in the future")]
    IssuedInFuture { seconds_ahead: u64 },
    /// `aud` is missing or empty.
    #[error("no audience")]
    AudienceMissing,
    #[error("the audience is neither a string nor an array of strings")]
    AudienceMalformed,
    /// `aud` names only other audiences.
    #[error("the token is for another audience")]
    AudienceNotOurs,
    /// `sub` is missing, empty or not a string.
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
    /// `CLIENT_IDS` is set, and the token's client is missing or not in it.
    #[error("the client is not allowed")]
    ClientNotAllowed,
    #[error("an ID token where an access token is expected")]
    IdToken,
    #[error("an access token where an ID token is expected")]
    AccessToken,
    /// The token is bound to a key (`cnf`: RFC 9449, RFC 8705), so it is not valid as a plain bearer token.
    #[error("a sender-constrained token sent as a plain bearer token")]
    BoundToken,
    /// The token was sent with the scheme `DPoP`, but is not bound to a key by `jkt` (RFC 9449, section 7.1).
    #[error("the scheme is DPoP, but `cnf` does not bind the token to one key by `jkt`")]
    NotBoundToKey,
    /// The token was sent with the scheme `DPoP` while `DPOP` is `off`.
    #[error("key-bound tokens are not accepted: DPOP is off")]
    DpopOff,
    /// The token is a plain bearer token while `DPOP` is `require`.
    #[error("only key-bound tokens are accepted: DPOP is require")]
    DpopRequired,
    /// The token was sent with the scheme `DPoP` in an event of a TOKEN authorizer or a WebSocket API.
    #[error(
        "this kind of event cannot carry the proof of a key-bound token: use a REQUEST authorizer"
    )]
    NoProofPossible,
    /// The proof of a key-bound token is missing or invalid (RFC 9449).
    #[error("the DPoP proof: {0}")]
    Proof(#[from] ProofRefusal),
    /// Introspection reports that the token is not active, or that it has expired (RFC 7662).
    #[error("the issuer reports that the token is not active")]
    Revoked,
    /// The answer to introspection names another `iss`, `sub` or `client_id` than the token (RFC 7662).
    #[error("the `{member}` in the issuer's introspection answer differs from the token's")]
    IntrospectionMismatch { member: OtherMember },
}

impl Refusal {
    /// The stable reason code, in logs and metrics.
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

/// The reason codes of an unusable key: first for the issuer's key of a token, then for the sender's key of a proof.
/// They differ from the codes of similar faults of a token. The key of a proof has no id and no `use`, and may have any
/// algorithm.
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
