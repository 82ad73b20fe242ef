//! The ports of the stack, bound on loopback before any slow step, so that a port in use is reported at once.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

#[derive(Debug, thiserror::Error)]
#[error(
    "port {port} for the {part} is in use or not allowed ({cause}): choose another with {flag} (0 is any free port)"
)]
pub(crate) struct PortError {
    port: u16,
    part: &'static str,
    flag: &'static str,
    cause: std::io::Error,
}

impl PortError {
    /// The port of `part`, which `flag` sets, is in use or not allowed.
    pub(crate) const fn new(
        part: &'static str,
        flag: &'static str,
        port: u16,
        cause: std::io::Error,
    ) -> Self {
        Self {
            port,
            part,
            flag,
            cause,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// Binds a port on loopback; 0 is any free port. Fails if it is in use.
pub(crate) async fn take(
    part: &'static str,
    flag: &'static str,
    port: u16,
) -> Result<Port, PortError> {
    let taken = |cause| PortError::new(part, flag, port, cause);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    Ok(Port { listener, address })
}
