import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clients } from './browser.mjs';

const main = fileURLToPath(new URL('../main.mjs', import.meta.url));

/** @param {Record<string, string>} environment */
function start(environment) {
  const child = spawn(process.execPath, [main], { env: { ...process.env, ISSUER_CLIENTS: JSON.stringify(clients), ...environment } });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }));
  const ready = once(child.stdout, 'data').then(([line]) => JSON.parse(String(line)).issuer);
  return { child, ready, ended };
}

test('prints one line when it is ready, and ends when its stdin ends', async () => {
  const { child, ready, ended } = start({ ISSUER_PORT: '0' });
  const issuer = await ready;
  assert.equal((await fetch(`${issuer}/v1/keys`)).status, 200);
  child.stdin.end();
  const { code, stdout } = await ended;
  assert.deepEqual([code, stdout], [0, `${JSON.stringify({ issuer })}\n`]);
});

test('a port in use is reported, with exit code 3', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (squatter.address());
  const { code, stdout, stderr } = await start({ ISSUER_PORT: String(port) }).ended;
  squatter.close();
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(stderr, new RegExp(`port ${port} on 127.0.0.1 is in use`));
});

test('all wrong settings are reported at once', async () => {
  const { code, stderr } = await start({ ISSUER_PORT: '70000', ISSUER_CLIENTS: '[{"id":1}]', ISSUER_TTL_SECONDS: '-1' }).ended;
  assert.equal(code, 2);
  for (const name of ['ISSUER_PORT', 'ISSUER_CLIENTS', 'ISSUER_TTL_SECONDS']) assert.match(stderr, new RegExp(name));
});

test('a restart keeps the signing keys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-'));
  const sets = [];
  for (let run = 0; run < 2; run += 1) {
    const { child, ready, ended } = start({ ISSUER_PORT: '0', ISSUER_DATA: folder });
    sets.push(await (await fetch(`${await ready}/v1/keys`)).json());
    child.kill('SIGTERM');
    assert.equal((await ended).code, 0);
  }
  rmSync(folder, { recursive: true });
  assert.deepEqual(sets[0], sets[1]);
});
