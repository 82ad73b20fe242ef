//! Arithmetic on the numbers in signatures, big-endian.

/// `a + b`, with the same number of bytes or one more.
pub(crate) fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    assert_eq!(a.len(), b.len());
    let mut carry = 0;
    let mut sum: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let digit = u16::from(*a) + u16::from(*b) + carry;
            carry = digit >> 8;
            digit.to_le_bytes()[0]
        })
        .collect();
    if carry > 0 {
        sum.push(1);
    }
    sum.reverse();
    sum
}

/// `a - b`, which must not be negative.
pub(crate) fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let inverted: Vec<u8> = b.iter().map(|byte| !byte).collect();
    let mut one = vec![0; b.len()];
    one[b.len() - 1] = 1;
    let complement = add(&inverted, &one);
    let skip = complement.len() - b.len();
    let sum = add(a, &complement[skip..]);
    sum[sum.len() - a.len()..].to_vec()
}

/// The order of a curve's group (FIPS 186-4, section D.1.2).
pub(crate) fn order(algorithm: &str) -> Vec<u8> {
    bytes(if algorithm == "ES256" {
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    } else {
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    })
}

/// The order of Ed25519's group (RFC 8032, section 5.1), little-endian.
pub(crate) fn ed25519_order() -> Vec<u8> {
    bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| digit.to_digit(16).unwrap().to_le_bytes()[0])
        .collect();
    digits.chunks(2).map(|two| two[0] * 16 + two[1]).collect()
}

/// A signature in the form of X.509 (RFC 3279, section 2.2.3): a DER sequence of two integers.
pub(crate) fn der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let body = [integer(r), integer(s)].concat();
    [&[0x30, length(&body)], &*body].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut number = number[zeros.min(number.len() - 1)..].to_vec();
    if number[0] >= 0x80 {
        number.insert(0, 0);
    }
    [&[2, length(&number)], &*number].concat()
}

fn length(body: &[u8]) -> u8 {
    u8::try_from(body.len()).unwrap()
}
