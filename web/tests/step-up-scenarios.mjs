import assert from 'node:assert/strict';
import { checkAccessibility, screenshot, sessionOf, signIn, stack, Visitor } from './browser.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ visitor: Visitor, second: () => Promise<Visitor> }} Cast */

const twoFactors = 'urn:okta:loa:2fa:any';

/** Signs in, creates a resource, and returns its page. @param {Visitor} visitor @param {string} id @param {'Alice' | 'Bob' | 'Ada'} user */
async function withResource(visitor, id, user) {
  visitor.expected.push(/status of 403/);
  const page = await visitor.open('/state.html');
  await signIn(page, user, page.locator('#resource').getByRole('button', { name: 'Sign in' }));
  await page.fill('#id', id);
  await page.selectOption('#visibility', 'public');
  await page.fill('#value', '{"n": 1}');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.locator('pre.value').waitFor();
  return page;
}

/** Asks to delete the shown resource, and waits for the issuer's page. @param {Page} page */
async function askToDelete(page) {
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL(/\/signin\//);
  await page.getByText(twoFactors).waitFor();
}

/** Chooses a user on the issuer's page. @param {Page} page @param {'Alice' | 'Bob' | 'Ada'} user */
const choose = (page, user) => page.getByRole('button', { name: `${user} Example` }).click();

/** @param {Visitor} visitor @param {RegExp} pattern */
const requested = (visitor, pattern) => visitor.requests.filter((request) => pattern.test(request));

/** Makes the API refuse the first calls of this method, as many as `times`, because they need a stronger sign-in. @param {Page} page @param {string} method @param {number} times */
async function refuse(page, method, times) {
  let left = times;
  await page.context().route(`${stack.api}/state/**`, (route) => {
    if (route.request().method() !== method || left === 0) return route.fallback();
    left -= 1;
    const headers = { 'access-control-allow-origin': stack.web };
    return route.fulfill({ status: 403, headers, json: { Message: 'no', stepUp: twoFactors } });
  });
}

/** The pages with an API that asks for a strong sign-in before a deletion. @type {Record<string, (cast: Cast) => Promise<void>>} */
export const scenarios = {
  async 'a deletion asks for a stronger sign-in and is repeated after it'({ visitor }) {
    const page = await withResource(visitor, 'strong', 'Alice');
    await askToDelete(page);
    await screenshot(page, 'issuer-step-up');
    await checkAccessibility(page, 'the issuer\'s page for a stronger sign-in');
    await choose(page, 'Alice');
    await page.getByText('strong is deleted').waitFor();
    const [, authorize = ''] = requested(visitor, /\/v1\/authorize\?/);
    const { searchParams } = new URL(authorize.slice('GET '.length));
    assert.deepEqual(['acr_values', 'max_age', 'prompt'].map((name) => searchParams.get(name)), [twoFactors, '0', 'login']);
    assert.ok((searchParams.get('scope') ?? '').includes('state:write'), 'no granted scope is lost');
    assert.equal(requested(visitor, /^DELETE /).length, 2);

    // The sign-in is new and strong enough for the next one.
    await page.goto(`${stack.web}/state.html`);
    await page.fill('#id', 'stronger');
    await page.fill('#value', '1');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('stronger is deleted').waitFor();
    assert.equal(requested(visitor, /\/v1\/authorize\?/).length, 2);
  },

  async 'a user without a second factor sees why, and stays signed in'({ visitor }) {
    const page = await withResource(visitor, 'weak', 'Bob');
    const { chain } = await sessionOf(page);
    await askToDelete(page);
    await choose(page, 'Bob');
    await page.getByText('Your account does not meet the sign-in requirements').waitFor();
    await checkAccessibility(page, 'a sign-in that cannot be strong enough');
    assert.equal((await sessionOf(page)).chain, chain);
    // Nothing is repeated without the stronger sign-in.
    await page.goto(`${stack.web}/state.html?id=weak`);
    await page.locator('pre.value').waitFor();
    assert.equal(requested(visitor, /^DELETE /).length, 1);
  },

  async 'a second refusal is shown, and no other sign-in starts automatically'({ visitor }) {
    const page = await withResource(visitor, 'refused', 'Alice');
    await refuse(page, 'DELETE', 3);
    await askToDelete(page);
    await choose(page, 'Alice');
    const alert = page.getByRole('alert');
    await alert.getByText('Stronger sign-in required').waitFor();
    await page.locator('pre.value').waitFor();
    await screenshot(page, 'step-up-refused');
    await checkAccessibility(page, 'a second refusal');
    assert.equal(requested(visitor, /^DELETE /).length, 2);
    // Neither a reload nor another try navigates to the issuer; only the user's click does.
    await page.reload();
    await page.locator('pre.value').waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await alert.getByText('Stronger sign-in required').waitFor();
    await page.locator('#last-call').getByText('only after a stronger or newer sign-in').waitFor();
    assert.equal(requested(visitor, /^DELETE /).length, 3);
    assert.equal(requested(visitor, /\/v1\/authorize\?/).length, 2);
    await alert.getByRole('button', { name: 'Sign in again' }).click();
    await page.waitForURL(/\/signin\//);
    await page.getByText(twoFactors).waitFor();
  },

  async 'unsaved input survives the stronger sign-in, and is saved after it'({ visitor }) {
    const page = await withResource(visitor, 'typed', 'Alice');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.fill('#value', '{"n": "typed for an hour"}');
    await refuse(page, 'PUT', 1);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/signin\//);
    await choose(page, 'Alice');
    await page.getByText('Saved as version 2').waitFor();
    assert.deepEqual(JSON.parse(await page.locator('pre.value').innerText()), { n: 'typed for an hour' });
    assert.equal(requested(visitor, /^PUT /).length, 3);
  },

  async 'unsaved input survives a second refusal'({ visitor }) {
    const page = await withResource(visitor, 'typed.twice', 'Alice');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.fill('#value', '{"n": "typed"}');
    await refuse(page, 'PUT', 2);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/signin\//);
    await choose(page, 'Alice');
    await page.getByRole('alert').getByText('Stronger sign-in required').waitFor();
    assert.equal(await page.locator('#value').inputValue(), '{"n": "typed"}');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved as version 2').waitFor();
  },

  async 'a deletion that the user gave up is not made after another call'({ visitor }) {
    const page = await withResource(visitor, 'given.up', 'Alice');
    await askToDelete(page);
    // The user leaves the issuer's page. Then a read needs a stronger sign-in.
    await refuse(page, 'GET', 1);
    await page.goto(`${stack.web}/state.html?id=missing`);
    await page.waitForURL(/\/signin\//);
    visitor.expected.push(/status of 404/);
    await choose(page, 'Alice');
    await page.getByText('Resource not found').first().waitFor();
    await page.goto(`${stack.web}/state.html?id=given.up`);
    await page.locator('pre.value').waitFor();
    assert.equal(requested(visitor, /^DELETE /).length, 1);
  },

  async 'the call of one user is not repeated as another'({ visitor }) {
    const page = await withResource(visitor, 'of.alice', 'Alice');
    await askToDelete(page);
    // Ada is an administrator, so the API would allow it.
    await choose(page, 'Ada');
    await page.locator('.user', { hasText: 'Ada Example' }).waitFor();
    await page.locator('pre.value').waitFor();
    assert.equal(requested(visitor, /^DELETE /).length, 1);
  },
};
