//! The reasons why a sign-in fails.

#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(
        "no issuer answers at {issuer}: start `cargo local` in another terminal and wait for `ready`"
    )]
    NotRunning { issuer: String },
    /// A real issuer does not answer.
    #[error("no answer from {issuer}: `cargo local doctor --issuer {issuer}` shows why")]
    NoAnswer { issuer: String },
    /// The issuer is a real one, which does not know the local users.
    #[error(
        "{issuer} is a real issuer: get a token with `cargo local token` and put it into the event"
    )]
    RealIssuer { issuer: String },
    #[error("no user is named `{user}`: expected one of {known}")]
    UnknownUser { user: String, known: String },
    #[error("the issuer refused: {0}")]
    Refused(String),
    /// The issuer's response does not fit into a sign-in.
    #[error("the sign-in cannot continue: {0}")]
    Flow(String),
    #[error("the sign-in cannot continue: the operating system returned no random bytes")]
    Random(#[from] aws_lc_rs::error::Unspecified),
}
