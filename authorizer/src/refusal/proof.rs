//! Why a proof is refused.

use thiserror::Error;

use super::{JwsError, KeyRefusal, key_codes};

/// The maximum length of a proof, in bytes.
pub const MAX_PROOF_BYTES: usize = 4096;

/// The maximum length of a `jti`, in bytes.
pub const MAX_PROOF_ID_BYTES: usize = 256;

/// Every way in which the proof of a key-bound token can be refused (RFC 9449, section 4.3). No variant contains a
/// value of the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofRefusal {
    /// No header `DPoP`.
    #[error("no header `DPoP`")]
    Missing,
    /// More than one value of the header, in one field or several.
    #[error("more than one value of the header `DPoP`")]
    Several,
    /// Over the limit.
    #[error("it has {bytes} bytes; at most {MAX_PROOF_BYTES} are accepted")]
    TooLong { bytes: usize },
    /// Not a JWS in compact form, with a header and a payload that are JSON objects without repeated members.
    #[error("not a JWT: {0}")]
    Malformed(#[from] JwsError),
    /// `typ` is not `dpop+jwt`.
    #[error("`typ` is not `dpop+jwt`")]
    Type,
    /// `crit`: extensions that must be understood, of which this verifier knows none.
    #[error("the header names critical extensions")]
    CriticalExtension,
    /// `alg` is missing, unknown, `none` or symmetric.
    #[error("`alg` is {}", crate::algorithm::UnknownAlgorithmError)]
    AlgorithmNotAllowed,
    /// `jwk` is missing or not an object.
    #[error("the header has no `jwk` that is an object")]
    KeyMissing,
    /// `jwk` cannot be used, or not with `alg`.
    #[error("the `jwk` cannot be used: {reason}")]
    Key { reason: KeyRefusal },
    /// The signature is not that of the key in `jwk`.
    #[error("wrong signature")]
    WrongSignature,
    /// `htm` is missing or another method.
    #[error("`htm` is not the method of the request")]
    Method,
    /// `htu` is missing or not an absolute URL.
    #[error("`htu` is not an absolute URL")]
    UrlMalformed,
    /// `htu` is another URL.
    #[error(
        "`htu` is not the URL called; if callers use another domain name or base path than the event has, set \
         DPOP_PUBLIC_URL"
    )]
    Url,
    /// `iat` is missing or not a finite number.
    #[error("`iat` is not a number of seconds")]
    TimeMissing,
    /// `iat` is too long ago.
    #[error("made {seconds_ago} s ago")]
    Expired {
        /// How long ago.
        seconds_ago: u64,
    },
    /// `iat` is in the future.
    #[error("made {seconds_ahead} s in the future")]
    InFuture {
        /// How far ahead.
        seconds_ahead: u64,
    },
    /// `exp` or `nbf` is present and not a finite number.
    #[error("`exp` or `nbf` is not a number of seconds")]
    TimeMalformed,
    /// `exp` is past (RFC 7519, section 4.1.4).
    #[error("its `exp` has passed")]
    PastExpiry,
    /// `nbf` is in the future (RFC 7519, section 4.1.5).
    #[error("its `nbf` is in the future")]
    BeforeStart,
    /// `ath` is missing or the hash of another token.
    #[error("`ath` is not the SHA-256 of the token")]
    Token,
    /// The key is not the one that the token is bound to.
    #[error("the key of the proof is not the one that the token is bound to")]
    OtherKey,
    /// `jti` is missing, empty or not a string.
    #[error("no `jti`")]
    IdMissing,
    /// `jti` is over the limit.
    #[error("its `jti` has {bytes} bytes; at most {MAX_PROOF_ID_BYTES} are accepted")]
    IdTooLong { bytes: usize },
    /// A proof with this `jti` was used already.
    #[error("a proof with this `jti` has already been used")]
    Replayed,
}

impl ProofRefusal {
    /// The stable name of the reason, in logs and metrics.
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
