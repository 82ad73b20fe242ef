import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const deploy = fileURLToPath(new URL('../../deploy.mjs', import.meta.url));
const url = 'https://d1.cloudfront.net';
const issuer = 'https://example.okta.com/oauth2/default';

/** The API's response to a preflight. */
let preflight = { status: 204, allowed: url };
/** @type {string[]} */
let asked = [];
const api = createServer(({ method, url, headers }, response) => {
  asked.push(`${method} ${url} ${headers['origin']}`);
  response.writeHead(preflight.status, preflight.allowed ? { 'Access-Control-Allow-Origin': preflight.allowed } : {}).end();
});
/** @type {string} */
let apiUrl;
before(async () => {
  await new Promise((listening) => void api.listen(0, '127.0.0.1', () => listening(undefined)));
  apiUrl = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (api.address()).port}/prod`;
});
after(() => api.close());

/**
 * Runs the script with an `aws` in the path that describes the two stacks and records its calls.
 *
 * @param {{ outputs?: object, parameters?: object, certificate?: string, preflight?: typeof preflight }} stack
 * @param {string[]} [flags]
 * @param {string} [script]
 */
async function run(stack, flags = [], script = deploy) {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
  const pairs = (/** @type {object} */ object, /** @type {string} */ kind) =>
    Object.entries(object).map(([name, value]) => ({ [`${kind}Key`]: name, [`${kind}Value`]: value }));
  const describe = (/** @type {string} */ name, /** @type {object} */ outputs, /** @type {object} */ parameters) =>
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ Stacks: [{ Outputs: pairs(outputs, 'Output'), Parameters: pairs(parameters, 'Parameter') }] }));
  describe('stack', stack.outputs ?? { ApiUrl: apiUrl }, { Issuer: issuer, ClientIds: '0oa1', WebOrigin: url, ...stack.parameters });
  describe('stack-web', { WebBucketName: 'bucket', WebDistributionId: 'E1', WebUrl: url }, { WebCertificate: stack.certificate ?? '' });
  writeFileSync(
    join(folder, 'aws'),
    `#!/bin/sh
echo "$@" >> "${folder}/log"
case "$1 $2" in
  "cloudformation describe-stacks") cat "${folder}/$4.json" ;;
  "s3 sync") (cd "$3" && find . -type f | sort) > "${folder}/files"; cp "$3/config.js" "${folder}/config.mjs" ;;
esac
`,
  );
  chmodSync(join(folder, 'aws'), 0o755);
  preflight = stack.preflight ?? { status: 204, allowed: url };
  asked = [];
  const ended = await new Promise((ended) => {
    const environment = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    execFile(process.execPath, [script, 'stack', ...flags], { env: environment, encoding: 'utf8' }, (error, stdout, stderr) =>
      ended({ status: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
  const read = (/** @type {string} */ name) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return '';
    }
  };
  const written = { ...ended, log: read('log'), files: read('files'), config: read('config.mjs') };
  rmSync(folder, { recursive: true });
  return written;
}

test('deploys the stack of the pages, and uploads only the site', async () => {
  const { status, stderr, log, files, config } = await run({});
  assert.equal(status, 0, stderr);
  assert.match(log, new RegExp(`cloudformation deploy --stack-name stack-web .* ApiUrl=${apiUrl} Issuer=${issuer} WebOrigin=${url}\n`));
  assert.deepEqual(asked, [`OPTIONS /prod/state ${url}`]);
  for (const file of ['./index.html', './config.js', './js/start.js', './js/pages/index.js', './vendor/oauth4webapi.js']) {
    assert.ok(files.includes(`${file}\n`), file);
  }
  assert.doesNotMatch(files, /node_modules|package|tests|deploy|template|tsconfig/);
  assert.match(log, /s3 sync \S+ s3:\/\/bucket --delete/);
  assert.match(log, /cloudfront create-invalidation --distribution-id E1/);
  const { default: settings } = await import(`data:text/javascript,${encodeURIComponent(config)}`);
  assert.deepEqual([settings.origin, settings.issuer, settings.clientId, settings.apiBase], [url, issuer, '0oa1', apiUrl]);
  assert.equal(settings.dpop, false);
});

test('the pages bind their tokens to a key if the API accepts such tokens', async () => {
  for (const [Dpop, expected] of /** @type {[string, boolean][]} */ ([['off', false], ['accept', true], ['require', true]])) {
    const { config } = await run({ parameters: { Dpop } });
    const { default: settings } = await import(`data:text/javascript,${encodeURIComponent(config)}`);
    assert.equal(settings.dpop, expected, Dpop);
  }
});

test('with a certificate the pages have their own domain', async () => {
  const origin = 'https://app.example.com';
  const { status, stdout, stderr, log } = await run(
    { parameters: { WebOrigin: origin }, certificate: 'arn:x', preflight: { status: 204, allowed: origin } },
    ['--certificate', 'arn:x'],
  );
  assert.equal(status, 0, stderr);
  assert.match(log, / WebCertificate=arn:x\n/);
  assert.match(stdout, /app\.example\.com must be an alias \(CNAME\) of d1\.cloudfront\.net/);
});

for (const [name, stack, expected] of /** @type {[string, object, RegExp][]} */ ([
  ['a stack of something else', { outputs: {} }, /ApiUrl/],
  ['an origin that is not the distribution\'s', { parameters: { WebOrigin: 'https://first.invalid' } }, /--parameter-overrides WebOrigin=https:\/\/d1\.cloudfront\.net/],
  ['several clients', { parameters: { ClientIds: 'a,b' } }, /--client-id/],
  // The parameters are right, but the functions still have the old ones.
  ['an API that answers to another origin', { preflight: { status: 204, allowed: 'https://first.invalid' } }, /found status 204 and https:\/\/first\.invalid/],
  ['an API that answers to no origin', { preflight: { status: 204, allowed: '' } }, /no such header/],
  ['an API that fails', { preflight: { status: 500, allowed: url } }, /found status 500/],
  ['an API that is not reachable', { outputs: { ApiUrl: 'http://127.0.0.1:1/prod' } }, /does not answer at/],
])) {
  test(`fails before the upload: ${name}`, async () => {
    const { status, stderr, log } = await run(stack);
    assert.equal(status, 1);
    assert.match(stderr, expected);
    assert.doesNotMatch(log, /s3 sync/);
  });
}

test('a client that the API does not accept is refused', async () => {
  const { status, stderr, log } = await run({ parameters: { ClientIds: 'a,b' } }, ['--client-id', 'c']);
  assert.equal(status, 1);
  assert.match(stderr, /stack accepts tokens only of a, b: expected one of them as --client-id/);
  assert.doesNotMatch(log, /deploy/);
  assert.equal((await run({ parameters: { ClientIds: '' } }, ['--client-id', 'c'])).status, 0);
});

test('wrong usage fails before any call', async () => {
  for (const flags of [['--clientid', 'x'], ['--client-id'], ['another']]) {
    const { status, stderr, log } = await run({}, flags);
    assert.deepEqual([status, log], [2, ''], flags.join(' '));
    assert.match(stderr, /^(.*\n)?usage: [^\n]*\n$/, flags.join(' '));
  }
});

test('missing packages fail before any call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bare-'));
  copyFileSync(deploy, join(folder, 'deploy.mjs'));
  const { status, stderr, log } = await run({}, [], join(folder, 'deploy.mjs'));
  rmSync(folder, { recursive: true });
  assert.deepEqual([status, log], [1, '']);
  assert.match(stderr, /run `npm ci --prefix .*`/);
});
