//! Random names: request ids, trace ids, PKCE verifiers.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Random bytes for names, or zeroes if the system has none. They are not used for security.
fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _ = rand::fill(&mut bytes);
    bytes
}

/// Lower-case hexadecimal digits of `N` random bytes.
pub(crate) fn hex<const N: usize>() -> String {
    bytes::<N>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A random UUID version 4 (RFC 9562), the form of AWS's request ids.
pub fn request_id() -> String {
    let n = u128::from_be_bytes(bytes::<16>());
    let n = (n & !(0xf << 76) & !(0b11 << 62)) | (0x4 << 76) | (0b10 << 62);
    let digits = format!("{n:032x}");
    let mut id = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

/// An AWS X-Ray trace header of a new trace.
pub(crate) fn trace_id(seconds: u64) -> String {
    format!("Root=1-{seconds:08x}-{}", hex::<12>())
}

/// 32 random bytes as 43 base64url characters: a PKCE verifier (RFC 7636, section 4.1), a state or a nonce.
///
/// Unlike the names above, this is a secret, so missing random bytes are an error.
pub(crate) fn secret() -> Result<String, aws_lc_rs::error::Unspecified> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_version_4_uuid() {
        let id = request_id();
        assert_eq!(id.len(), 36, "{id}");
        assert_eq!(
            id.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12],
            "{id}"
        );
        assert_eq!(id.as_bytes()[14], b'4', "{id}");
        assert!(
            matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'),
            "{id}"
        );
    }
}
