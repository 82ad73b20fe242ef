//! The context in which a route answers.

use lambda_support::clock::Clock;

use crate::{
    caller::Caller, config::SignInMetadata, cursor::Cursors, event::Request, store::Store,
};

/// One request and everything needed to answer it.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) request: &'a Request,
    /// The URL under which the caller reaches this API, without a trailing slash.
    pub(crate) base_url: &'a str,
    /// The data for the metadata document (RFC 9728), if this API publishes one.
    pub(crate) sign_in: Option<&'a SignInMetadata>,
    pub(crate) caller: &'a Caller,
    pub(crate) store: &'a Store,
    pub(crate) cursors: &'a Cursors,
    pub(crate) clock: &'a dyn Clock,
}
