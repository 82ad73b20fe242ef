import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const deploy = fileURLToPath(new URL('../../deploy.mjs', import.meta.url));
const url = 'https://d1.cloudfront.net';
const outputs = { WebBucketName: 'bucket', WebDistributionId: 'E1', WebUrl: url, ApiUrl: 'https://a.example.com/prod' };
const parameters = { Issuer: 'https://example.okta.com/oauth2/default', ClientIds: '0oa1', WebOrigin: url, WebCertificate: '' };

/**
 * Runs the script with an `aws` in the path that answers for the stack and writes down what it was asked.
 *
 * @param {{ outputs?: object, parameters?: object }} stack
 * @param {string[]} [flags]
 */
function run(stack, flags = []) {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
  const pairs = (/** @type {object} */ object, /** @type {string} */ kind) =>
    Object.entries(object).map(([name, value]) => ({ [`${kind}Key`]: name, [`${kind}Value`]: value }));
  const described = {
    Outputs: pairs(stack.outputs ?? outputs, 'Output'),
    Parameters: pairs({ ...parameters, ...stack.parameters }, 'Parameter'),
  };
  writeFileSync(join(folder, 'stack.json'), JSON.stringify({ Stacks: [described] }));
  writeFileSync(
    join(folder, 'aws'),
    `#!/bin/sh\necho "$@" >> "${folder}/log"\ncase "$1" in cloudformation) cat "${folder}/stack.json";; s3) (cd "$3" && find . -type f | sort) > "${folder}/files"; cp "$3/config.js" "${folder}/config.mjs";; esac\n`,
  );
  chmodSync(join(folder, 'aws'), 0o755);
  const { status, stdout, stderr } = spawnSync(process.execPath, [deploy, 'stack', ...flags], {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    encoding: 'utf8',
  });
  const read = (/** @type {string} */ name) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return '';
    }
  };
  const written = { status, stdout, stderr, log: read('log'), files: read('files'), config: read('config.mjs') };
  rmSync(folder, { recursive: true });
  return written;
}

test('uploads the site, and nothing else of this folder', async () => {
  const { status, stderr, log, files, config } = run({});
  assert.equal(status, 0, stderr);
  for (const file of ['./index.html', './config.js', './js/start.js', './js/pages/index.js', './vendor/oauth4webapi.js']) {
    assert.ok(files.includes(`${file}\n`), file);
  }
  assert.doesNotMatch(files, /node_modules|package|tests|deploy|tsconfig/);
  assert.match(log, /s3 sync \S+ s3:\/\/bucket --delete/);
  assert.match(log, /cloudfront create-invalidation --distribution-id E1/);
  const { default: settings } = await import(`data:text/javascript,${encodeURIComponent(config)}`);
  assert.deepEqual([settings.origin, settings.clientId, settings.apiBase], [url, '0oa1', 'https://a.example.com/prod']);
});

for (const [name, stack, expected] of /** @type {[string, object, RegExp][]} */ ([
  ['a stack without pages', { outputs: { ApiUrl: 'x' } }, /WebHosting=on/],
  ['an API that answers to another origin', { parameters: { WebOrigin: 'https://first.invalid' } }, /WebOrigin=https:\/\/d1\.cloudfront\.net/],
  ['several clients', { parameters: { ClientIds: 'a,b' } }, /--client-id/],
])) {
  test(`refused before anything is uploaded: ${name}`, () => {
    const { status, stderr, log } = run(stack);
    assert.equal(status, 1);
    assert.match(stderr, expected);
    assert.doesNotMatch(log, /s3 sync/);
  });
}
