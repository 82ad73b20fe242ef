//! Compares two JSON numbers as they are written, without rounding.

/// Whether two JSON numbers have the same value.
pub(super) fn same_number(a: &str, b: &str) -> bool {
    a == b || matches!((Decimal::parse(a), Decimal::parse(b)), (Some(a), Some(b)) if a.equals(&b))
}

/// A number as significant digits and a power of ten. Equal numbers have equal parts.
struct Decimal<'a> {
    negative: bool,
    /// The digits without leading and trailing zeros. They may contain a decimal point.
    digits: &'a [u8],
    /// The power of ten of the last digit.
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (negative, text) = text
            .strip_prefix('-')
            .map_or((false, text), |text| (true, text));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let zero_or_point = |c| c == '0' || c == '.';
        let digits = mantissa.trim_end_matches(zero_or_point);
        if digits.trim_start_matches(zero_or_point).is_empty() {
            return Some(Self {
                negative: false,
                digits: b"",
                exponent: 0,
            });
        }
        let point = mantissa.find('.').unwrap_or(mantissa.len());
        // The distance between the last significant digit and the point: zeros, or digits of the fraction.
        let shift = match digits.find('.') {
            None => i64::try_from(point).ok()? - i64::try_from(digits.len()).ok()?,
            Some(at) => -i64::try_from(digits.len() - at - 1).ok()?,
        };
        Some(Self {
            negative,
            digits: digits.trim_start_matches(zero_or_point).as_bytes(),
            exponent: exponent.parse::<i64>().ok()?.checked_add(shift)?,
        })
    }

    fn equals(&self, other: &Self) -> bool {
        let is_digit = |byte: &&u8| **byte != b'.';
        self.negative == other.negative
            && self.exponent == other.exponent
            && (self.digits.iter().filter(is_digit)).eq(other.digits.iter().filter(is_digit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        let check = |a: &str, b: &str, same: bool| {
            assert_eq!(same_number(a, b), same, "{a} {b}");
            assert_eq!(same_number(b, a), same, "{b} {a}");
        };
        check("1", "1.0", true);
        check("100", "1e2", true);
        check("1E+2", "100.00", true);
        check("0.001", "1e-3", true);
        check("-0", "0.0", true);
        check("0e9", "0", true);
        check("12.34", "1234e-2", true);
        check("0.0120", "12e-3", true);
        check("10.5", "105e-1", true);
        check("10", "1", false);
        check("1", "-1", false);
        check("1.05", "1.5", false);
        check("10.5", "1.05", false);
        check("0", "1", false);
        check("1e99999999999999999999", "1", false);
    }
}
