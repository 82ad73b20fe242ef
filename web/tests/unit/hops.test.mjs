import assert from 'node:assert/strict';
import { register } from 'node:module';
import { test } from 'node:test';

// The pages import the library by its path on their site.
const library = new URL('../../node_modules/oauth4webapi/build/index.js', import.meta.url);
const hooks = `export const resolve = (name, context, next) => next(name === '/vendor/oauth4webapi.js' ? '${library}' : name, context)`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const { Hops } = await import('../../js/hops.js');
const oauth = await import(library.href);

for (const [body, received] of /** @type {[string, string[][]][]} */ ([
  ['{"issuer": "https://a.example", "x": 1}', [['issuer', 'https://a.example']]],
  ['{"keys": [1, 2]}', [['keys', '2']]],
  ['null', []],
  ['"issuer"', []],
  ['[]', []],
  ['<html>', []],
])) {
  test(`an answer of the issuer: ${body}`, async () => {
    const url = `data:application/json,${encodeURIComponent(body)}`;
    const hops = new Hops();
    const response = await hops.options[oauth.customFetch](url, { method: 'GET', headers: {} });
    assert.equal(await response.text(), body);
    assert.deepEqual(hops.list.map((hop) => hop.received), [received]);
  });
}
