//! Values that conditions compare.

/// Keys of a request or members of a policy, with values that they may have.
pub(crate) type Values = (&'static [&'static str], &'static [&'static str]);

/// Values that both implementations evaluate alike, and values for which a row of the table explains the difference.
pub(crate) struct Kind {
    pub(crate) plain: Values,
    pub(crate) odd: Values,
}

impl Kind {
    /// Both kinds of values, each with its mark in the names of steps.
    pub(crate) const fn marked(&self) -> [(Values, &'static str); 2] {
        [(self.plain, ""), (self.odd, " (odd)")]
    }
}

const STRINGS: Kind = Kind {
    plain: (
        &[
            "aws:UserAgent",
            "aws:Referer",
            "AWS:useragent",
            "aws:SecureTransport",
            "aws:SourceIp",
        ],
        &[
            "curl/8",
            "CURL/8",
            "curl/*",
            "curl/?",
            "*",
            "",
            "x",
            "curl",
            "curl/8 ",
            "?url/8",
            "c*/*",
            "https://web.example",
            "https://*",
            "true",
            "127.0.0.1",
            "127.*",
            "[c]url/8",
            "curl.8",
        ],
    ),
    odd: (
        &["aws:UserAgent", "aws:Referer"],
        &["${aws:UserAgent}", "${*}", "${?}url/8", "${x"],
    ),
};
const DATES: Kind = Kind {
    plain: (
        &["aws:CurrentTime", "aws:currenttime"],
        &[
            "2001-09-09T01:46:40Z",
            "2001-09-09T01:46:39Z",
            "2001-09-09T01:46:41Z",
            "2001-09-09T03:46:40+02:00",
            "2001-09-09T01:46:40.000Z",
            "2001-09-09T01:46:40.5Z",
            "2001-09-09T01:46Z",
            "2001-09-09T01:47Z",
            "2001-09-09",
            "2001-09-10",
            "2001-09",
            "2001-10",
            "",
            "soon",
            "2001-13-01",
        ],
    ),
    odd: (
        &["aws:CurrentTime", "aws:EpochTime"],
        &[
            "2001-09-09T01:46:40Z",
            "2001",
            "1000000000",
            "999999999",
            "1000000001",
            "1000000000.5",
            "-1",
            "0",
            "2001-09-09T01:46:40",
            "2001-09-09 01:46:40Z",
            "20010909T014640Z",
            "2001-09-09t01:46:40z",
            "09/09/2001",
            "2001-02-30",
            "99999999999999999999",
        ],
    ),
};
/// The other implementation reads seconds as seconds only if both values are seconds.
const SECONDS: Kind = Kind {
    plain: (
        &["aws:EpochTime", "aws:epochtime"],
        &["1000000000", "1000000001", "999999999", "0", "-1"],
    ),
    odd: (&["aws:EpochTime"], &["1e9"]),
};
const NUMBERS: Kind = Kind {
    plain: (
        &["aws:EpochTime", "aws:epochtime"],
        &[
            "1000000000",
            "1000000001",
            "999999999",
            "1000000000.0",
            "1000000000.5",
            "-1",
            "0",
            "",
            "x",
        ],
    ),
    odd: (
        &["aws:EpochTime"],
        &[
            "1e9",
            "1E9",
            "+1000000000",
            "0x3B9ACA00",
            "1000000000 ",
            "inf",
            "-inf",
            "Infinity",
            "NaN",
            "1_000_000_000",
            "1,000,000,000",
            "01000000000",
            ".5",
            "5.",
            "1000000000*",
        ],
    ),
};
const NETWORKS: Kind = Kind {
    plain: (
        &["aws:SourceIp", "aws:sourceip"],
        &[
            "127.0.0.1",
            "127.0.0.1/32",
            "127.0.0.0/8",
            "127.0.0.0/31",
            "127.0.0.2/31",
            "127.0.0.5/24",
            "10.0.0.0/8",
            "128.0.0.0/1",
            "0.0.0.0/1",
        ],
    ),
    odd: (
        &["aws:SourceIp"],
        &[
            "0.0.0.0/0",
            "::/0",
            "::1",
            "::1/128",
            "2001:db8::/32",
            "2001:db8::1",
            "2001:DB8:0:0:0:0:0:1",
            "127.0.0.1/33",
            "127.0.0.1/-1",
            "127.0.0.1/",
            "127.0.0.1/x",
            "127.0.0.1/08",
            "127.0.0",
            "127.1",
            "0127.0.0.1",
            "127.0.0.1 ",
            "x",
            "",
            "*",
            "127.0.0.*",
            "::ffff:127.0.0.1",
            "::ffff:127.0.0.1/128",
            "2001:db8::/129",
        ],
    ),
};
const ARN_VALUES: Kind = Kind {
    plain: (
        &["aws:Referer"],
        &[
            "arn:aws:iam::123456789012:user/a",
            "arn:aws:iam::123456789012:user/*",
            "arn:aws:iam::123456789012:*",
            "arn:aws:iam::*:user/a",
            "arn:aws:iam::123456789012:user/?",
            "arn:aws:*:*:*:user/a",
            "arn:aws:iam::123456789012:user/b",
            "arn:*:*:*:*:*",
        ],
    ),
    odd: (
        &["aws:UserAgent", "aws:Referer"],
        &[
            "arn:aws:*",
            "arn:*",
            "*",
            "arn:aws:iam:*/a",
            "arn:aws:iam*user/a",
            "curl/8",
            "curl/*",
            "x",
            "",
        ],
    ),
};
const BOOLEANS: Kind = Kind {
    plain: (
        &["aws:SecureTransport", "aws:Referer", "aws:UserAgent"],
        &[
            "true", "false", "TRUE", "True", "False", "1", "0", "", "yes", "*", "curl/8",
        ],
    ),
    odd: (&["aws:UserAgent"], &["${aws:SecureTransport}"]),
};

pub(crate) const OPERATORS: [(&str, &Kind); 33] = [
    ("StringEquals", &STRINGS),
    ("StringNotEquals", &STRINGS),
    ("StringEqualsIgnoreCase", &STRINGS),
    ("StringNotEqualsIgnoreCase", &STRINGS),
    ("StringLike", &STRINGS),
    ("StringNotLike", &STRINGS),
    ("ArnEquals", &ARN_VALUES),
    ("ArnLike", &ARN_VALUES),
    ("ArnNotEquals", &ARN_VALUES),
    ("ArnNotLike", &ARN_VALUES),
    ("BinaryEquals", &STRINGS),
    ("Bool", &BOOLEANS),
    ("IpAddress", &NETWORKS),
    ("NotIpAddress", &NETWORKS),
    ("DateEquals", &DATES),
    ("DateNotEquals", &DATES),
    ("DateLessThan", &DATES),
    ("DateLessThanEquals", &DATES),
    ("DateGreaterThan", &DATES),
    ("DateGreaterThanEquals", &DATES),
    ("DateEquals", &SECONDS),
    ("DateNotEquals", &SECONDS),
    ("DateLessThan", &SECONDS),
    ("DateLessThanEquals", &SECONDS),
    ("DateGreaterThan", &SECONDS),
    ("DateGreaterThanEquals", &SECONDS),
    ("NumericEquals", &NUMBERS),
    ("NumericNotEquals", &NUMBERS),
    ("NumericLessThan", &NUMBERS),
    ("NumericLessThanEquals", &NUMBERS),
    ("NumericGreaterThan", &NUMBERS),
    ("NumericGreaterThanEquals", &NUMBERS),
    ("Null", &BOOLEANS),
];
