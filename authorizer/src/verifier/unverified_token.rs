//! A parsed token.

use crate::bearer::BearerToken;
use crate::claims::UnverifiedClaims;
use crate::compact_jws::CompactJws;
use crate::header::UnverifiedHeader;
use crate::refusal::Refusal;

/// The parsed but unverified parts of a JWS in compact form (RFC 7515, section 7.1).
pub(super) struct UnverifiedToken<'t> {
    pub(super) header: UnverifiedHeader,
    pub(super) claims: UnverifiedClaims,
    /// The signing input: the first two parts and the dot between them.
    pub(super) signing_input: &'t str,
    /// The third part, still in base64url.
    pub(super) signature: &'t str,
}

impl<'t> UnverifiedToken<'t> {
    pub(super) fn parse(token: &'t BearerToken) -> Result<Self, Refusal> {
        let jws = CompactJws::split(token.reveal())?;
        let header = UnverifiedHeader::parse(&jws.header()?)?;
        let claims = UnverifiedClaims::new(jws.payload()?);
        jws.check_signature_form()?;
        Ok(Self {
            header,
            claims,
            signing_input: jws.signing_input,
            signature: jws.signature,
        })
    }
}
