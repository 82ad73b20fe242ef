//! Builds the SDK's client for the table: region, endpoint and credentials.
//!
//! Lambda sets an access key in the environment, which is used directly. Without a key the SDK's default chain is used:
//! profiles (`AWS_PROFILE`, single sign-on, processes, roles), web identity, containers, the instance. The chain is
//! built only in that case, because it reads files and sends requests.

use ::http::Uri;
use aws_config::{
    default_provider::credentials::DefaultCredentialsChain, meta::region::ProvideRegion as _,
    profile::region::ProfileFileRegionProvider, provider_config::ProviderConfig,
};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, SharedHttpClient, StalledStreamProtectionConfig,
        endpoint::{DefaultResolver, Params, ResolveEndpoint as _},
        retry::RetryConfig,
        timeout::TimeoutConfig,
    },
};
use tokio::sync::OnceCell;

use super::http;
use crate::config::{Aws, Settings};

impl Settings {
    /// Returns the settings with the region of the profile, unless the environment has a region. Fails if the profile
    /// has no region.
    pub async fn with_region_of_profile(mut self) -> Result<Self, RegionError> {
        if self.aws.region.is_none() {
            let profile = ProfileFileRegionProvider::builder().build();
            let region = profile.region().await.ok_or(RegionError)?;
            self.aws.region = Some(region.as_ref().to_owned());
        }
        Ok(self)
    }
}

/// No region is configured.
#[derive(Debug, thiserror::Error)]
#[error(
    "AWS_REGION is not set and the profile of AWS_PROFILE has no region; expected the region of the table"
)]
pub struct RegionError;

/// Creates the client without sending a request. Fails if TLS cannot be set up.
pub(super) fn client(aws: &Aws) -> Result<(Client, http::Connector), rustls::Error> {
    let connector = http::connector()?;
    let http = http::client_over(connector.clone());
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
        // `retry` limits the time of each attempt, so watching the throughput of every body adds nothing.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &aws.endpoint {
        sdk = sdk.endpoint_url(endpoint);
    }
    Ok((Client::from_conf(sdk.build()), connector))
}

/// The endpoint of the client, by the rules of the SDK. `None` if the rules find none.
pub(super) async fn endpoint(aws: &Aws) -> Option<Uri> {
    if let Some(endpoint) = &aws.endpoint {
        return endpoint.parse().ok();
    }
    let params = Params::builder()
        .set_region(aws.region.clone())
        .use_fips(aws.use_fips)
        .use_dual_stack(aws.use_dual_stack)
        .build()
        .ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await;
    endpoint.ok()?.url().parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_endpoint_equals_the_sdks_endpoint() {
        let region = |region: &str| Aws {
            region: Some(region.to_owned()),
            endpoint: None,
            use_fips: false,
            use_dual_stack: false,
            access_key: None,
        };
        for (aws, expected) in [
            (
                region("eu-west-1"),
                "https://dynamodb.eu-west-1.amazonaws.com/",
            ),
            (
                region("cn-north-1"),
                "https://dynamodb.cn-north-1.amazonaws.com.cn/",
            ),
            (
                Aws {
                    use_fips: true,
                    ..region("us-east-1")
                },
                "https://dynamodb-fips.us-east-1.amazonaws.com/",
            ),
            (
                Aws {
                    use_dual_stack: true,
                    ..region("us-east-1")
                },
                "https://dynamodb.us-east-1.api.aws/",
            ),
            (
                Aws {
                    endpoint: Some("http://127.0.0.1:8000".to_owned()),
                    ..region("us-east-1")
                },
                "http://127.0.0.1:8000/",
            ),
        ] {
            let found = endpoint(&aws).await.unwrap();
            assert_eq!(found, expected, "{aws:?}");
        }
    }
}
