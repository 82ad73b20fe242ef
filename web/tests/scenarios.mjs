import assert from 'node:assert/strict';
import { assertNoSecret, checkAccessibility, expire, issuerControl, screenshot, secretsOf, sessionOf, short, shownSteps, signIn, stack, Visitor } from './browser.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** Each scenario has its own visitor; `second` creates another. @typedef {{ visitor: Visitor, second: () => Promise<Visitor> }} Cast */

let count = 0;
/** @param {string} name */
const fresh = (name) => `${name}.${Date.now().toString(36)}.${(count += 1)}`;

/** The page of one resource. @param {string} id */
const pageOf = (id) => `/state.html?id=${id}`;
/** @param {Page} page */
const shownValue = async (page) => JSON.parse(await page.locator('pre.value').innerText());
/** @param {Page} page */
const listed = async (page) => {
  await page.locator('#list[aria-busy=false]').waitFor();
  return page.locator('.entry a').allInnerTexts();
};
/** @param {Visitor} visitor @param {RegExp} pattern */
const requested = (visitor, pattern) => visitor.requests.filter((request) => pattern.test(request)).length;
const tokenCalls = /^POST \S+\/v1\/token$/;

/** Signs in with the scope to write, from the page of a new resource. @param {Page} page @param {'Alice' | 'Bob' | 'Ada'} name */
async function signInToWrite(page, name) {
  await page.goto(`${stack.web}/state.html`);
  await signIn(page, name, page.locator('#resource').getByRole('button', { name: 'Sign in' }));
  await page.locator('#value').waitFor();
}

/** @param {Page} page @param {string} id @param {unknown} value @param {string} visibility */
async function create(page, id, value, visibility = 'private') {
  await page.goto(`${stack.web}/state.html`);
  await page.fill('#id', id);
  await page.selectOption('#visibility', visibility);
  await page.fill('#value', JSON.stringify(value));
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL((url) => url.searchParams.get('id') === id);
  await page.locator('pre.value').waitFor();
}

/** A write by another client while the page is open. @param {Page} page @param {string} id @param {object} content */
function writeBehind(page, id, content) {
  return page.evaluate(
    async ([id, content]) => {
      const path = '/js/resource.js';
      const { read, replace } = await import(path);
      const { etag } = await read(id);
      await replace(id, etag, content);
    },
    /** @type {[string, object]} */ ([id, content]),
  );
}

/** The scenarios run in order; the first one needs an empty stack. @type {Record<string, (cast: Cast) => Promise<void>>} */
export const scenarios = {
  async 'the list shows public resources, and after a sign-in also the user\'s own'({ visitor }) {
    const page = await visitor.open();
    await listed(page);
    await screenshot(page, 'list-empty');
    await checkAccessibility(page, 'the list, signed out');
    assert.ok(await page.getByText('Not signed in').isVisible());
    assert.ok(await page.locator('#mine-label').isHidden());

    const [open, shared, own] = ['welcome', 'team.lunch', 'shopping'];
    await signInToWrite(page, 'Alice');
    await create(page, open, { greeting: 'hello, everybody' }, 'public');
    await create(page, shared, { place: 'the canteen', at: '12:30', seats: 6 }, 'group:Everyone');
    await create(page, own, { remember: ['milk', 'bread'], for: 'Saturday' });
    await page.getByRole('link', { name: 'Resources' }).click();
    assert.deepEqual(await listed(page), [own, shared, open]);
    await page.getByText('Groups', { exact: true }).waitFor();
    await screenshot(page, 'list-signed-in');
    await screenshot(page, 'list-signed-in-dark', { colorScheme: 'dark' });
    await screenshot(page, 'list-phone', { width: 390 });
    await checkAccessibility(page, 'the list, signed in');
    await page.getByRole('searchbox').fill('bread');
    assert.deepEqual(await listed(page), [own]);
    await page.getByRole('searchbox').fill('no such words');
    await page.getByText('No matches').waitFor();
    await page.getByRole('searchbox').fill('');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stack.web}/signed-out.html`);
    await page.goto(stack.web);
    const seen = await listed(page);
    assert.deepEqual(seen, [open]);
    await page.goto(stack.web + pageOf(open));
    assert.deepEqual(await shownValue(page), { greeting: 'hello, everybody' });
    visitor.expected.push(/status of 404/);
    await page.goto(stack.web + pageOf(own));
    await page.getByRole('alert').getByText('Resource not found').waitFor();
    await screenshot(page, 'not-found');
    await checkAccessibility(page, 'a resource that the caller may not see');
  },

  async 'a long list is loaded page by page'({ visitor }) {
    const page = await visitor.open();
    await signInToWrite(page, 'Bob');
    await page.evaluate(async () => {
      const path = '/js/resource.js';
      const { create } = await import(path);
      for (let n = 10; n < 40; n += 1) await create(`bob.${n}`, { value: { n }, visibility: 'private' });
    });
    await page.getByRole('link', { name: 'Resources' }).click();
    assert.equal((await listed(page)).length, 25);
    await page.getByText('25 resources so far').waitFor();
    await page.getByRole('button', { name: 'Load more' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('32 resources', { exact: true }).waitFor();
    const all = await listed(page);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), all[25], 'the focus is at the first new resource');
    assert.deepEqual(all.slice(-2), ['team.lunch', 'welcome']);
    assert.ok(!all.includes('shopping'), 'another\'s private resource');
    await page.getByLabel('Only mine').click();
    assert.equal((await listed(page)).length, 25);
    // The search can continue in pages that are not loaded yet.
    await page.getByRole('searchbox').fill('bob.39');
    await page.getByText('No matches').waitFor();
    await page.getByRole('button', { name: 'Search more' }).click();
    await page.getByRole('link', { name: 'bob.39' }).waitFor();
  },

  async 'a sign-in returns to its page, and leaves no code and no token in a URL'({ visitor }) {
    visitor.expected.push(/status of 404/);
    const page = await visitor.open(pageOf('nowhere'));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(/\/signin\//);
    await screenshot(page, 'issuer');
    await checkAccessibility(page, 'the issuer\'s page');
    await page.getByRole('button', { name: 'Alice Example' }).click();
    await page.waitForURL(stack.web + pageOf('nowhere'));
    await page.locator('.user').waitFor();
    const authorize = visitor.requests.find((request) => request.includes('/v1/authorize?')) ?? '';
    for (const part of ['code_challenge_method=S256', 'state=', 'nonce=', 'response_type=code']) assert.ok(authorize.includes(part), part);
    assert.ok(!authorize.includes('state%3Awrite'), 'the scope to write is not requested before a write');
    // The back button leads to the issuer's page, which cannot be used again; forward leads to the signed-in page.
    visitor.expected.push(/status of 400 .*\/signin\//);
    await page.goBack({ waitUntil: 'commit' });
    await page.getByText('This sign-in is over').waitFor();
    await page.goForward({ waitUntil: 'commit' });
    await page.locator('.user').waitFor();
  },

  async 'the session survives navigation, a reload and the back button'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('pages');
    await signInToWrite(page, 'Alice');
    await create(page, id, { n: 1 });
    await page.getByRole('link', { name: 'Resources' }).click();
    await page.getByRole('link', { name: id }).click();
    await page.locator('pre.value').waitFor();
    await page.reload();
    assert.deepEqual(await shownValue(page), { n: 1 });
    await page.goBack({ waitUntil: 'commit' });
    await page.getByRole('link', { name: id }).waitFor();
    await page.locator('.user', { hasText: 'Alice Example' }).waitFor();
    assert.equal(requested(visitor, tokenCalls), 1, 'one sign-in, and no renewal');
  },

  async 'an edit requests the scope to write, and saves the next version'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('edit');
    await signInToWrite(page, 'Alice');
    await create(page, id, { n: 1 }, 'public');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stack.web}/signed-out.html`);
    await page.goto(stack.web + pageOf(id));
    await signIn(page, 'Alice');
    assert.ok(!(await sessionOf(page)).scopes.includes('state:write'));

    // Alice has a session at the issuer, so it redirects at once, and the editor opens.
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.locator('#value').waitFor();
    assert.ok((await sessionOf(page)).scopes.includes('state:write'));
    await page.fill('#value', '{"n": ');
    await page.getByText('Cannot be saved yet').waitFor();
    await checkAccessibility(page, 'the editor');
    await page.fill('#value', '{"n": 2, "note": "a better one"}');
    await screenshot(page, 'editor');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved as version 2').waitFor();
    assert.deepEqual(await shownValue(page), { n: 2, note: 'a better one' });
    await screenshot(page, 'resource');
    await checkAccessibility(page, 'a resource');
  },

  async 'a number is saved exactly as typed, or rejected'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('numbers');
    await signInToWrite(page, 'Alice');
    await page.fill('#id', id);
    for (const value of ['1e400', '3.14159265358979323846', '{"a": 1, "a": 2}']) {
      await page.fill('#value', value);
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByText('Cannot be saved yet').waitFor();
    }
    await page.fill('#value', '{"n": 12345678901234567890}');
    await page.getByRole('button', { name: 'Create' }).click();
    assert.match(await page.locator('pre.value').innerText(), /12345678901234567890/);
    // Numbers that are not edited keep their digits, too.
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const text = await page.locator('#value').inputValue();
    await page.fill('#value', text.replace('{', '{"more": 9007199254740993,'));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved as version 2').waitFor();
    const stored = await (await fetch(`${stack.api}/state/${id}`, { headers: { authorization: `Bearer ${(await sessionOf(page)).accessToken}` } })).text();
    assert.match(stored, /"more":9007199254740993\b/);
    assert.match(stored, /"n":12345678901234567890\b/);
  },

  async 'a conflict shows both versions, merges compatible changes, and asks about the others'({ visitor, second }) {
    const page = await visitor.open();
    const id = 'trip';
    await signInToWrite(page, 'Alice');
    await create(page, id, { title: 'Plan', place: 'Rome', guests: 4 }, 'public');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.fill('#value', JSON.stringify({ title: 'Plan', place: 'Paris', guests: 5 }));

    const admin = await second();
    const other = await admin.open();
    await signInToWrite(other, 'Ada');
    await writeBehind(other, id, { value: { title: 'The plan', place: 'Oslo', guests: 4 }, visibility: 'public' });

    visitor.expected.push(/status of 412/);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Someone else changed this while you were editing').waitFor();
    await screenshot(page, 'conflict');
    await checkAccessibility(page, 'a conflict');
    const merged = () => page.getByLabel('The merged version').innerText().then((text) => JSON.parse(text).value);
    assert.deepEqual(await merged(), { title: 'The plan', place: 'Oslo', guests: 5 });
    await page.getByLabel('yours: "Paris"').check();
    assert.deepEqual(await merged(), { title: 'The plan', place: 'Paris', guests: 5 });
    await page.getByRole('button', { name: 'Save the merged version' }).click();
    await page.getByText('Saved as version 3').waitFor();
    assert.deepEqual(await shownValue(page), { title: 'The plan', place: 'Paris', guests: 5 });
  },

  async 'repeated conflicts and a deletion lose nothing; keeping theirs saves nothing'({ visitor }) {
    visitor.expected.push(/status of 412/, /status of 404/);
    const page = await visitor.open();
    await signInToWrite(page, 'Alice');
    const collide = async () => {
      const id = fresh('again');
      await create(page, id, { n: 1 });
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.fill('#value', '{"n": "mine"}');
      await writeBehind(page, id, { value: { n: 2 }, visibility: 'private' });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Their version is 2').waitFor();
      return id;
    };
    const id = await collide();
    await writeBehind(page, id, { value: { n: 3 }, visibility: 'private' });
    await page.getByRole('button', { name: 'Overwrite with mine' }).click();
    await page.getByText('Their version is 3').waitFor();
    await page.evaluate(async (id) => {
      const path = '/js/resource.js';
      const { read, remove } = await import(path);
      await remove(id, (await read(id)).etag);
    }, id);
    await page.getByRole('button', { name: 'Overwrite with mine' }).click();
    await page.getByText('Someone deleted this while you were editing').waitFor();
    await page.getByRole('button', { name: 'Create it again' }).click();
    await page.getByText('Saved as version 1').waitFor();
    assert.deepEqual(await shownValue(page), { n: 'mine' });

    await collide();
    await page.getByRole('button', { name: 'Keep theirs' }).click();
    await page.getByText('Version 2 is unchanged').waitFor();
    assert.deepEqual(await shownValue(page), { n: 2 });
  },

  async 'a resource that was deleted during an edit can be created again'({ visitor, second }) {
    const page = await visitor.open();
    const id = fresh('deleted');
    await signInToWrite(page, 'Alice');
    await create(page, id, { n: 1 }, 'public');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.fill('#value', '{"n": 2}');

    const admin = await second();
    const other = await admin.open();
    await signInToWrite(other, 'Ada');
    await other.goto(stack.web + pageOf(id));
    await other.getByRole('button', { name: 'Delete', exact: true }).click();
    await screenshot(other, 'delete');
    await checkAccessibility(other, 'the question before deleting');
    await other.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await other.getByText(`${id} is deleted`).waitFor();

    visitor.expected.push(/status of 412/, /status of 404/);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Someone deleted this while you were editing').waitFor();
    await page.getByRole('button', { name: 'Create it again' }).click();
    await page.getByText('Saved as version 1').waitFor();
    assert.deepEqual(await shownValue(page), { n: 2 });
  },

  async 'an id that is taken is reported at its field'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('taken');
    await signInToWrite(page, 'Alice');
    await create(page, id, 1);
    await page.goto(`${stack.web}/state.html`);
    await page.fill('#id', id);
    await page.fill('#value', '2');
    visitor.expected.push(/status of 412/);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.waitForFunction(() => /** @type {HTMLInputElement} */ (document.getElementById('id')).validationMessage.includes('taken'));
  },

  async 'a token that expires is renewed silently'({ visitor }) {
    await issuerControl('/dev/ttl?AccessToken=2');
    try {
      const page = await visitor.open();
      await signIn(page, 'Alice');
      const before = await sessionOf(page);
      await page.waitForFunction((renewAt) => Date.now() > renewAt, before.renewAt);
      await page.getByLabel('Only mine').click();
      await listed(page);
      const after = await sessionOf(page);
      assert.equal(after.chain, before.chain);
      assert.ok(after.generation > before.generation);
      assert.equal(await page.locator('.notice').count(), 0);
    } finally {
      await issuerControl('/dev/ttl?AccessToken=3600');
    }
  },

  async 'a token that the API rejects is renewed, and the call is retried once'({ visitor }) {
    const page = await visitor.open();
    await signIn(page, 'Alice');
    await page.evaluate(() => {
      const session = JSON.parse(sessionStorage.getItem('session') ?? '{}');
      sessionStorage.setItem('session', JSON.stringify({ ...session, accessToken: `${session.accessToken.slice(0, -4)}AAAA` }));
    });
    visitor.expected.push(/status of 401/);
    await page.getByLabel('Only mine').click();
    await listed(page);
    assert.equal(await page.locator('.notice').count(), 0);
    assert.equal((await sessionOf(page)).generation, 2);
  },

  async 'an API that rejects every token is reported after one renewal, with and without refresh tokens'({ visitor, second }) {
    const without = await second();
    await without.context.route('**/config.js', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replace(' offline_access', '') });
    });
    for (const [who, renewals] of /** @type {[Visitor, RegExp][]} */ ([[visitor, tokenCalls], [without, /prompt=none/]])) {
      who.expected.push(/status of 401/);
      const page = await who.open();
      await signIn(page, 'Alice');
      await listed(page);
      const before = requested(who, renewals);
      await who.context.route(`${stack.api}/**`, (route) =>
        route.fulfill({ status: 401, headers: { 'access-control-allow-origin': stack.web }, json: { message: 'Unauthorized' } }),
      );
      await page.reload();
      await page.getByRole('alert').getByText('The API does not accept your session').waitFor();
      // A loop would have made many renewals by now.
      await page.waitForTimeout(1000);
      assert.ok(await page.getByRole('alert').isVisible());
      assert.equal(requested(who, renewals) - before, 1);
    }
  },

  async 'a sign-out wins over a renewal in progress in another tab'({ visitor }) {
    const first = await visitor.open();
    await signIn(first, 'Alice');
    const second = await visitor.open();
    await second.locator('.user').waitFor();
    await expire(second);
    /** @type {() => void} */
    let answer = () => {};
    const asked = new Promise((resolve) => {
      void visitor.context.route('**/v1/token', async (route) => {
        const response = await route.fetch();
        resolve(undefined);
        await new Promise((go) => (answer = () => go(undefined)));
        await route.fulfill({ response });
      });
    });
    await second.getByLabel('Only mine').click();
    await asked;
    await first.getByRole('button', { name: 'Sign out' }).click();
    await first.waitForURL(`${stack.web}/signed-out.html`);
    // The waiting call continues without a token.
    visitor.expected.push(/status of 401/);
    const revoked = second.waitForResponse(/v1\/revoke/);
    answer();
    await revoked;
    await listed(second);
    for (const page of [first, second]) assert.equal(await sessionOf(page), null);
  },

  async 'two tabs that renew at the same time stay signed in'({ visitor }) {
    const first = await visitor.open();
    await signIn(first, 'Alice');
    const second = await visitor.open();
    await second.locator('.user', { hasText: 'Alice Example' }).waitFor();
    for (let round = 0; round < 5; round += 1) {
      const before = requested(visitor, tokenCalls);
      await Promise.all([expire(first), expire(second)]);
      await Promise.all([first, second].map((page) => page.getByRole('button', { name: 'GET /state as you' }).click()));
      await Promise.all([first, second].map((page) => page.locator('#last-call dd', { hasText: '200' }).first().waitFor()));
      await first.waitForFunction(() => JSON.parse(sessionStorage.getItem('session') ?? '{}').renewAt > 0);
      await second.waitForFunction(() => JSON.parse(sessionStorage.getItem('session') ?? '{}').renewAt > 0);
      const sessions = await Promise.all([sessionOf(first), sessionOf(second)]);
      assert.deepEqual(sessions[0], sessions[1]);
      assert.equal(requested(visitor, tokenCalls) - before, 1, 'only one of them calls the issuer');
    }
    for (const page of [first, second]) assert.ok(await page.locator('.user').isVisible());
  },

  async 'a reused refresh token ends the sign-in'({ visitor }) {
    const page = await visitor.open();
    await signIn(page, 'Alice');
    const { refreshToken } = await sessionOf(page);
    const stolen = await fetch(`${stack.issuer}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'web', refresh_token: refreshToken }),
    });
    assert.equal(stolen.status, 200, 'the thief was faster');
    const loot = await stolen.json();

    await expire(page);
    visitor.expected.push(/status of 400/);
    await page.getByLabel('Only mine').click();
    await page.getByRole('alert').getByText('Your sign-in has ended').waitFor();
    await screenshot(page, 'session-ended');
    await checkAccessibility(page, 'a session that has ended');
    assert.equal(await sessionOf(page), null);
    await page.getByText('Not signed in').waitFor();
    const again = await fetch(`${stack.issuer}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'web', refresh_token: loot.refresh_token }),
    });
    assert.equal(again.status, 400, 'the stolen tokens are revoked');
  },

  async 'a forged callback is reported, and causes no request to the issuer'({ visitor }) {
    for (const query of ['?code=stolen&state=guessed', '?code=stolen', '?error=access_denied&state=guessed', '']) {
      const page = await visitor.open(`/callback.html${query}`);
      await page.getByText('This sign-in was not started here').waitFor();
      assert.equal(new URL(page.url()).search, '', 'the code has left the address bar');
      await checkAccessibility(page, 'a forged callback');
      await screenshot(page, 'forged-callback');
      await page.close();
    }
    assert.equal(requested(visitor, /\/oauth2\//), 0);
  },

  async 'a callback works once, in the tab that started it'({ visitor }) {
    const page = await visitor.open();
    await signIn(page, 'Alice');
    const callback = visitor.requests.find((request) => request.includes('/callback.html?'))?.slice('GET '.length);
    assert.ok(callback?.includes('code='));
    const before = requested(visitor, tokenCalls);
    for (const tab of [page, await visitor.open()]) {
      await tab.goto(callback);
      await tab.getByText('This sign-in was not started here').waitFor();
    }
    assert.equal(requested(visitor, tokenCalls), before);
  },

  async 'a response of another issuer is rejected (mix-up)'({ visitor }) {
    const page = await visitor.open();
    await page.route('**/v1/authorize?*', async (route) => {
      const state = new URL(route.request().url()).searchParams.get('state') ?? '';
      const query = new URLSearchParams({ code: 'theirs', state, iss: 'https://evil.example' });
      await route.fulfill({ status: 303, headers: { location: `${stack.web}/callback.html?${query}` } });
    });
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Unexpected response from the sign-in service' }).waitFor();
    assert.equal(requested(visitor, tokenCalls), 0);
    assert.equal(await sessionOf(page), null);
  },

  async 'a wrong device clock is reported, and a clock that is behind does no harm'({ visitor }) {
    const page = await visitor.open();
    const { clock } = visitor.context;
    const start = page.getByRole('button', { name: 'Sign in', exact: true });
    const hours = (/** @type {number} */ n) => clock.setSystemTime(Date.now() + n * 3_600_000);
    await hours(2);
    await start.click();
    await page.getByRole('button', { name: 'Alice Example' }).click();
    await page.getByRole('heading', { name: 'This device’s clock is wrong' }).waitFor();
    await page.getByText('It is about 2 hours ahead').waitFor();
    await checkAccessibility(page, 'a wrong clock');
    assert.equal(await sessionOf(page), null);

    await hours(-2);
    await page.goto(stack.web);
    await start.click();
    await page.locator('.user', { hasText: 'Alice Example' }).waitFor();
    await listed(page);

    // A renewal meets the wrong clock too.
    await hours(2);
    await page.getByLabel('Only mine').click();
    await page.getByRole('alert').getByText('This device’s clock is wrong').waitFor();
  },

  async 'a cancelled sign-in is reported'({ visitor }) {
    const page = await visitor.open();
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('You were not signed in').waitFor();
    assert.equal(await sessionOf(page), null);
  },

  async 'a sign-out reaches the other tabs, revokes the tokens and ends the issuer\'s session'({ visitor }) {
    const first = await visitor.open();
    await signIn(first, 'Alice');
    const { refreshToken } = await sessionOf(first);
    const second = await visitor.open();
    await second.locator('.user').waitFor();

    await first.getByRole('button', { name: 'Sign out' }).click();
    await second.getByText('You signed out in another tab').waitFor();
    assert.equal(await sessionOf(second), null);
    await first.waitForURL(`${stack.web}/signed-out.html`);
    await screenshot(first, 'signed-out');
    await checkAccessibility(first, 'signed out');
    assert.equal(await sessionOf(first), null);
    const refreshed = await fetch(`${stack.issuer}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'web', refresh_token: refreshToken }),
    });
    assert.equal(refreshed.status, 400, 'the refresh token was revoked');
    // The issuer's session has ended as well: it asks who signs in, and returns to the start page.
    await first.getByRole('button', { name: 'Sign in again' }).click();
    await first.getByRole('button', { name: 'Bob Example' }).click();
    await first.locator('.user', { hasText: 'Bob Example' }).waitFor();
    assert.equal(new URL(first.url()).pathname, '/');
    // The other tab follows.
    await second.locator('.user', { hasText: 'Bob Example' }).waitFor();
  },

  async 'a sign-out that does not reach the issuer is reported'({ visitor }) {
    const page = await visitor.open();
    await signIn(page, 'Alice');
    await page.goto(`${stack.web}/signed-out.html`);
    await page.waitForURL(`${stack.web}/`);
    await page.locator('.user').waitFor();
    visitor.expected.push(/ERR_FAILED/);
    await visitor.context.route(`${stack.issuer}/**`, (route) => route.abort());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stack.web}/signed-out.html`);
    await page.getByText('The sign-in service did not respond').waitFor();
    assert.equal(await sessionOf(page), null);
  },

  async 'one user after another in the same browser'({ visitor }) {
    const page = await visitor.open();
    await signIn(page, 'Alice');
    await signIn(page, 'Ada', page.getByRole('button', { name: 'Sign in as ada' }));
    await page.getByText('Admins').waitFor();
  },

  async 'without refresh tokens a session is renewed by a silent redirect'({ visitor }) {
    await visitor.context.route('**/config.js', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replace(' offline_access', '') });
    });
    const page = await visitor.open();
    await signIn(page, 'Alice');
    const before = await sessionOf(page);
    assert.equal(before.refreshToken, undefined);
    await expire(page);
    await page.getByLabel('Only mine').click();
    await page.waitForFunction((chain) => {
      const session = JSON.parse(sessionStorage.getItem('session') ?? '{}');
      return session.chain !== undefined && session.chain !== chain;
    }, before.chain);
    await listed(page);
    await page.locator('.user', { hasText: 'Alice Example' }).waitFor();
    assert.equal(requested(visitor, /prompt=none/), 1);
    await page.goto(`${stack.web}/signed-in.html`);
    await page.getByRole('heading', { name: 'API call' }).waitFor();
    assert.deepEqual((await shownSteps(page)).map(([title]) => title), [
      'Read the issuer’s metadata',
      'Ask the issuer to renew the session',
      'Return with an authorization code',
      'Read the issuer’s metadata',
      'Exchange the code for tokens',
      'Get the issuer’s keys',
      'Call the API with the access token',
    ]);
    await page.goto(stack.web);
    await listed(page);

    // When the issuer's session has ended, the page says so and continues signed out.
    await visitor.context.clearCookies();
    await expire(page);
    await page.getByLabel('Only mine').click();
    await page.getByText('Your sign-in has expired').waitFor();
    await page.getByText('Not signed in').waitFor();
    assert.equal(requested(visitor, /prompt=none/), 2, 'and does not retry');
  },

  async 'unsaved input survives the end of the session'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('draft');
    await signInToWrite(page, 'Alice');
    await create(page, id, { n: 1 }, 'public');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.fill('#value', '{"n": "typed for an hour"}');
    await page.evaluate(() => sessionStorage.removeItem('session'));
    visitor.expected.push(/status of 401/);
    await page.getByRole('button', { name: 'Save' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('Sign-in required').waitFor();
    await alert.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Your unsaved changes are still here').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved as version 2').waitFor();
    assert.deepEqual(await shownValue(page), { n: 'typed for an hour' });
  },

  async 'unsaved input survives navigation, for its author only'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('typed');
    await signInToWrite(page, 'Alice');
    await create(page, id, { n: 1 }, 'public');
    const type = async () => {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.fill('#value', '{"n": "typed"}');
    };
    await type();
    await page.getByRole('link', { name: 'Resources' }).click();
    await page.getByRole('link', { name: id }).click();
    await page.getByText('Your unsaved changes are still here').waitFor();
    assert.equal(await page.locator('#value').inputValue(), '{"n": "typed"}');
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(await shownValue(page), { n: 1 });

    await type();
    await signIn(page, 'Bob', page.getByRole('button', { name: 'Sign in as bob' }));
    assert.deepEqual(await shownValue(page), { n: 1 });
    await signIn(page, 'Alice', page.getByRole('button', { name: 'Sign in as alice' }));
    await page.locator('pre.value').waitFor();

    await type();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stack.web}/signed-out.html`);
    assert.doesNotMatch(await page.evaluate(() => JSON.stringify(sessionStorage)), /typed/);
  },

  async 'a user who cancels at the issuer is back at the resource'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('turned-back');
    await signInToWrite(page, 'Alice');
    await create(page, id, { n: 1 }, 'public');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stack.web}/signed-out.html`);
    for (const turnBack of [
      async () => {
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.getByText('You were not signed in').waitFor();
        await page.goto(stack.web + pageOf(id));
      },
      () => page.goBack({ waitUntil: 'commit' }),
    ]) {
      await page.goto(stack.web + pageOf(id));
      await page.getByRole('button', { name: 'Sign in to edit' }).click();
      await page.waitForURL(/\/signin\//);
      await turnBack();
      assert.deepEqual(await shownValue(page), { n: 1 });
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL(/\/signin\//);
    }
    await page.goto(`${stack.web}/state.html?id=..%2Fsession`);
    await page.getByText('This resource id is not valid').waitFor();
  },

  async 'the panel shows the decision on each call'({ visitor }) {
    const page = await visitor.open();
    await signIn(page, 'Alice');
    await listed(page);
    visitor.expected.push(/status of 4\d\d/);
    /** @param {string} button @param {string} status @param {string} decision */
    const check = async (button, status, decision) => {
      const [method, path] = /** @type {[string, string]} */ (button.split(' '));
      const answered = page.waitForResponse((response) => response.url() === `${stack.api}${path}` && response.request().method() === method);
      await page.getByRole('button', { name: button, exact: true }).click();
      const panel = page.locator('#last-call');
      await panel.locator('.request', { hasText: /** @type {string} */ (button.split(' as ')[0]) }).waitFor();
      await panel.getByText(decision).waitFor();
      await panel.locator('.status', { hasText: status }).waitFor();
      // The request id from the answer's header, whichever component answered.
      const id = await (await answered).headerValue('x-amzn-requestid');
      assert.ok(id !== null && id.length === 36, String(id));
      await panel.locator('dt', { hasText: 'Request' }).locator('+ dd', { hasText: id }).waitFor();
    };
    await check('GET /session as you', '200', 'allowed it as Alice Example');
    await check('GET /session as anonymous', '200', 'allowed it as an anonymous caller');
    await check('GET /session as forger', '401', 'The authorizer rejected the token');
    await check('GET /state/example as you', '404', 'The handler rejected it');
    await check('PUT /state/example as anonymous', '401', 'requires a token');
    await check('PUT /state/example as forger', '401', 'The authorizer rejected the token');
    await check('PUT /state/example as you', '403', 'The access rules do not allow');
    await screenshot(page, 'panel', { width: 1200 });
    await signInToWriteAgain(page);
    await check('PUT /state/example as you', '428', 'The handler rejected it');
    await checkAccessibility(page, 'the panel');
  },

  async 'every failure of the API has a message and a remedy'({ visitor }) {
    visitor.expected.push(/status of [45]\d\d/, /ERR_FAILED|Failed to load|ERR_INTERNET_DISCONNECTED/);
    const page = await visitor.open();
    await signIn(page, 'Alice');
    await listed(page);
    const problem = (/** @type {number} */ status, detail = 'the detail') => ({
      status,
      headers: { 'content-type': 'application/problem+json', 'access-control-allow-origin': stack.web },
      body: JSON.stringify({ type: 'about:blank', title: 'x', status, detail, requestId: 'r', errors: [{ pointer: '#/value', detail: 'too odd' }] }),
    });
    const gateway = (/** @type {number} */ status) => ({
      status,
      headers: { 'content-type': 'application/json', 'access-control-allow-origin': stack.web },
      body: JSON.stringify({ message: null }),
    });
    for (const [name, answer, title, action] of /** @type {[string, any, string, string | undefined][]} */ ([
      ['400', problem(400), 'The input is not valid', undefined],
      ['401', problem(401), 'The API does not accept your session', 'Sign in'],
      ['403 of the handler', problem(403), 'You do not have permission to change this resource', undefined],
      ['403 of the rules', gateway(403), 'Your session does not have the required permission', 'Sign in for writing'],
      ['404', problem(404), 'Resource not found', undefined],
      ['409', problem(409), 'The resource has changed', 'Load again'],
      ['413', problem(413), 'The value is too large', undefined],
      ['422', problem(422), 'The input is not valid', undefined],
      ['428', problem(428), 'The request is not valid', 'Load again'],
      ['429', { ...problem(429), headers: { ...problem(429).headers, 'retry-after': '7', 'access-control-expose-headers': 'Retry-After' } }, 'Too many requests', 'Try again'],
      ['500 of the gateway', gateway(500), 'The API has an internal error', 'Try again'],
      ['503', problem(503), 'The API has an internal error', 'Try again'],
      ['no answer', undefined, 'No response from the API', 'Try again'],
    ])) {
      await page.route(`${stack.api}/state?*`, (route) => (answer === undefined ? route.abort() : route.fulfill(answer)));
      await page.reload();
      const alert = page.getByRole('alert');
      await alert.getByText(title).waitFor();
      if (action !== undefined) assert.ok(await alert.getByRole('button', { name: action, exact: true }).isVisible(), name);
      if (name === '422') await alert.getByText('#/value: too odd').waitFor();
      if (name === '429') await alert.getByText('Try again in 7 seconds').waitFor();
      if (name === '503') {
        await screenshot(page, 'api-down');
        await checkAccessibility(page, 'an API that fails');
      }
      await page.unroute(`${stack.api}/state?*`);
    }
    // The remedy works.
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await listed(page);
    await page.locator('#notice .notice').waitFor({ state: 'detached' });

    await visitor.context.setOffline(true);
    await page.getByLabel('Only mine').click();
    await page.getByRole('alert').getByText('You are offline').waitFor();
    await visitor.context.setOffline(false);
  },

  async 'how you signed in shows every hop as sent and received, without secrets, until the sign-out'({ visitor }) {
    const secrets = await secretsOf(visitor);
    const page = await visitor.open('/signed-in.html');
    await page.getByText('You are not signed in').waitFor();
    await checkAccessibility(page, 'how you signed in, signed out');

    // The entries that are kept while the browser is at the issuer.
    await page.route('**/v1/authorize?*', (route) => route.fulfill({ status: 204 }));
    await page.locator('#sequence').getByRole('button', { name: 'Sign in' }).click();
    const pending = await page.waitForFunction(() => Object.entries(sessionStorage).find(([name]) => name.startsWith('sign-in '))?.[1]);
    const { hops: first, verifier } = JSON.parse(/** @type {string} */ (await pending.jsonValue()));
    assert.equal(first.length, 2);
    assertNoSecret(first, [verifier]);
    await page.unroute('**/v1/authorize?*');
    await page.goto(`${stack.web}/signed-in.html`);

    await signIn(page, 'Alice', page.locator('#sequence').getByRole('button', { name: 'Sign in' }));
    await page.getByRole('heading', { name: 'API call' }).waitFor();
    const [issued = {}] = secrets;
    const session = await sessionOf(page);
    assert.deepEqual(await shownSteps(page), signInSteps(visitor, issued));
    assert.equal(session.hops.length, 6);
    await screenshot(page, 'signed-in');
    await screenshot(page, 'signed-in-dark', { colorScheme: 'dark' });
    await screenshot(page, 'signed-in-phone', { width: 390 });
    await checkAccessibility(page, 'how you signed in');
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, 'scrolls sideways');
    await page.setViewportSize({ width: 1200, height: 800 });

    // Another tab shows the same, and a renewal there is shown here.
    const other = await visitor.open('/signed-in.html');
    await other.getByRole('heading', { name: 'API call' }).waitFor();
    assert.deepEqual(await shownSteps(other), await shownSteps(page));
    await expire(other);
    await other.getByRole('button', { name: 'GET /session as you' }).click();
    await page.getByRole('heading', { name: 'Last renewal' }).waitFor();
    const renewed = await sessionOf(page);
    const renewal = (await shownSteps(page)).find(([title]) => title === 'Renew the tokens');
    assert.deepEqual(renewal, renewalStep(issued.refresh_token, renewed));
    for (const tab of [page, other]) {
      const { hops, renewalHops } = await sessionOf(tab);
      assert.deepEqual([hops, renewalHops.length], [session.hops, 2]);
      assertNoSecret([hops, renewalHops, await tab.content()], secrets.flatMap((found) => Object.values(found)));
    }

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${stack.web}/signed-out.html`);
    await other.getByText('After you sign in, each request').waitFor();
    assert.equal(await other.locator('.sequence').count(), 0);
    for (const tab of [page, other]) assert.doesNotMatch(await tab.evaluate(() => JSON.stringify({ ...sessionStorage })), /hops|v1/);
  },

  async 'values from the API never become markup'({ visitor }) {
    const page = await visitor.open();
    const id = fresh('markup');
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    await signInToWrite(page, 'Alice');
    await create(page, id, { [evil]: evil }, 'public');
    assert.deepEqual(await shownValue(page), { [evil]: evil });
    await page.goto(stack.web);
    await page.locator('.entry', { hasText: id }).getByText('<img src=x').waitFor();
    assert.equal(await page.locator('main img, main script').count(), 0);
  },

  async 'the pages work with the keyboard only, and on a phone'({ visitor }) {
    const page = await visitor.open();
    await listed(page);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['/', '/state.html', '/signed-in.html', '/callback.html', '/signed-out.html', '/404.html']) {
      await page.goto(stack.web + path);
      await page.locator('h1').first().waitFor();
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wider, 0, `${path} scrolls sideways`);
    }
    await checkAccessibility(page, 'the page for a missing address');
  },

  async 'every response of the site has the strict headers, and only the site is served'({ visitor }) {
    const page = await visitor.open();
    for (const path of ['/', '/js/start.js', '/config.js', '/vendor/oauth4webapi.js', '/nowhere']) {
      const answer = await page.request.get(stack.web + path);
      const headers = answer.headers();
      const policy = headers['content-security-policy'] ?? '';
      assert.doesNotMatch(policy, /unsafe|\*/, path);
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'", new URL(stack.api).origin, new URL(stack.issuer).origin]) {
        assert.ok(policy.includes(part), `${path}: ${part} in ${policy}`);
      }
      assert.deepEqual(
        [headers['x-content-type-options'], headers['referrer-policy'], headers['x-frame-options'], headers['cross-origin-opener-policy']],
        ['nosniff', 'no-referrer', 'DENY', 'same-origin'],
        path,
      );
    }
    for (const path of ['/package.json', '/deploy.mjs', '/tests/run.mjs', '/js/%2e%2e/package.json']) {
      assert.equal((await page.request.get(stack.web + path)).status(), 404, path);
    }
  },
};

/** @param {Page} page */
async function signInToWriteAgain(page) {
  await page.goto(`${stack.web}/state.html`);
  await page.locator('#value').waitFor();
  await page.goto(stack.web);
  await listed(page);
}

/** @param {string} to @param {string} request */
const browserTo = (to, request) => `Browser to ${to} ${request}`;

/** The steps that the page shows for a sign-in and the first call. @param {Visitor} visitor @param {Record<string, string>} issued */
function signInSteps(visitor, { code, code_verifier, access_token, refresh_token, id_token }) {
  const metadata = [
    browserTo('issuer', `GET ${stack.issuer}/.well-known/openid-configuration`),
    'Issuer to browser 200',
    `issuer=${stack.issuer}`,
    `authorization_endpoint=${stack.issuer}/v1/authorize`,
    `token_endpoint=${stack.issuer}/v1/token`,
    `jwks_uri=${stack.issuer}/v1/keys`,
  ];
  const authorize = new URL(visitor.requests.findLast((request) => request.includes('/v1/authorize?'))?.slice('GET '.length) ?? '');
  const asked = (/** @type {string} */ name) => authorize.searchParams.get(name) ?? '';
  return [
    ['Read the issuer’s metadata', ...metadata],
    [
      'Send the user to the issuer',
      browserTo('issuer', `GET ${stack.issuer}/v1/authorize`),
      'client_id=web',
      `redirect_uri=${stack.web}/callback.html`,
      'response_type=code',
      'scope=openid profile offline_access',
      `state=${short(asked('state'))}`,
      `nonce=${short(asked('nonce'))}`,
      `code_challenge=${asked('code_challenge')}`,
      'code_challenge_method=S256',
    ],
    [
      'Return with an authorization code',
      `Issuer to browser GET ${stack.web}/callback.html`,
      `code=${short(code)}`,
      `state=${short(asked('state'))}`,
      `iss=${stack.issuer}`,
    ],
    ['Read the issuer’s metadata', ...metadata],
    [
      'Exchange the code for tokens',
      browserTo('issuer', `POST ${stack.issuer}/v1/token`),
      `redirect_uri=${stack.web}/callback.html`,
      `code=${short(code)}`,
      `code_verifier=${short(code_verifier)}`,
      'grant_type=authorization_code',
      'client_id=web',
      'Issuer to browser 200',
      'token_type=Bearer',
      'expires_in=3600',
      'scope=openid profile offline_access',
      `access_token=${short(access_token)}`,
      `id_token=${short(id_token)}`,
      `refresh_token=${short(refresh_token)}`,
    ],
    ['Get the issuer’s keys', browserTo('issuer', `GET ${stack.issuer}/v1/keys`), 'Issuer to browser 200', 'keys=2'],
    [
      'Call the API with the access token',
      browserTo('API', `GET ${stack.api}/session`),
      `Authorization=Bearer ${short(access_token)}`,
      'API to browser 200',
      'principal=00ualice000000000000',
    ],
  ];
}

/** The steps that the page shows for a renewal. @param {string | undefined} used @param {Awaited<ReturnType<typeof sessionOf>>} renewed */
function renewalStep(used, renewed) {
  return [
    'Renew the tokens',
    browserTo('issuer', `POST ${stack.issuer}/v1/token`),
    `refresh_token=${short(used)}`,
    'grant_type=refresh_token',
    'client_id=web',
    'Issuer to browser 200',
    'token_type=Bearer',
    'expires_in=3600',
    'scope=openid profile offline_access',
    `access_token=${short(renewed.accessToken)}`,
    `id_token=${short(renewed.idToken)}`,
    `refresh_token=${short(renewed.refreshToken)}`,
  ];
}
