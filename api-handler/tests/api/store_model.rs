//! Compares the store with a model: several writers that remember entity tags, lost requests and answers, throttling,
//! and two concurrent writers. After each step the test reads the table itself.

use std::{
    collections::HashMap,
    fmt::{self, Display},
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::story::Story;
use tokio::runtime::Builder;

use crate::{
    fake_store::{http, store},
    support::{Api, Ask, Reply, ask, forward},
};

const WRITERS: usize = 3;

/// The fault of the first write of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    RequestLost,
    AnswerLost,
    Throttled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Create,
    Put,
    Patch,
    Delete,
}

/// A write. The writer sends the last entity tag that it saw, or `*`.
#[derive(Clone, Copy, Debug)]
struct Write {
    writer: usize,
    kind: Kind,
    any_version: bool,
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Read { writer: usize },
    Write(Write, Fault),
    AtOnce(Write, Write),
}

fn write() -> impl Strategy<Value = Write> {
    let kind = prop_oneof![
        2 => Just(Kind::Create),
        3 => Just(Kind::Put),
        2 => Just(Kind::Patch),
        1 => Just(Kind::Delete),
    ];
    (0..WRITERS, kind, prop::bool::weighted(0.3)).prop_map(|(writer, kind, any_version)| Write {
        writer,
        kind,
        any_version,
    })
}

fn op() -> impl Strategy<Value = Op> {
    let fault = prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::RequestLost),
        2 => Just(Fault::AnswerLost),
        1 => Just(Fault::Throttled),
    ];
    prop_oneof![
        2 => (0..WRITERS).prop_map(|writer| Op::Read { writer }),
        5 => (write(), fault).prop_map(|(write, fault)| Op::Write(write, fault)),
        2 => (write(), write()).prop_map(|(first, second)| Op::AtOnce(first, second)),
    ]
}

/// A version in the table.
#[derive(Clone, Debug, PartialEq)]
struct Version {
    number: u64,
    tag: String,
    value: Value,
}

struct Model {
    /// The API in front of the store that loses requests and answers.
    api: Api,
    direct: Api,
    next_fault: Arc<Mutex<Fault>>,
    story: Story,
    /// The last entity tag that each writer saw.
    seen: [String; WRITERS],
    /// All tags so far, each with a short name.
    tags: HashMap<String, usize>,
    writes: u64,
}

impl Model {
    async fn new() -> Self {
        let direct = Api::start().await;
        let next_fault = Arc::new(Mutex::new(Fault::None));
        let (real, fault) = (direct.endpoint.clone(), Arc::clone(&next_fault));
        let faulty = store(move |operation, input| {
            let (real, fault) = (real.clone(), Arc::clone(&fault));
            async move {
                let is_write = ["PutItem", "UpdateItem", "DeleteItem"].contains(&&*operation);
                let fault = if is_write {
                    std::mem::replace(&mut *fault.lock().unwrap(), Fault::None)
                } else {
                    Fault::None
                };
                match fault {
                    Fault::RequestLost => None,
                    Fault::Throttled => {
                        let code = "com.amazonaws.dynamodb.v20120810#ThrottlingException";
                        http(400, "", &json!({"__type": code}).to_string())
                    }
                    Fault::AnswerLost => {
                        forward(&real, &operation, &input).await;
                        None
                    }
                    Fault::None => {
                        let (status, body) = forward(&real, &operation, &input).await;
                        http(status, "", &body)
                    }
                }
            }
        })
        .await;
        Self {
            api: Api::over(&faulty, &direct.table, &[]),
            direct,
            next_fault,
            story: Story::default(),
            seen: [const { String::new() }; WRITERS],
            tags: HashMap::new(),
            writes: 0,
        }
    }

    /// The version in the table.
    async fn stored(&self) -> Option<Version> {
        let key = json!({
            "TableName": self.direct.table, "Key": {"id": {"S": "a"}}, "ConsistentRead": true,
        });
        let (status, body) = forward(&self.direct.endpoint, "GetItem", &key).await;
        assert_eq!(status, 200);
        let body: Value = serde_json::from_str(&body).unwrap();
        let item = body.get("Item")?;
        Some(Version {
            number: item["version"]["N"].as_str()?.parse().ok()?,
            tag: format!("\"{}\"", item["tag"]["S"].as_str()?),
            value: serde_json::from_str(item["value"]["S"].as_str()?).ok()?,
        })
    }

    async fn run(&mut self, op: Op) -> Result<(), String> {
        match op {
            Op::Read { writer } => {
                self.story.step(format!("writer {writer} reads"));
                let stored = self.stored().await;
                let reply = self.api.send(ask("GET", "/state/a").by("alice")).await;
                self.story.outcome(reply.status);
                match (&stored, reply.status) {
                    (None, 404) => Ok(()),
                    (Some(version), 200) if reply.body["value"] == version.value => {
                        self.seen[writer] = reply.etag();
                        Ok(())
                    }
                    _ => Err(format!("the table has {stored:?}")),
                }
            }
            Op::Write(write, fault) => self.write(write, fault).await,
            Op::AtOnce(first, second) => self.at_once(first, second).await,
        }
    }

    async fn write(&mut self, write: Write, fault: Fault) -> Result<(), String> {
        let (request, value) = self.request(write);
        self.story
            .step(format!("{}{fault}", self.in_words(write, &value)));
        let before = self.stored().await;
        *self.next_fault.lock().unwrap() = fault;
        let reply = self.api.send(request).await;
        *self.next_fault.lock().unwrap() = Fault::None;
        let after = self.stored().await;
        self.story.outcome(format!(
            "{}, {}",
            reply.status,
            self.change(&before, &after)
        ));
        let permitted = self.is_permitted(write, before.as_ref());
        let made = self.is_effect(write, &value, before.as_ref(), after.as_ref());
        let is_new = after
            .as_ref()
            .is_none_or(|after| !self.tags.contains_key(&after.tag));
        let wrong = if after == before {
            match reply.status {
                200 | 201 | 204 => Some("success, but nothing is written"),
                412 | 404 if permitted => Some("refused although the precondition holds"),
                412 | 404 => None,
                429 if fault == Fault::Throttled => None,
                503 if fault == Fault::RequestLost => None,
                // The lost answer was a refusal by the table.
                503 if fault == Fault::AnswerLost && !permitted => None,
                _ => Some("an unexpected status"),
            }
        } else if !permitted {
            Some("written although the precondition does not hold")
        } else if !made || !is_new {
            Some("the table has something other than the request")
        } else {
            match reply.status {
                200 | 201 | 204 => None,
                // A deleted resource does not show who deleted it.
                503 if fault == Fault::AnswerLost && write.kind == Kind::Delete => None,
                _ => Some("written, but no success"),
            }
        };
        self.learn(write, &reply, after.as_ref());
        wrong.map_or(Ok(()), |wrong| Err(wrong.to_owned()))
    }

    /// Two concurrent writes without faults. The result must be as if one came after the other.
    async fn at_once(&mut self, first: Write, second: Write) -> Result<(), String> {
        let (request_1, value_1) = self.request(first);
        let (request_2, value_2) = self.request(second);
        self.story.step(format!(
            "at the same moment {}, and {}",
            self.in_words(first, &value_1),
            self.in_words(second, &value_2)
        ));
        let before = self.stored().await;
        let (reply_1, reply_2) = tokio::join!(self.api.send(request_1), self.api.send(request_2));
        let after = self.stored().await;
        let statuses = format!("{} and {}", reply_1.status, reply_2.status);
        self.story
            .outcome(format!("{statuses}, {}", self.change(&before, &after)));
        let orders = [
            [(first, &value_1, &reply_1), (second, &value_2, &reply_2)],
            [(second, &value_2, &reply_2), (first, &value_1, &reply_1)],
        ];
        let fits = orders
            .iter()
            .any(|order| self.is_order(order, before.as_ref(), after.as_ref()));
        self.learn(first, &reply_1, after.as_ref());
        self.learn(second, &reply_2, after.as_ref());
        if fits {
            Ok(())
        } else {
            Err("no order of the two writes explains this".to_owned())
        }
    }

    /// Whether two writes in this order change one version to the other with these replies.
    fn is_order(
        &self,
        order: &[(Write, &Value, &Reply); 2],
        before: Option<&Version>,
        after: Option<&Version>,
    ) -> bool {
        let mut now = before.cloned();
        for (write, value, reply) in order {
            let success = matches!(reply.status, 200 | 201 | 204);
            let permitted = self.is_permitted(*write, now.as_ref());
            // A patch reads before it writes, so a write in between makes it lose, whatever it sends.
            let may_lose = write.kind == Kind::Patch || write.any_version;
            if success != permitted && !(permitted && may_lose && reply.status == 412) {
                return false;
            }
            if success {
                now = (write.kind != Kind::Delete).then(|| Version {
                    number: now.map_or(1, |now| now.number + 1),
                    tag: reply.etag(),
                    value: (*value).clone(),
                });
            }
        }
        now.as_ref() == after
    }

    fn request(&mut self, write: Write) -> (Ask, Value) {
        self.writes += 1;
        let value = json!(self.writes);
        let tag = if write.any_version {
            "*"
        } else {
            match &*self.seen[write.writer] {
                "" => "\"never\"",
                seen => seen,
            }
        };
        let request = |method| ask(method, "/state/a").by("alice");
        let body = json!({"value": value});
        let request = match write.kind {
            Kind::Create => request("PUT").create().json(&body),
            Kind::Put => request("PUT").if_match(tag).json(&body),
            Kind::Patch => request("PATCH")
                .if_match(tag)
                .body("application/merge-patch+json", &body.to_string()),
            Kind::Delete => request("DELETE").if_match(tag),
        };
        (request, value)
    }

    fn is_permitted(&self, write: Write, current: Option<&Version>) -> bool {
        match (write.kind, current) {
            (Kind::Create, current) => current.is_none(),
            (_, None) => false,
            (_, Some(current)) => write.any_version || current.tag == self.seen[write.writer],
        }
    }

    /// Whether this write changes one version to the other.
    fn is_effect(
        &self,
        write: Write,
        value: &Value,
        before: Option<&Version>,
        after: Option<&Version>,
    ) -> bool {
        match (write.kind, after) {
            (Kind::Delete, after) => after.is_none(),
            (_, None) => false,
            (_, Some(after)) => {
                let number = before.map_or(1, |before| before.number + 1);
                after.number == number && after.value == *value
            }
        }
    }

    /// Records the tag of a successful write for its writer, and a short name for each tag.
    fn learn(&mut self, write: Write, reply: &Reply, after: Option<&Version>) {
        if matches!(reply.status, 200 | 201) {
            self.seen[write.writer] = reply.etag();
        }
        let tags = after.map(|after| after.tag.clone());
        for tag in tags.into_iter().chain([self.seen[write.writer].clone()]) {
            let next = self.tags.len();
            self.tags.entry(tag).or_insert(next);
        }
    }

    fn in_words(&self, write: Write, value: &Value) -> String {
        let Write { writer, kind, .. } = write;
        let over = if write.any_version {
            "any version".to_owned()
        } else {
            let seen = self.tags.get(&self.seen[writer]);
            seen.map_or("a version it never saw".to_owned(), |tag| {
                format!("tag {tag}")
            })
        };
        match kind {
            Kind::Create => format!("writer {writer} creates it with {value}"),
            Kind::Put => format!("writer {writer} puts {value} over {over}"),
            Kind::Patch => format!("writer {writer} patches {over} to {value}"),
            Kind::Delete => format!("writer {writer} deletes {over}"),
        }
    }

    fn change(&self, before: &Option<Version>, after: &Option<Version>) -> String {
        if before == after {
            return "the table is as before".to_owned();
        }
        after.as_ref().map_or("it is gone".to_owned(), |after| {
            let Version { number, value, .. } = after;
            let known = self.tags.get(&after.tag);
            let tag = known.copied().unwrap_or(self.tags.len());
            format!("version {number} with tag {tag} is {value}")
        })
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::RequestLost => " (the request is lost)",
            Self::AnswerLost => " (the answer is lost)",
            Self::Throttled => " (the store throttles once)",
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_write_is_applied_once_or_not_at_all(ops in prop::collection::vec(op(), 1..25)) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new().await;
            for op in ops {
                if let Err(wrong) = model.run(op).await {
                    return Err(TestCaseError::fail(model.story.ends_wrong(wrong)));
                }
            }
            Ok(())
        })?;
    }
}
