import assert from 'node:assert/strict';
import { sessionOf, signIn, stack, Visitor } from './browser.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ visitor: Visitor, second: () => Promise<Visitor> }} Cast */

/** The user as the API sees it. @param {Page} page */
async function principalOf(page) {
  const { accessToken } = await sessionOf(page);
  return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url').toString()).uid;
}

/**
 * A call by the page's own code, with the page's session. Returns its status, 0 if the page may not read the answer.
 *
 * @param {Page} page @param {string} method @param {string} path @param {unknown} [body]
 */
function call(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const module = '/js/api.js';
      const api = await import(module);
      const made = await api.call(method, path, { body }).catch((/** @type {any} */ failed) => failed.call);
      return { status: made.status, body: made.body };
    },
    /** @type {const} */ ([method, path, body]),
  );
}

/** Checks that the panel shows the last call, with the request id from the answer's header. @param {Page} page @param {string} request @param {string} decision @param {string | null} id */
async function checkPanel(page, request, decision, id) {
  const panel = page.locator('#last-call');
  await panel.locator('.request', { hasText: request }).waitFor();
  await panel.getByText(decision).waitFor();
  const shown = panel.locator('dt', { hasText: 'Request' }).locator('+ dd');
  if (id === null) assert.equal(await shown.count(), 0);
  else assert.equal(await shown.innerText(), id);
}

/** Makes a call that is answered with 200, and checks the panel.
 *
 * @param {Page} page @param {string} method @param {unknown} [body]
 */
async function checkAllowed(page, method, body) {
  const answered = page.waitForResponse((response) => response.url().endsWith('/notes/1') && response.request().method() === method);
  const expected = { status: 200, body: { call: `${method} /notes/1`, principal: await principalOf(page) } };
  assert.deepEqual(await call(page, method, '/notes/1', body), expected);
  const id = await (await answered).headerValue('apigw-requestid');
  assert.equal(id?.length, 36);
  await checkPanel(page, `${method} /notes/1`, 'allowed it as Alice Example', id);
}

/** The pages beside the HTTP API of `examples/http-api`, which has none of the routes that they call. @type {Record<string, (cast: Cast) => Promise<void>>} */
export const scenarios = {
  async 'sign in, read, sign in for writing, write and sign out at an HTTP API'({ visitor }) {
    // The pages call routes that this API does not have. The errors of an HTTP API have no CORS headers.
    visitor.expected.push(/\/(session|state|notes\/1)\b/);
    const page = await visitor.open();
    assert.equal((await call(page, 'GET', '/notes/1')).status, 0, 'signed out');

    await signIn(page, 'Alice');
    await checkAllowed(page, 'GET');
    // Without the scope or the group, the gateway itself answers.
    assert.equal((await call(page, 'PUT', '/notes/1', { text: 'x' })).status, 0);
    await checkPanel(page, 'PUT /notes/1', 'The page received no response', null);
    assert.equal((await call(page, 'DELETE', '/notes/1')).status, 0);

    // The page of a new resource asks for the scope to write. The issuer knows the user, and redirects back at once.
    await page.goto(`${stack.web}/state.html`);
    await page.locator('#value').waitFor();
    await checkAllowed(page, 'PUT', { text: 'x' });
    await checkAllowed(page, 'GET');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stack.web}/signed-out.html`);
    assert.equal((await call(page, 'GET', '/notes/1')).status, 0, 'signed out again');
  },
};
