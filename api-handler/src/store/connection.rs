//! The SDK's client for the table: region, endpoint and credentials.
//!
//! Lambda passes an access key in the environment, which is used directly. Without one the SDK's default chain is used:
//! profiles (`AWS_PROFILE`, single sign-on, processes, roles), web identity, containers, the instance. The chain is
//! built only then, because it reads files and sends requests.

use aws_config::{
    default_provider::credentials::DefaultCredentialsChain, meta::region::ProvideRegion as _,
    profile::region::ProfileFileRegionProvider, provider_config::ProviderConfig,
};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, SharedHttpClient, StalledStreamProtectionConfig,
        retry::RetryConfig, timeout::TimeoutConfig,
    },
};
use tokio::sync::OnceCell;

use super::http;
use crate::config::{Aws, Settings};

impl Settings {
    /// Returns the settings with the region of the profile, unless the environment has one.
    ///
    /// # Errors
    /// When the profile has none.
    pub async fn with_region_of_profile(mut self) -> Result<Self, RegionError> {
        if self.aws.region.is_none() {
            let profile = ProfileFileRegionProvider::builder().build();
            let region = profile.region().await.ok_or(RegionError)?;
            self.aws.region = Some(region.as_ref().to_owned());
        }
        Ok(self)
    }
}

/// There is no region.
#[derive(Debug, thiserror::Error)]
#[error(
    "AWS_REGION is not set and the profile of AWS_PROFILE has no region; expected the region of the table"
)]
pub struct RegionError;

/// A client of the table. Nothing is sent yet.
///
/// # Errors
/// When TLS cannot be set up.
pub(super) fn client(aws: &Aws) -> Result<Client, rustls::Error> {
    let http = http::client()?;
    let region = aws.region.clone().map(Region::new);
    let mut sdk = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.clone())
        .credentials_provider(credentials(aws, region, http.clone()))
        .http_client(http)
        .use_fips(aws.use_fips)
        .use_dual_stack(aws.use_dual_stack)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        // `retry` limits each try, so what watches the throughput of every body has nothing to add.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &aws.endpoint {
        sdk = sdk.endpoint_url(endpoint);
    }
    Ok(Client::from_conf(sdk.build()))
}

fn credentials(
    aws: &Aws,
    region: Option<Region>,
    http: SharedHttpClient,
) -> SharedCredentialsProvider {
    match &aws.access_key {
        Some(key) => SharedCredentialsProvider::new(Credentials::new(
            &key.id,
            &key.secret,
            key.session_token.clone(),
            None,
            "environment",
        )),
        None => SharedCredentialsProvider::new(Chain {
            config: ProviderConfig::empty()
                .with_region(region)
                .with_http_client(http),
            chain: OnceCell::new(),
        }),
    }
}

/// The SDK's chain of credentials, built when it is first used.
#[derive(Debug)]
struct Chain {
    config: ProviderConfig,
    chain: OnceCell<DefaultCredentialsChain>,
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let build = || {
                DefaultCredentialsChain::builder()
                    .configure(self.config.clone())
                    .build()
            };
            let chain = self.chain.get_or_init(build).await;
            chain.provide_credentials().await
        })
    }
}
