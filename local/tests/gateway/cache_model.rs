//! The cache of authorizers' answers compared with a model: callers with several tokens on several routes, time that
//! passes, and an authorizer that changes its decision, fails, or refuses.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use testkit::story::Story;
use tokio::runtime::Builder;

use crate::support::{Api, failure, policy, success};

/// Two authorizers with one function: answers of `Short` are cached for 60 seconds, answers of `Long` for 300 seconds by
/// token and tenant.
const TEMPLATE: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Short
        Authorizers:
          Short: {FunctionArn: !GetAtt Guard.Arn, Identity: {ReauthorizeEvery: 60}}
          Long: {FunctionArn: !GetAtt Guard.Arn, FunctionPayloadType: REQUEST, Identity: {Headers: [Authorization], QueryStrings: [tenant], ReauthorizeEvery: 300}}
          Never: {FunctionArn: !GetAtt Guard.Arn, FunctionPayloadType: REQUEST, Identity: {ReauthorizeEvery: 0}}
  Guard:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: guard}}
  Handler:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: handler}}
    Properties:
      Events:
        A: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: GET}}
        B: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /b, Method: GET}}
        Long: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /long, Method: GET, Auth: {Authorizer: Long}}}
        Never: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /never, Method: GET, Auth: {Authorizer: Never}}}
"#;

const PATHS: [&str; 4] = ["a", "b", "long", "never"];

/// The answer of the authorizer from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mind {
    AllowsAll,
    AllowsOnlyA,
    DeniesAll,
    Refuses,
    Fails,
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Pass(u64),
    Decide(Mind),
    Call {
        path: &'static str,
        token: u8,
        tenant: u8,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let mind = prop_oneof![
        Just(Mind::AllowsAll),
        Just(Mind::AllowsOnlyA),
        Just(Mind::DeniesAll),
        Just(Mind::Refuses),
        Just(Mind::Fails),
    ];
    prop_oneof![
        2 => (1..200_u64).prop_map(Op::Pass),
        2 => mind.prop_map(Op::Decide),
        8 => (prop::sample::select(PATHS.to_vec()), 0..3_u8, 0..2_u8)
            .prop_map(|(path, token, tenant)| Op::Call { path, token, tenant }),
    ]
}

struct Model {
    api: Api,
    story: Story,
    now: u64,
    mind: Mind,
    /// The cached answers with their expiry, by authorizer and identity.
    kept: HashMap<(&'static str, String), (Mind, u64)>,
}

impl Model {
    fn new() -> Self {
        Self {
            api: Api::of(TEMPLATE),
            story: Story::default(),
            now: 0,
            mind: Mind::AllowsAll,
            kept: HashMap::new(),
        }
    }

    async fn run(&mut self, op: Op) -> Result<(), String> {
        match op {
            Op::Pass(seconds) => {
                self.story.step(format!("{seconds} s pass"));
                self.now += seconds;
                self.api.clock.advance(Duration::from_secs(seconds));
                Ok(())
            }
            Op::Decide(mind) => {
                self.story
                    .step(format!("the authorizer {}", mind.in_words()));
                self.mind = mind;
                *self.api.functions.guard.lock().unwrap() = match mind {
                    Mind::AllowsAll => success(&policy("Allow", "*")),
                    Mind::AllowsOnlyA => success(&policy("Allow", "GET/a")),
                    Mind::DeniesAll => success(&policy("Deny", "*")),
                    Mind::Refuses => failure("Unauthorized"),
                    Mind::Fails => failure("out of order"),
                };
                Ok(())
            }
            Op::Call {
                path,
                token,
                tenant,
            } => self.call(path, token, tenant).await,
        }
    }

    async fn call(&mut self, path: &'static str, token: u8, tenant: u8) -> Result<(), String> {
        self.story.step(format!(
            "GET /{path} with token {token} for tenant {tenant}"
        ));
        let before = self.api.invoked("guard");
        let line = format!("GET /prod/{path}?tenant={tenant}");
        let header = format!("Authorization: Bearer {token}");
        let status = self.api.send(&line, &[&header]).await.status().as_u16();
        let asked = self.api.invoked("guard") - before;
        self.story
            .outcome(format!("{status}, the authorizer was asked {asked} times"));

        let (authorizer, identity, ttl) = match path {
            "long" => ("Long", format!("{token} {tenant}"), 300),
            "never" => ("Never", String::new(), 0),
            _ => ("Short", token.to_string(), 60),
        };
        let key = (authorizer, identity);
        let kept = self.kept.get(&key).filter(|(_, until)| self.now < *until);
        let (mind, expected_asked) = kept.map_or((self.mind, 1), |(mind, _)| (*mind, 0));
        let is_answer = !matches!(mind, Mind::Refuses | Mind::Fails);
        if expected_asked == 1 && is_answer && ttl > 0 {
            self.kept.insert(key, (mind, self.now + ttl));
        }
        let expected = match mind {
            Mind::AllowsAll => 200,
            Mind::AllowsOnlyA if path == "a" => 200,
            Mind::AllowsOnlyA | Mind::DeniesAll => 403,
            Mind::Refuses => 401,
            Mind::Fails => 500,
        };
        if (status, asked) == (expected, expected_asked) {
            Ok(())
        } else {
            Err(format!(
                "expected {expected}, and the authorizer asked {expected_asked} times"
            ))
        }
    }
}

impl Mind {
    const fn in_words(self) -> &'static str {
        match self {
            Self::AllowsAll => "allows every route from now on",
            Self::AllowsOnlyA => "allows only GET /a from now on",
            Self::DeniesAll => "denies every route from now on",
            Self::Refuses => "refuses every token from now on",
            Self::Fails => "fails from now on",
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_cached_for_their_time_and_their_key(ops in prop::collection::vec(op(), 1..60)) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new();
            for op in ops {
                if let Err(wrong) = model.run(op).await {
                    return Err(TestCaseError::fail(model.story.ends_wrong(wrong)));
                }
            }
            Ok(())
        })?;
    }
}
