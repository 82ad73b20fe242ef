//! Text files in UTF-8, or in UTF-16 with a byte order mark, as some editors on Windows write them.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, str};

#[derive(Debug, thiserror::Error)]
pub(crate) enum TextFileError {
    #[error("{path}: {cause}")]
    File { path: String, cause: io::Error },
    #[error("{path}: {cause}")]
    Encoding { path: String, cause: EncodingError },
    #[error("two arguments are `-`, and standard input can be read only once: name a file for one")]
    StandardInputAgain,
}

/// Whether standard input has been read. A second read would find it empty.
static STANDARD_INPUT_IS_READ: AtomicBool = AtomicBool::new(false);

/// The encoding of a file that is not UTF-8.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodingError {
    #[error("malformed {0}; save the file as UTF-8")]
    Utf16(&'static str),
    #[error(
        "the encoding is {0} without a byte order mark; save the file as UTF-8, or with the mark"
    )]
    NoMark(&'static str),
    #[error("the encoding is UTF-32; save the file as UTF-8")]
    Utf32,
    /// Another encoding, such as Windows-1252.
    #[error("byte {0} is not UTF-8: the encoding may be Windows-1252; save the file as UTF-8")]
    NotUtf8(usize),
}

/// Reads a text file; `-` is standard input. Fails if it cannot be read, or has an encoding other than UTF-8 and
/// UTF-16 with a byte order mark.
pub(crate) fn read(path: &Path) -> Result<String, TextFileError> {
    let name = path.display().to_string();
    let bytes = if path == Path::new("-") {
        if STANDARD_INPUT_IS_READ.swap(true, Ordering::Relaxed) {
            return Err(TextFileError::StandardInputAgain);
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|cause| TextFileError::File {
        path: name.clone(),
        cause,
    })?;
    decode(&bytes).map_err(|cause| TextFileError::Encoding { path: name, cause })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// The length of a UTF-8 byte order mark.
    pub(crate) const MARK: usize = 3;

    /// The encoding of a file that begins with these bytes. Fails if the encoding is not supported.
    pub(crate) fn of(head: &[u8]) -> Result<Self, EncodingError> {
        match head {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(EncodingError::Utf32),
            [0xff, 0xfe, ..] => Ok(Self::Utf16Le),
            [0xfe, 0xff, ..] => Ok(Self::Utf16Be),
            // The first character of JSON and YAML is ASCII, so in UTF-16 one of its bytes is zero.
            [0, 1..=0xff, ..] => Err(EncodingError::NoMark("UTF-16BE")),
            [1..=0xff, 0, ..] => Err(EncodingError::NoMark("UTF-16LE")),
            [0xef, 0xbb, 0xbf, ..] => Ok(Self::Utf8WithMark),
            _ => Ok(Self::Utf8),
        }
    }
}

/// Decodes the bytes of a text file. A byte order mark is not part of the text.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, EncodingError> {
    let after = |length| bytes.get(length..).unwrap_or_default();
    match Encoding::of(bytes)? {
        Encoding::Utf8 => utf8(bytes),
        Encoding::Utf8WithMark => utf8(after(Encoding::MARK)),
        Encoding::Utf16Le => utf16(after(2), u16::from_le_bytes, "UTF-16LE"),
        Encoding::Utf16Be => utf16(after(2), u16::from_be_bytes, "UTF-16BE"),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, EncodingError> {
    str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|error| EncodingError::NotUtf8(error.valid_up_to()))
}

fn utf16(
    bytes: &[u8],
    unit: fn([u8; 2]) -> u16,
    name: &'static str,
) -> Result<String, EncodingError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(EncodingError::Utf16(name));
    }
    let units: Vec<_> = pairs.iter().map(|&pair| unit(pair)).collect();
    String::from_utf16(&units).map_err(|_| EncodingError::Utf16(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        fn check(bytes: &[u8], expected: Result<&str, EncodingError>) {
            assert_eq!(decode(bytes), expected.map(str::to_owned), "{bytes:?}");
        }
        check(b"{\"a\": 1}", Ok("{\"a\": 1}"));
        check("{\"a\": \"é\"}".as_bytes(), Ok("{\"a\": \"é\"}"));
        check(b"\xef\xbb\xbf{}", Ok("{}"));
        check(b"\xff\xfe{\0}\0", Ok("{}"));
        check(b"\xfe\xff\0{\0}", Ok("{}"));
        check(b"\xff\xfe\x3d\xd8\x00\xde", Ok("\u{1f600}"));
        check(b"", Ok(""));
        check(b"1", Ok("1"));
        check(b"\xff\xfe{", Err(EncodingError::Utf16("UTF-16LE")));
        check(b"\xfe\xff\xd8\x3d", Err(EncodingError::Utf16("UTF-16BE")));
        check(b"{\0}\0", Err(EncodingError::NoMark("UTF-16LE")));
        check(b"\0{\0}", Err(EncodingError::NoMark("UTF-16BE")));
        check(b"\xff\xfe\0\0{\0\0\0", Err(EncodingError::Utf32));
        check(b"{\"a\": \"\xe9\"}", Err(EncodingError::NotUtf8(7)));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("/nowhere/event.json")).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/event.json: "));
    }
}
