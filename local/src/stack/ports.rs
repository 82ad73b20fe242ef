//! The ports of a stack.

use super::error::StackError;
use super::options::{RealIssuer, StackOptions};
use crate::packages;
use crate::port::{self, Port};
use crate::stack_file::StackFile;
use crate::template::Template;

/// The ports of the parts that listen in this process.
pub(super) struct Ports {
    pub(super) web: Port,
    pub(super) api: Port,
    pub(super) database: Port,
}

impl Ports {
    pub(super) async fn take(options: &StackOptions) -> Result<Self, StackError> {
        let ports = Self {
            web: port::take("web pages", "--web-port", options.web_port).await?,
            api: port::take("API", "--api-port", options.api_port).await?,
            database: port::take("database", "--database-port", options.database_port).await?,
        };
        if options.issuer.is_none() {
            // The issuer binds its port itself; this only checks before the build that it is free.
            drop(port::take("issuer", "--issuer-port", options.issuer_port).await?);
            packages::check_node().await?;
        }
        Ok(ports)
    }

    pub(super) fn stack_file(
        &self,
        template: &Template,
        issued_by: RealIssuer,
        issuer_pid: Option<u32>,
    ) -> StackFile {
        let origin = format!("http://{}", self.api.address);
        let first = template.functions.first();
        StackFile {
            pid: std::process::id(),
            api: format!("{origin}{}", template.api.base_path()),
            lambda: origin,
            function: first
                .map(|function| function.name.clone())
                .unwrap_or_default(),
            database: format!("http://{}", self.database.address),
            web: format!("http://{}", self.web.address),
            issuer: issued_by.url,
            issuer_pid,
            client_id: issued_by.client_id,
            audience: issued_by.audience,
        }
    }
}
