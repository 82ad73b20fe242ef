import assert from 'node:assert/strict';
import { sessionOf, signIn, stack, Visitor } from './browser.mjs';

/** @typedef {{ visitor: Visitor, second: () => Promise<Visitor> }} Cast */

/** The pages beside the HTTP API of `examples/http-api`, which has none of their own routes. @type {Record<string, (cast: Cast) => Promise<void>>} */
export const scenarios = {
  async 'sign in, and call an HTTP API with the token of the page'({ visitor }) {
    // The pages call routes that this API does not have. The errors of an HTTP API have no CORS headers.
    visitor.expected.push(/\/(session|state)\b/);
    const page = await visitor.open();
    await signIn(page, 'Alice');
    const { accessToken } = await sessionOf(page);
    /** @param {string} method @param {string} [token] */
    const call = (method, token) =>
      page.evaluate(
        async ([url, method, token]) => {
          const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
          // An answer without CORS headers is an error here.
          const answer = await fetch(url, { method, headers }).catch(() => undefined);
          return answer && { status: answer.status, body: await answer.json() };
        },
        /** @type {const} */ ([`${stack.api}/notes/1`, method, token ?? '']),
      );
    const sub = JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url').toString()).uid;
    assert.deepEqual(await call('GET', accessToken), { status: 200, body: { call: 'GET /notes/1', principal: sub } });
    // Without the scope, the group or a token, the gateway answers by itself.
    visitor.expected.push(/\/notes\/1/);
    assert.equal(await call('PUT', accessToken), undefined);
    assert.equal(await call('DELETE', accessToken), undefined);
    assert.equal(await call('GET'), undefined);
  },
};
