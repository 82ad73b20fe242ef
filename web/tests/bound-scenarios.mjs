import assert from 'node:assert/strict';
import { assertNoSecret, expire, secretsOf, sessionOf, short, shownSteps, signIn, stack, Visitor } from './browser.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ visitor: Visitor, second: () => Promise<Visitor> }} Cast */

const tokenCalls = /^POST \S+\/v1\/token$/;

/** On each page the issuer first answers that a proof needs a nonce. @param {Visitor} visitor */
const expectNonce = (visitor) => void visitor.expected.push(/status of 400 .*\/v1\/token/);

/** The thumbprint that the access token is bound to. @param {Page} page */
async function boundTo(page) {
  const { accessToken } = await sessionOf(page);
  return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url').toString()).cnf?.jkt;
}

/** The keys in IndexedDB, and whether one of them can be exported. @param {Page} page */
function keys(page) {
  return page.evaluate(async () => {
    /** @type {IDBDatabase} */
    const opened = await new Promise((resolve, reject) => {
      const opening = indexedDB.open('binding-key', 1);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = reject;
    });
    /** @type {CryptoKeyPair[]} */
    const found = await new Promise((resolve) => {
      const all = opened.transaction('keys').objectStore('keys').getAll();
      all.onsuccess = () => resolve(all.result);
    });
    opened.close();
    const exported = await Promise.all(found.map(({ privateKey }) => crypto.subtle.exportKey('jwk', privateKey).then(() => true, () => false)));
    return { count: found.length, exportable: exported.includes(true) };
  });
}

/** Calls the API from the panel. @param {Page} page */
async function callAsMe(page) {
  await page.locator('#list[aria-busy=false]').waitFor();
  const answer = page.waitForResponse((response) => response.url().startsWith(`${stack.api}/state`) && response.request().method() === 'GET');
  await page.getByRole('button', { name: 'GET /state as you' }).click();
  assert.equal((await answer).status(), 200);
  await page.locator('#last-call dd', { hasText: '200' }).first().waitFor();
}

/** The pages with an API that accepts only tokens that are bound to a key. @type {Record<string, (cast: Cast) => Promise<void>>} */
export const scenarios = {
  async 'sign in, write, read, renew and sign out in two tabs with one key that cannot be exported'({ visitor }) {
    expectNonce(visitor);
    const first = await visitor.open('/state.html');
    await signIn(first, 'Alice', first.locator('#resource').getByRole('button', { name: 'Sign in' }));
    const key = await boundTo(first);
    assert.match(key, /^[\w-]{43}$/);
    assert.deepEqual(await keys(first), { count: 1, exportable: false });
    await first.fill('#id', 'bound');
    await first.fill('#value', '{"held": "by its key"}');
    await first.getByRole('button', { name: 'Create' }).click();
    await first.locator('pre.value', { hasText: 'by its key' }).waitFor();

    const second = await visitor.open();
    await second.locator('.user', { hasText: 'Alice Example' }).waitFor();
    await callAsMe(second);
    await expire(second);
    await callAsMe(second);
    assert.equal((await sessionOf(second)).generation, 2);
    assert.deepEqual([await boundTo(first), await boundTo(second)], [key, key]);
    await first.goto(stack.web);
    await callAsMe(first);

    await first.getByRole('button', { name: 'Sign out' }).click();
    await first.waitForURL(`${stack.web}/signed-out.html`);
    await second.getByText('Not signed in').waitFor();
    assert.deepEqual(await keys(first), { count: 0, exportable: false });

    // A tab that stayed open uses the key of the next sign-in.
    await first.goto(stack.web);
    await signIn(first, 'Bob');
    await second.locator('.user', { hasText: 'Bob Example' }).waitFor();
    await callAsMe(second);
    assert.notEqual(await boundTo(second), key);
  },

  async 'how you signed in shows the proofs and the nonce that the issuer asked for'({ visitor }) {
    expectNonce(visitor);
    const secrets = await secretsOf(visitor);
    const page = await visitor.open();
    await signIn(page, 'Alice');
    await page.goto(`${stack.web}/signed-in.html`);
    await page.getByRole('heading', { name: 'API call' }).waitFor();
    const [refused = {}, answered = {}] = secrets;
    const steps = await shownSteps(page);
    const tokenSteps = steps.filter(([, request]) => request?.includes('/v1/token'));
    assert.deepEqual(tokenSteps.map(([title, , proof]) => [title, proof]), [
      ['Receive a nonce for the proof', `DPoP=${short(refused['proof'])}`],
      ['Exchange the code for tokens', `DPoP=${short(answered['proof'])}`],
    ]);
    assert.ok(tokenSteps[0]?.some((part) => part === 'error=use_dpop_nonce') && tokenSteps[0].some((part) => part?.startsWith('DPoP-Nonce=')));
    assert.ok(tokenSteps[1]?.includes('token_type=DPoP'));
    const call = steps.at(-1) ?? [];
    assert.deepEqual(call.slice(0, 3), ['Call the API with the access token', `Browser to API GET ${stack.api}/session`, `Authorization=DPoP ${short(answered['access_token'])}`]);
    assert.match(call[3] ?? '', /^DPoP=eyJ\w… \(\d+ characters\)$/);
    const { hops } = await sessionOf(page);
    assertNoSecret([hops, await page.content()], [refused, answered].flatMap((found) => Object.values(found)));
  },

  async 'a copied session is useless in another browser'({ visitor, second }) {
    expectNonce(visitor);
    const page = await visitor.open();
    await signIn(page, 'Alice');
    await callAsMe(page);
    const loot = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    const { accessToken } = await sessionOf(page);

    const thief = await second();
    thief.expected.push(/status of 40[01]/);
    await thief.context.addInitScript((stolen) => {
      // The first document of a tab is empty and has no storage.
      if (location.origin === 'null') return;
      for (const [name, value] of Object.entries(JSON.parse(stolen))) sessionStorage.setItem(name, value);
    }, loot);
    const elsewhere = await thief.context.newPage();
    const refused = elsewhere.waitForResponse((response) => response.url().startsWith(stack.api) && response.status() === 401);
    await elsewhere.goto(stack.web);
    await refused;
    for (const headers of [{ Authorization: `Bearer ${accessToken}` }, { Authorization: `DPoP ${accessToken}` }]) {
      assert.equal((await fetch(`${stack.api}/state`, { headers: /** @type {Record<string, string>} */ (headers) })).status, 401);
    }

    await callAsMe(page);
    assert.ok(visitor.requests.filter((request) => tokenCalls.test(request)).length >= 2);
  },

  async 'a key that cannot be read is not reported as a lost connection'({ visitor }) {
    expectNonce(visitor);
    const page = await visitor.open('/');
    await signIn(page, 'Alice');
    await page.locator('#list[aria-busy=false]').waitFor();
    // The next page cannot open the database once.
    await page.addInitScript(() => {
      const { open } = IDBFactory.prototype;
      let broken = sessionStorage.getItem('broken') !== null;
      sessionStorage.removeItem('broken');
      IDBFactory.prototype.open = function (...names) {
        if (!broken) return open.apply(this, names);
        broken = false;
        throw new DOMException('the database is closed', 'UnknownError');
      };
    });
    await page.evaluate(() => sessionStorage.setItem('broken', ''));
    await page.reload();
    const alert = page.getByRole('alert');
    await alert.getByText('Something went wrong on this page').waitFor();
    await alert.getByText('the database is closed').waitFor();
    // The page uses the key as soon as it can be read.
    await callAsMe(page);
  },
};
