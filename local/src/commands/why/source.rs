//! Files with log lines: folders of them, compressed ones, and standard input.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::document::RecordsError;
use crate::text_file::{self, Encoding, EncodingError};

/// The maximum size of the beginning of a file that shows its form.
const MAX_HEAD: u64 = 256 * 1024;

/// The maximum number of bytes that are kept in memory, for standard input, a pipe, and a file in UTF-16.
const MAX_IN_MEMORY: u64 = 256 * 1024 * 1024;

/// The maximum number of times that a file may be compressed. Records of a subscription are compressed, and Firehose
/// compresses the object again.
const MAX_GZIP: usize = 2;

const GZIP: &[u8] = b"\x1f\x8b";
const ZIP: &[u8] = b"PK\x03\x04";

/// The object that an export to S3 writes first.
const TEST_OBJECT: &str = "aws-logs-write-test";

/// A file cannot be read as log lines.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogFileError {
    #[error("{path}: {cause}")]
    File { path: String, cause: io::Error },
    #[error("{path}: {cause}")]
    Encoding { path: String, cause: EncodingError },
    #[error(
        "{path}: {found}: expected lines of the access log and of the functions, as a stack or `aws logs tail` prints \
         them; the JSON of `aws logs filter-log-events`; results of Logs Insights with @message, as the JSON of `aws \
         logs get-query-results` or a CSV file; or an export to S3. All may be compressed with gzip"
    )]
    Form { path: String, found: RecordsError },
}

/// A file, or a stream that can be read only once.
#[derive(Debug)]
pub(super) enum LogSource {
    File(PathBuf),
    Memory { name: String, bytes: Vec<u8> },
}

/// A file that has been opened and decompressed, in UTF-8.
pub(super) struct OpenedFile<'s> {
    /// Its first bytes, which `reader` has too.
    pub(super) head: Vec<u8>,
    pub(super) reader: Box<dyn BufRead + 's>,
}

impl LogSource {
    /// The files that these paths name; `-` is standard input.
    pub(super) fn all(paths: &[PathBuf]) -> Result<Vec<Self>, LogFileError> {
        let mut all = Vec::new();
        for path in paths {
            let from_path = |cause| of_path(path, cause);
            if path == Path::new("-") {
                let bytes = in_memory(io::stdin().lock()).map_err(from_path)?;
                let name = "standard input".to_owned();
                all.push(Self::Memory { name, bytes });
            } else {
                add(path, &mut all).map_err(from_path)?;
            }
        }
        Ok(all)
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Memory { name, .. } => name.clone(),
        }
    }

    pub(super) fn open(&self) -> Result<OpenedFile<'_>, LogFileError> {
        let path = self.name();
        match self.decompressed() {
            Err(cause) => Err(LogFileError::File { path, cause }),
            Ok(opened) if opened.head.starts_with(ZIP) => Err(LogFileError::Form {
                path,
                found: RecordsError::Zip,
            }),
            Ok(opened) => opened.in_utf8(path),
        }
    }

    fn decompressed(&self) -> io::Result<OpenedFile<'_>> {
        let mut opened = OpenedFile::peek(match self {
            Self::File(path) => Box::new(BufReader::new(File::open(path)?)),
            Self::Memory { bytes, .. } => Box::new(bytes.as_slice()),
        })?;
        for _ in 0..MAX_GZIP {
            if opened.head.starts_with(GZIP) {
                let decoder = MultiGzDecoder::new(opened.reader);
                opened = OpenedFile::peek(Box::new(BufReader::new(decoder)))?;
            }
        }
        Ok(opened)
    }
}

impl<'s> OpenedFile<'s> {
    fn peek(mut reader: Box<dyn BufRead + 's>) -> io::Result<Self> {
        let mut head = Vec::new();
        reader.by_ref().take(MAX_HEAD).read_to_end(&mut head)?;
        let reader = Box::new(Cursor::new(head.clone()).chain(reader));
        Ok(Self { head, reader })
    }

    fn in_utf8(mut self, path: String) -> Result<Self, LogFileError> {
        let encoding = |path, cause| LogFileError::Encoding { path, cause };
        match Encoding::of(&self.head) {
            Err(cause) => Err(encoding(path, cause)),
            Ok(Encoding::Utf8) => Ok(self),
            Ok(Encoding::Utf8WithMark) => {
                self.head.drain(..Encoding::MARK);
                self.reader.consume(Encoding::MARK);
                Ok(self)
            }
            Ok(Encoding::Utf16Le | Encoding::Utf16Be) => {
                let file = |cause| LogFileError::File {
                    path: path.clone(),
                    cause,
                };
                let bytes = in_memory(self.reader).map_err(file)?;
                match text_file::decode(&bytes) {
                    Ok(text) => Self::peek(Box::new(Cursor::new(text.into_bytes()))).map_err(file),
                    Err(cause) => Err(encoding(path, cause)),
                }
            }
        }
    }
}

fn of_path(path: &Path, cause: io::Error) -> LogFileError {
    LogFileError::File {
        path: path.display().to_string(),
        cause,
    }
}

/// Adds a file, or the files of a folder and of those in it, in the order of their names. Hidden ones are left out.
fn add(path: &Path, all: &mut Vec<LogSource>) -> io::Result<()> {
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        let entries: io::Result<Vec<_>> = fs::read_dir(path)?.collect();
        let mut entries = entries?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') && name != TEST_OBJECT {
                add(&entry.path(), all)?;
            }
        }
    } else if kind.is_file() {
        all.push(LogSource::File(path.to_owned()));
    } else {
        // A pipe, such as the shell's `<(…)`.
        let name = path.display().to_string();
        let bytes = in_memory(File::open(path)?)?;
        all.push(LogSource::Memory { name, bytes });
    }
    Ok(())
}

fn in_memory(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_IN_MEMORY + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_IN_MEMORY) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!(
            "over {MAX_IN_MEMORY} bytes: expected less from a pipe and in UTF-16; save it to a file in UTF-8"
        )))
    }
}
