//! Why a DPoP proof is refused.

use thiserror::Error;

use super::{JwsError, KeyRefusal, key_codes};

/// The maximum length of a proof, in bytes.
pub(crate) const MAX_PROOF_BYTES: usize = 4096;

/// The maximum length of a `jti`, in bytes.
pub(crate) const MAX_PROOF_ID_BYTES: usize = 256;

/// Why the proof of a key-bound token is refused (RFC 9449, section 4.3). No variant contains a value of the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofRefusal {
    #[error("no `DPoP` header")]
    Missing,
    /// The request has several values, in one header or in several.
    #[error("more than one value in `DPoP` headers")]
    Several,
    #[error("it has {bytes} bytes; at most {MAX_PROOF_BYTES} are accepted")]
    TooLong { bytes: usize },
    /// The proof is not a JWS in compact form, or its header or payload is not a JSON object without repeated members.
    #[error("not a JWT: {0}")]
    Malformed(#[from] JwsError),
    #[error("`typ` is not `dpop+jwt`")]
    Type,
    /// `crit` names extensions that must be understood. This verifier supports none.
    #[error("the header names critical extensions")]
    CriticalExtension,
    /// `alg` is missing, unknown, `none` or symmetric.
    #[error("`alg` is {}", crate::algorithm::UnknownAlgorithmError)]
    AlgorithmNotAllowed,
    #[error("`jwk` is missing or not an object")]
    KeyMissing,
    /// The key cannot be used, or not with `alg`.
    #[error("the `jwk` cannot be used: {reason}")]
    Key { reason: KeyRefusal },
    #[error("wrong signature")]
    WrongSignature,
    #[error("`htm` is not the method of the request")]
    Method,
    #[error("`htu` is not an absolute URL")]
    UrlMalformed,
    #[error(
        "`htu` is not the URL of the request; if callers use a domain name or base path that differs from the event's, \
         set DPOP_PUBLIC_URL"
    )]
    Url,
    #[error("`iat` is not a number of seconds")]
    TimeMissing,
    /// `iat` is too long ago.
    #[error("made {seconds_ago} s ago")]
    Expired { seconds_ago: u64 },
    /// `iat` is in the future.
    #[error("made {seconds_ahead} s in the future")]
    InFuture { seconds_ahead: u64 },
    #[error("`exp` or `nbf` is not a number of seconds")]
    TimeMalformed,
    /// RFC 7519, section 4.1.4.
    #[error("its `exp` has passed")]
    PastExpiry,
    /// RFC 7519, section 4.1.5.
    #[error("its `nbf` is in the future")]
    BeforeStart,
    #[error("`ath` is not the SHA-256 hash of the token")]
    Token,
    #[error("the key of the proof is not the key that the token is bound to")]
    OtherKey,
    #[error("`jti` is missing, empty or not a string")]
    IdMissing,
    #[error("its `jti` has {bytes} bytes; at most {MAX_PROOF_ID_BYTES} are accepted")]
    IdTooLong { bytes: usize },
    #[error("a proof with this `jti` has already been used")]
    Replayed,
}

impl ProofRefusal {
    /// The stable reason code, in logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "dpop_proof_missing",
            Self::Several => "dpop_several_proofs",
            Self::TooLong { .. } => "dpop_proof_too_long",
            Self::Malformed(fault) => fault.codes().1,
            Self::Type => "dpop_type_not_allowed",
            Self::CriticalExtension => "dpop_critical_extension",
            Self::AlgorithmNotAllowed => "dpop_algorithm_not_allowed",
            Self::KeyMissing => "dpop_key_missing",
            Self::Key { reason } => key_codes(*reason).1,
            Self::WrongSignature => "dpop_wrong_signature",
            Self::Method => "dpop_method_mismatch",
            Self::UrlMalformed => "dpop_url_malformed",
            Self::Url => "dpop_url_mismatch",
            Self::TimeMissing => "dpop_iat_missing",
            Self::TimeMalformed => "dpop_time_malformed",
            Self::Expired { .. } | Self::PastExpiry => "dpop_proof_expired",
            Self::InFuture { .. } | Self::BeforeStart => "dpop_proof_in_future",
            Self::Token => "dpop_token_mismatch",
            Self::OtherKey => "dpop_key_mismatch",
            Self::IdMissing => "dpop_jti_missing",
            Self::IdTooLong { .. } => "dpop_jti_too_long",
            Self::Replayed => "dpop_proof_replayed",
        }
    }
}
