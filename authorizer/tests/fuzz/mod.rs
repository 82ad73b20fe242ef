//! The checks of the authorizer's fuzz targets. `fuzz/` builds them for libFuzzer, and `fuzz_seeds.rs` runs them on the
//! seeds. They use only public items.

mod bearer;
mod documents;
mod dpop;
mod event;
mod rules;
mod token;

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use testkit::seeds::FuzzTarget;
use testkit::signer::Signer;
use tokio::runtime::{Builder, Runtime};

use crate::support::{World, settings};

/// The targets by their names in `fuzz/Cargo.toml`.
pub(crate) const TARGETS: [FuzzTarget; 8] = [
    ("bearer", bearer::bearer),
    ("cache_control", documents::cache_control),
    ("dpop", dpop::dpop),
    ("event", event::event),
    ("jwks", documents::jwks),
    ("metadata", documents::metadata),
    ("rules", rules::rules),
    ("token", token::token),
];

/// The issuer's key. It is the same in every run, so that a finding can be repeated.
fn issuer_key() -> &'static Signer {
    static KEY: LazyLock<Signer> = LazyLock::new(|| fixed_key(1));
    &KEY
}

/// A client's key.
fn client_key() -> &'static Signer {
    static KEY: LazyLock<Signer> = LazyLock::new(|| fixed_key(2));
    &KEY
}

fn fixed_key(seed: u8) -> Signer {
    Signer::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
}

/// A small deployment with an issuer that signs with [`issuer_key`].
fn world(variables: &[(&str, &str)]) -> World {
    let settings = settings(&[&[("ALGORITHMS", "EdDSA,RS256")], variables].concat());
    World::of(settings.unwrap(), &issuer_key().jwk("k1"))
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
