//! Why a key of a set is refused.

use thiserror::Error;

/// Why one key of a key set is skipped, or not used for this token. It does not affect the other keys.
///
/// A closed list, so that every reason has a stable code. No variant contains key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
pub enum KeyRefusal {
    /// It is not a JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A member is repeated (RFC 7517, section 4, allows to refuse it).
    #[error("a repeated member")]
    DuplicateMember,
    /// A member is of the wrong JSON type or not base64url without padding.
    #[error("member `{0}` has the wrong type or encoding")]
    MalformedMember(&'static str),
    /// A member that the key type needs is missing.
    #[error("member `{0}` is missing")]
    MissingMember(&'static str),
    /// Tokens without a key id are refused, so a key without one can never be used.
    #[error("no `kid`, so no token can name it")]
    NoKeyId,
    /// The key id is over the limit.
    #[error("a `kid` over 256 bytes")]
    KeyIdTooLong,
    /// A key type other than RSA, EC and OKP.
    #[error("a key type that no accepted algorithm uses")]
    UnsupportedKeyType,
    /// A secret key. Once published, every reader can sign with it (RFC 8725, section 3.1).
    #[error("a symmetric key")]
    Symmetric,
    /// A published private key. It is compromised.
    #[error("a private key: anyone who reads it can sign with it; replace it at once")]
    PrivateKey,
    /// `use` or `key_ops` is present and does not allow verifying signatures.
    #[error("not for verifying signatures, by `use` or `key_ops`")]
    NotForSignatures,
    /// `alg` is present and names an algorithm that this key type cannot have or that is never accepted.
    #[error("`alg` does not fit the key type, or is not an accepted algorithm")]
    AlgorithmConflict,
    /// None of the algorithms in the settings can use it.
    #[error("no algorithm in the settings can use it")]
    AlgorithmNotAllowed,
    /// The key is usable, but not for the token's `alg`.
    #[error("`alg` is not an algorithm of this key")]
    DoesNotFitAlgorithm,
    /// A curve other than P-256, P-384 and Ed25519.
    #[error("a curve that no accepted algorithm uses")]
    UnsupportedCurve,
    /// RFC 7518, section 3.3, demands at least 2048 bits.
    #[error("an RSA modulus under 2048 bits")]
    RsaTooSmall,
    /// A huge modulus would make each verification slow.
    #[error("an RSA modulus over 8192 bits")]
    RsaTooLarge,
    /// The public exponent is even, 1, or over 33 bits.
    #[error("an RSA exponent that is even, under 3 or over 33 bits")]
    RsaExponent,
    /// The numbers are not a public key: an even modulus, a point off the curve, the wrong length.
    #[error("its numbers are not a valid public key")]
    NotAPublicKey,
}

impl KeyRefusal {
    /// The stable name for logs and metrics.
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
