//! Why a key is refused.

use thiserror::Error;

/// Why one key of a key set is skipped, or not used for a token. The other keys are not affected.
///
/// Every reason has a stable code. No variant contains key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
pub enum KeyRefusal {
    #[error("not a JSON object")]
    NotAnObject,
    /// RFC 7517, section 4 allows a parser to refuse a repeated member.
    #[error("a repeated member")]
    DuplicateMember,
    /// A member has the wrong JSON type, or is not base64url without padding.
    #[error("member `{0}` has the wrong type or encoding")]
    MalformedMember(&'static str),
    /// A member that the key type requires is missing.
    #[error("member `{0}` is missing")]
    MissingMember(&'static str),
    /// Tokens without a key id are refused, so a key without one can never be used.
    #[error("no `kid`, so no token can name it")]
    NoKeyId,
    #[error("a `kid` over 256 bytes")]
    KeyIdTooLong,
    /// The key type is not RSA, EC or OKP.
    #[error("a key type that no accepted algorithm uses")]
    UnsupportedKeyType,
    /// The key is a secret that is published, so every reader can sign with it (RFC 8725, section 3.1).
    #[error("a symmetric key")]
    Symmetric,
    /// The key is a published private key, so it is compromised.
    #[error("a private key: anyone who reads it can sign with it; replace it at once")]
    PrivateKey,
    #[error("`use` or `key_ops` does not allow verifying signatures")]
    NotForSignatures,
    #[error("`alg` does not fit the key type, or is not an accepted algorithm")]
    AlgorithmConflict,
    #[error("no algorithm in the settings can use it")]
    AlgorithmNotAllowed,
    /// The key is usable, but not for the token's `alg`.
    #[error("`alg` is not an algorithm of this key")]
    DoesNotFitAlgorithm,
    /// The curve is not P-256, P-384 or Ed25519.
    #[error("a curve that no accepted algorithm uses")]
    UnsupportedCurve,
    /// RFC 7518, section 3.3 requires at least 2048 bits.
    #[error("an RSA modulus under 2048 bits")]
    RsaTooSmall,
    /// A larger modulus would make each verification slow.
    #[error("an RSA modulus over 8192 bits")]
    RsaTooLarge,
    #[error("an RSA exponent that is even, under 3 or over 33 bits")]
    RsaExponent,
    /// The modulus is even, the point is not on the curve, or a number has the wrong length.
    #[error("its numbers are not a valid public key")]
    NotAPublicKey,
}

impl KeyRefusal {
    /// The stable code for logs and metrics.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::DuplicateMember => "duplicate_member",
            Self::MalformedMember(_) => "malformed_member",
            Self::MissingMember(_) => "missing_member",
            Self::NoKeyId => "no_key_id",
            Self::KeyIdTooLong => "key_id_too_long",
            Self::UnsupportedKeyType => "unsupported_key_type",
            Self::Symmetric => "symmetric",
            Self::PrivateKey => "private_key",
            Self::NotForSignatures => "not_for_signatures",
            Self::AlgorithmConflict => "algorithm_conflict",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::DoesNotFitAlgorithm => "does_not_fit_algorithm",
            Self::UnsupportedCurve => "unsupported_curve",
            Self::RsaTooSmall => "rsa_too_small",
            Self::RsaTooLarge => "rsa_too_large",
            Self::RsaExponent => "rsa_exponent",
            Self::NotAPublicKey => "not_a_public_key",
        }
    }
}
