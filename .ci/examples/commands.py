"""Where CI runs each command of the pages, or why it cannot. `test_commands.py` compares this with the pages."""

# test_running.py runs it as written.
RUNNING = "test_running.py"


class By:
    """A script that runs the command, with the words that do it there."""

    def __init__(self, script, words):
        self.script, self.words = script, words


class Not:
    """Why the command is not run here."""

    def __init__(self, reason):
        self.reason = reason


ACCOUNT = Not("it needs an AWS account")
OKTA = Not("it needs an issuer on the Internet")
DEPLOYED = Not("it needs an API on AWS; local/tests/smoke runs it against servers on loopback")
LONG = Not("it takes long; `cargo test` runs a short form")
MEASURES = Not("it measures on an idle machine")
ARM64 = Not("it builds for arm64, and no package registry has its standard library; .ci/package.sh builds for x86_64")
PYTHON = Not("it packages with Python 3.13, the runtime of the function, which Debian does not have")
RELEASED = Not("it needs a release, or makes one")
BUILDS = Not("it builds all the release's files; .ci/package.sh builds the same programs and checks them with the same scripts")

MUTANTS = By(".github/workflows/mutants.yml", "tests/mutants/run.py")
X86_64 = By(".ci/package.sh", "sam_build\n")
CDK_SYNTH = "npx cdk synth -c issuer=https://dev-1.okta.com/oauth2/default -c code=../../dist/authorizer-0.1.0-arm64.zip"
DOCTOR = (
    "cargo local doctor --issuer https://dev-1.okta.com/oauth2/default --audience api://default --client-id 0oa… "
    "--redirect-uri http://127.0.0.1:8080/callback.html --web-origin http://127.0.0.1:8080 "
    '--scope "openid profile offline_access state:write" --sign-in'
)

# The pages with `console` blocks, and the test that runs each.
CONSOLE = {
    "README.md": "tests/tests/readme.rs",
    "docs/access.md": ".ci/examples/test_running.py",
    "docs/sign-in.md": "tests/tests/readme.rs",
    "examples/http-api/README.md": ".ci/examples/test_running.py",
    "examples/rest-api/README.md": ".ci/examples/test_running.py",
    "examples/shared/README.md": ".ci/examples/test_running.py",
}

# The commands of the `sh` blocks, by page. `cargo test` is not listed: each such command runs a part of what CI runs,
# and `test_commands.py` checks that it selects a test.
COMMANDS = {
    "CONTRIBUTING.md": {
        "cargo build": RUNNING,
        "tests/differential/run.sh": LONG,
        "tests/mutants/run.py access": MUTANTS,
        "scripts/release.sh x86_64": BUILDS,
        "git tag v0.1.0": RELEASED,
        "git push origin v0.1.0": RELEASED,
        "aws cloudformation deploy --region us-east-1 --stack-name publishing --template-file .github/publishing.yaml "
        "--capabilities CAPABILITY_IAM --parameter-overrides Repository=OWNER/NAME": ACCOUNT,
        "aws serverlessrepo put-application-policy --region us-east-1 --application-id ARN --statements Principals=*,Actions=Deploy": ACCOUNT,
    },
    "README.md": {
        "cargo local": By(".ci/readme.sh", 'cargo local "$@"'),
        "cargo local --parameter Dpop=accept --parameter DeletionAcr=urn:okta:loa:2fa:any": By(
            ".ci/readme.sh", r"sed -n 's/^cargo local \(--parameter .*\)/\1/p' README.md"
        ),
        DOCTOR: OKTA,
        "cargo local --issuer https://dev-1.okta.com/oauth2/default --client-id 0oa… --audience api://default": OKTA,
        "sam build": X86_64,
        "sam deploy --guided": ACCOUNT,
        'cargo local smoke --api https://….execute-api.….amazonaws.com/prod --allowed "GET /session" --guarded "PUT /state/smoke" '
        "--token … --weak-token … --expired-token … --origin https://app.example.com": DEPLOYED,
    },
    "docs/access.md": {
        "git show origin/main:template.yaml | cargo -q local access diff - --fail-on-widening": RUNNING,
        'cargo -q local explain PUT /state/home --token "DPoP $TOKEN" --header "DPoP: $PROOF" --header "Host: api.example.com" '
        "--at 2026-01-01T12:00:00Z": By("local/tests/explain/proof.rs", "--header=DPoP: {}"),
        'for group in $ACCESS_LOG_GROUP $AUTHORIZER_LOG_GROUP $API_HANDLER_LOG_GROUP; do aws logs tail "$group" --since 1h; done | '
        "cargo -q local why REQUEST_ID --logs -": ACCOUNT,
    },
    "docs/keys-in-the-package.md": {
        "mkdir -p layer": RUNNING,
        "scripts/fetch-keys.sh https://dev-1.okta.com/oauth2/default layer/jwks.json": RUNNING,
        "(cd layer && zip -X ../layer.zip jwks.json)": RUNNING,
        "aws lambda publish-layer-version --layer-name authorizer-keys --zip-file fileb://layer.zip": ACCOUNT,
        "scripts/fetch-keys.sh http://127.0.0.1:9000/oauth2/default target/jwks.json": RUNNING,
    },
    "docs/okta.md": {
        "cargo local doctor --issuer https://dev-1.okta.com/oauth2/default": OKTA,
        DOCTOR: OKTA,
    },
    "docs/performance.md": {
        "cargo local bench": By(".ci/run", "cargo local bench --quick"),
        ".ci/performance.sh target/profile": By(".ci/run", ".ci/performance.sh"),
        "CARGO_PROFILE_RELEASE_STRIP=false .ci/performance.sh": By(".ci/run", ".ci/performance.sh"),
        ".ci/performance/groups.py target/profile.runtime target/profile.same-token target/profile.runtime-verification "
        "target/profile.distinct-tokens 300": MEASURES,
        ".ci/performance/groups.py target/profile.start-of-the-runtime target/profile.start-http target/profile.start-https "
        "target/profile.start-JWKS-FILE": MEASURES,
        ".ci/performance/groups.py target/profile.handler-s-runtime target/profile.GET-session target/profile.runtime-GetItem "
        "target/profile.GET-state target/profile.runtime-PutItem target/profile.PUT 70": MEASURES,
        ".ci/performance/cold.py target/release 14": MEASURES,
        ".ci/performance/sizes.py target/release/authorizer": MEASURES,
        ".ci/performance/sizes.py target/release/api-handler": MEASURES,
        "cargo bench --bench hot_path": By(".ci/performance.sh", "cargo test --locked --bench hot_path"),
        'cargo bench --bench hot_path -- "^token/"': MEASURES,
        "jq '[.times, .iters] | transpose | map(.[0] / .[1]) | min' "
        '"target/criterion/token/distinct, RSA-2048/new/sample.json"': MEASURES,
        'cargo bench --bench hot_path -- "event to answer"': MEASURES,
        "jq '[.times, .iters] | transpose | map(.[0] / .[1]) | min' "
        '"target/criterion/event to answer/repeated, 1000 rules with claims/new/sample.json"': MEASURES,
        '.ci/performance/compare.py --rounds 41 --pause 30 --only "start, GET" target/other/release target/release': MEASURES,
        "AWS_LC_SYS_SMALL=0 cargo build --release --target-dir target/other --bin authorizer "
        "--config 'profile.release.opt-level=\"s\"'": MEASURES,
        ".ci/performance/compare.py target/release target/other/release": MEASURES,
        "cargo run --release --bin local -- bench --gateway": MEASURES,
    },
    "docs/proof.md": {
        "tests/differential/run.sh": LONG,
        "tests/differential/run.sh --seed 7 tokens": LONG,
        "fuzz/run.py --seconds 60": LONG,
        "fuzz/run.py --seconds 3600 token dpop": LONG,
        "tests/mutants/run.py": MUTANTS,
        "tests/mutants/run.py dpop access": MUTANTS,
        "tests/mutants/defences.py": By(".github/workflows/mutants.yml", "tests/mutants/defences.py"),
        "cargo deny --offline check bans licenses sources": By(".ci/run", "cargo deny --offline check bans licenses sources"),
        "cargo deny check advisories": By(".github/workflows/advisories.yml", "cargo deny check advisories"),
    },
    "docs/runbook.md": {
        "FUNCTION=$(aws cloudformation describe-stack-resource --stack-name STACK --logical-resource-id AuthorizerFunction "
        "--query StackResourceDetail.PhysicalResourceId --output text)": ACCOUNT,
        "curl -s https://dev-1.okta.com/oauth2/default/v1/keys": OKTA,
        'aws lambda update-function-configuration --function-name "$FUNCTION" --memory-size 257': ACCOUNT,
        'aws lambda wait function-updated --function-name "$FUNCTION"': ACCOUNT,
        'VERSION=$(aws lambda publish-version --function-name "$FUNCTION" --query Version --output text)': ACCOUNT,
        'aws lambda update-alias --function-name "$FUNCTION" --name live --function-version "$VERSION" '
        "--routing-config AdditionalVersionWeights={}": ACCOUNT,
        "aws apigateway flush-stage-authorizers-cache --rest-api-id API --stage-name prod": ACCOUNT,
        "aws apigatewayv2 reset-authorizers-cache --api-id API --stage-name '$default'": ACCOUNT,
        'aws lambda put-function-concurrency --function-name "$FUNCTION" --reserved-concurrent-executions 0': ACCOUNT,
        'aws lambda delete-function-concurrency --function-name "$FUNCTION"': ACCOUNT,
        "aws deploy list-deployments --application-name APPLICATION --deployment-group-name GROUP --include-only-statuses InProgress": ACCOUNT,
        "aws deploy stop-deployment --deployment-id ID --auto-rollback-enabled": ACCOUNT,
        "aws lambda list-versions-by-function --function-name \"$FUNCTION\" --query 'Versions[-3:].[Version, LastModified]' --output text": ACCOUNT,
        'aws lambda update-alias --function-name "$FUNCTION" --name live --function-version VERSION '
        "--routing-config AdditionalVersionWeights={}": ACCOUNT,
        "git checkout v0.1.0": RELEASED,
        "sam build": X86_64,
        "sam deploy": ACCOUNT,
        "for version in live '$LATEST'; do\n"
        '  aws lambda get-function-configuration --function-name "$FUNCTION" --qualifier "$version" '
        "--query Environment.Variables.PUBLISHED_SETTINGS\ndone": ACCOUNT,
    },
    "docs/sign-in.md": {
        "cargo local token you@example.com --show-flow --issuer https://dev-1.okta.com/oauth2/default --client-id 0oa… "
        '--redirect-uri http://127.0.0.1:8080/callback.html --scope "openid profile state:write"': OKTA,
    },
    "examples/cdk/README.md": {
        "npm ci": By(".ci/examples.sh", "npm ci &&"),
        CDK_SYNTH: By(".ci/examples.sh", CDK_SYNTH),
        CDK_SYNTH.replace("synth", "deploy RestApiExample"): ACCOUNT,
    },
    "examples/cloudformation/README.md": {
        "aws s3 cp dist/authorizer-0.1.0-arm64.zip s3://BUCKET/": ACCOUNT,
        "aws cloudformation deploy --stack-name notes --template-file examples/cloudformation/template.yaml --capabilities CAPABILITY_IAM "
        "--parameter-overrides CodeBucket=BUCKET CodeKey=authorizer-0.1.0-arm64.zip "
        "Issuer=https://dev-1.okta.com/oauth2/default BackendUrl=https://backend.example.com": ACCOUNT,
    },
    "examples/http-api/README.md": {
        "cargo local --template examples/http-api/template.yaml "
        '--function "NotesFunction=python3 -m awslambdaric examples/http-api/function/app.handler"': RUNNING,
        "sam build": ARM64,
        "sam deploy --guided": ACCOUNT,
    },
    "examples/rest-api/README.md": {
        "cargo local --template examples/rest-api/template.yaml "
        '--function "NotesFunction=python3 -m awslambdaric examples/rest-api/function/app.handler"': RUNNING,
        "sam build": ARM64,
        "sam deploy --guided": ACCOUNT,
    },
    "examples/shared/README.md": {
        "cargo build --bin authorizer": RUNNING,
        "cargo local --template examples/shared/api.yaml "
        "--import authorizer-Arn=arn:aws:lambda:us-east-1:111122223333:function:authorizer "
        '--function "authorizer=env ISSUER=http://127.0.0.1:9000/oauth2/default AUDIENCE=api://default target/debug/authorizer" '
        '--function "NotesFunction=python3 -m awslambdaric examples/shared/function/app.handler"': RUNNING,
        "sam build --template publish/template.yaml": By(".ci/package.sh", "sam_build --template publish/template.yaml\n"),
        "sam deploy --stack-name authorizer --resolve-s3 --capabilities CAPABILITY_IAM "
        "--parameter-overrides Issuer=https://dev-1.okta.com/oauth2/default Audience=api://default OrganizationId=o-abcdefghij": ACCOUNT,
        "sam build --template api.yaml": PYTHON,
        "sam build --template api-of-another-account.yaml": PYTHON,
        "sam build --template api-with-rules.yaml": PYTHON,
        "sam deploy --guided": ACCOUNT,
        "sam deploy --guided --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND": ACCOUNT,
    },
    "examples/terraform/README.md": {
        "terraform init": By(".ci/examples.sh", "in_example terraform init"),
        "terraform apply -var issuer=https://dev-1.okta.com/oauth2/default "
        "-var authorizer_zip=../../dist/authorizer-0.1.0-arm64.zip -var backend_url=https://backend.example.com": ACCOUNT,
    },
    "examples/websocket/README.md": {
        "cargo local invoke authorizer events/authorizer/websocket-connect.json": RUNNING,
        "sam build": ARM64,
        "sam deploy --guided": ACCOUNT,
    },
    "publish/README.md": {
        "sam deploy --guided --template-file authorizer-0.1.0-arm64.yaml --capabilities CAPABILITY_IAM": ACCOUNT,
    },
}
