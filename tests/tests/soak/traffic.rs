//! The requests of each worker, and its knowledge of its resources.

use std::fmt;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::seeded::Seeded;
use tests::{HttpAnswer, RunningStack, send};

use crate::new_random;

/// The resources of each worker.
const RESOURCES: usize = 5;

/// The tokens of all workers.
#[derive(Debug)]
pub(crate) struct Tokens {
    good: String,
    revoked: String,
}

impl Tokens {
    /// Signs in twice, and revokes one of the tokens before its first use.
    pub(crate) async fn issue(stack: &RunningStack) -> Self {
        let tokens = Self {
            good: stack.token("alice"),
            revoked: stack.token("bob"),
        };
        let form = format!("client_id=web&token={}", tokens.revoked);
        let request = Client::new()
            .post(format!("{}/v1/revoke", stack.address("issuer")))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        assert_eq!(send(request).await.status, 200, "the token is not revoked");
        tokens
    }
}

/// The number of calls by outcome.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Writes that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Calls that failed because a function was killed.
    pub(crate) failed: u64,
    /// Failed writes. A later read showed whether each was made.
    in_doubt: u64,
    reads: u64,
    /// Writes with a precondition that does not hold.
    preconditions: u64,
    /// Calls without a valid token.
    refused: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.failed += other.failed;
        self.in_doubt += other.in_doubt;
        self.reads += other.reads;
        self.preconditions += other.preconditions;
        self.refused += other.refused;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            acknowledged,
            failed,
            in_doubt,
            reads,
            preconditions,
            refused,
        } = self;
        write!(
            f,
            "{acknowledged} writes acknowledged, {reads} reads, {preconditions} preconditions not met, {refused} calls \
             refused, {failed} calls failed ({in_doubt} of them writes)"
        )
    }
}

/// A resource as its only writer knows it.
#[derive(Debug, Default)]
struct Resource {
    /// The last acknowledged number; none if the resource does not exist.
    number: Option<u64>,
    /// A write without an answer: the number, or none for a deletion.
    in_doubt: Option<Option<u64>>,
    etag: String,
}

/// A client that is the only writer of its resources.
#[derive(Debug)]
pub(crate) struct Worker {
    name: u64,
    random: Seeded,
    resources: Vec<Resource>,
    written: u64,
    pub(crate) counts: Counts,
}

impl Worker {
    pub(crate) fn new(name: u64) -> Self {
        Self {
            name,
            random: new_random(name),
            resources: (0..RESOURCES).map(|_| Resource::default()).collect(),
            written: 0,
            counts: Counts::default(),
        }
    }

    /// Makes one call of a random kind.
    pub(crate) async fn act(&mut self, stack: &RunningStack, tokens: &Tokens) {
        let place = self.random.below(RESOURCES);
        match self.random.below(10) {
            0..4 => self.read(place, stack, &tokens.good).await,
            4..7 => self.write(place, stack, &tokens.good).await,
            7 => self.write_stale(place, stack, &tokens.good).await,
            8 => {
                let junk = format!("{:x}.{:x}.AAAA", self.random.number(), self.random.number());
                self.refused(place, stack, Some(&junk)).await;
            }
            _ => {
                let token = [None, Some(tokens.revoked.as_str())];
                let token = *self.random.pick(&token);
                self.refused(place, stack, token).await;
            }
        }
    }

    /// Reads every resource until its answer is known.
    pub(crate) async fn verify(&mut self, stack: &RunningStack, tokens: &Tokens) {
        for place in 0..self.resources.len() {
            let reads = self.counts.reads;
            while self.counts.reads == reads {
                self.read(place, stack, &tokens.good).await;
            }
        }
    }

    fn path(&self, place: usize) -> String {
        format!("/state/soak-{}-{place}", self.name)
    }

    /// Whether the call failed because a function was killed.
    fn failed(&mut self, answer: &HttpAnswer) -> bool {
        let failed = [500, 502, 503, 504].contains(&answer.status);
        self.counts.failed += u64::from(failed);
        failed
    }

    /// A read returns the acknowledged value, or that of the write in doubt.
    async fn read(&mut self, place: usize, stack: &RunningStack, token: &str) {
        let path = self.path(place);
        let answer = stack.get(&path, Some(token)).await;
        if self.failed(&answer) {
            return;
        }
        let found = match answer.status {
            200 => answer
                .json()
                .pointer("/value/number")
                .and_then(Value::as_u64),
            404 => None,
            _ => panic!("{path}: {answer:?}"),
        };
        self.counts.reads += 1;
        let resource = self.resources.get_mut(place).expect("a resource");
        let may_be = [Some(resource.number), resource.in_doubt];
        assert!(
            may_be.contains(&Some(found)),
            "{path}: found {found:?}, expected {may_be:?}"
        );
        resource.number = found;
        resource.in_doubt = None;
        resource.etag = etag(&answer);
    }

    /// Creates, replaces or deletes, with the precondition that the last answer allows.
    async fn write(&mut self, place: usize, stack: &RunningStack, token: &str) {
        let path = self.path(place);
        self.written += 1;
        let deletes = self.random.one_in(8);
        let resource = self.resources.get_mut(place).expect("a resource");
        if resource.in_doubt.is_some() {
            return self.read(place, stack, token).await;
        }
        let (number, request) = match resource.number {
            None => (
                Some(self.written),
                stack.create(&path, with_number(self.written)),
            ),
            Some(_) if deletes => (
                None,
                stack
                    .request(Method::DELETE, &path)
                    .header("if-match", &resource.etag),
            ),
            Some(_) => (
                Some(self.written),
                replace(stack, &path, &resource.etag, self.written),
            ),
        };
        let answer = send(request.bearer_auth(token)).await;
        let failed = self.failed(&answer);
        let resource = self.resources.get_mut(place).expect("a resource");
        if failed {
            self.counts.in_doubt += 1;
            resource.in_doubt = Some(number);
            return;
        }
        assert!(
            [200, 201, 204].contains(&answer.status),
            "{path}: {answer:?}"
        );
        self.counts.acknowledged += 1;
        resource.number = number;
        resource.etag = etag(&answer);
    }

    /// Checks that a write with a precondition that cannot hold changes nothing.
    async fn write_stale(&mut self, place: usize, stack: &RunningStack, token: &str) {
        let path = self.path(place);
        let request = replace(stack, &path, "\"stale\"", 0);
        let answer = send(request.bearer_auth(token)).await;
        if !self.failed(&answer) {
            assert!([404, 412].contains(&answer.status), "{path}: {answer:?}");
            self.counts.preconditions += 1;
        }
    }

    /// Checks that a call without a valid token has no effect.
    async fn refused(&mut self, place: usize, stack: &RunningStack, token: Option<&str>) {
        let path = self.path(place);
        let request = stack.create(&path, with_number(0));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = send(request).await;
        if !self.failed(&answer) {
            assert_eq!(answer.status, 401, "{path}: {answer:?}");
            self.counts.refused += 1;
        }
    }
}

fn replace(stack: &RunningStack, path: &str, etag: &str, number: u64) -> RequestBuilder {
    stack
        .request(Method::PUT, path)
        .header("if-match", etag)
        .header("content-type", "application/json")
        .body(with_number(number))
}

fn with_number(number: u64) -> String {
    json!({"value": {"number": number}}).to_string()
}

fn etag(answer: &HttpAnswer) -> String {
    let etag = answer
        .headers
        .get("etag")
        .and_then(|etag| etag.to_str().ok());
    etag.unwrap_or_default().to_owned()
}
