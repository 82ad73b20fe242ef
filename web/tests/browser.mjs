import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The stack under test, set by `tests/tests/browser.rs`. */
export const stack = {
  web: required('WEB_ORIGIN'),
  api: required('API_BASE'),
  issuer: required('ISSUER'),
};
const screenshots = process.env['SCREENSHOTS'];

/** @param {string} name */
function required(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; run this by \`cargo test -p tests --test browser\``);
  return value;
}

/** @type {import('playwright-core').Browser} */
let browser;

export async function launch() {
  browser = await chromium.launch({
    // The back-forward cache is on, as it is for users.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export async function close() {
  await browser?.close();
}

/**
 * A browser profile of its own. In every scenario it watches for errors in the console, violations of the content security
 * policy, and tokens in URLs.
 */
export class Visitor {
  /** @type {string[]} */
  faults = [];
  /** The messages that the console may show in this scenario. @type {RegExp[]} */
  expected = [];
  /** @type {import('playwright-core').BrowserContext} */
  context;
  /** Every request as `METHOD URL`. @type {string[]} */
  requests = [];

  /** @param {import('playwright-core').BrowserContext} context */
  constructor(context) {
    this.context = context;
    context.on('request', (request) => {
      this.requests.push(`${request.method()} ${request.url()}`);
      this.#inspect(request.url());
    });
    context.on('page', (page) => {
      page.on('framenavigated', (frame) => this.#inspect(frame.url()));
      page.on('pageerror', (error) => this.faults.push(`error in the page: ${error.message}`));
      page.on('console', (message) => {
        const text = `${message.text()} ${message.location().url}`;
        if (!['error', 'warning'].includes(message.type())) return;
        if (!this.expected.some((pattern) => pattern.test(text))) this.faults.push(`console: ${text}`);
      });
    });
  }

  /** @param {import('playwright-core').BrowserContextOptions} [options] */
  static async arrive(options = {}) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
    context.setDefaultTimeout(20_000);
    await context.exposeBinding('policyViolation', (_source, text) => void visitor.faults.push(`policy: ${text}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        /** @type {any} */ (window).policyViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    const visitor = new Visitor(context);
    return visitor;
  }

  /** A new tab. @param {string} [path] */
  async open(path = '/') {
    const page = await this.context.newPage();
    await page.goto(stack.web + path);
    return page;
  }

  async leave() {
    await this.context.close();
  }

  /**
   * Recognises a JWT by its form, and an opaque token by its parameter name (RFC 6749, RFC 7009).
   *
   * @param {string} url
   */
  #inspect(url) {
    if (/eyJ[\w-]+\.eyJ|(access_token|refresh_token|id_token|id_token_hint|token)=/.test(url)) {
      this.faults.push(`a token in a URL: ${url.slice(0, 120)}`);
    }
  }
}

/**
 * Signs in on the issuer's page.
 *
 * @param {import('playwright-core').Page} page
 * @param {'Alice' | 'Bob' | 'Ada'} name
 * @param {import('playwright-core').Locator} [by] the control that starts it
 */
export async function signIn(page, name, by = page.getByRole('button', { name: 'Sign in', exact: true })) {
  await by.first().click();
  await page.waitForURL(/\/signin\//);
  await page.getByRole('button', { name: `${name} Example` }).click();
  await page.waitForURL((url) => url.origin === stack.web && url.pathname !== '/callback.html');
  await page.locator('.user', { hasText: `${name} Example` }).waitFor();
}

/** Fails if axe-core finds a violation, in light or dark mode. @param {import('playwright-core').Page} page @param {string} what */
export async function checkAccessibility(page, what) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
    if (violations.length > 0) {
      const found = violations.map((/** @type {any} */ { id, help, nodes }) => `${id}: ${help}\n    ${nodes.map((/** @type {any} */ node) => node.html).join('\n    ')}`);
      throw new Error(`${what}, ${colorScheme}: axe-core finds\n  ${found.join('\n  ')}`);
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** @param {import('playwright-core').Page} page @param {string} name @param {{ colorScheme?: 'light' | 'dark', width?: number }} [look] */
export async function screenshot(page, name, { colorScheme = 'light', width } = {}) {
  if (screenshots === undefined) return;
  mkdirSync(screenshots, { recursive: true });
  const before = page.viewportSize();
  if (width !== undefined) await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: width !== undefined });
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before !== null) await page.setViewportSize(before);
}

/** Calls a control of the local issuer, see `local/issuer/controls.mjs`. @param {string} path */
export async function issuerControl(path) {
  const answer = await fetch(new URL(path, stack.issuer), { method: 'POST' });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** The session that the page has stored. @param {import('playwright-core').Page} page */
export function sessionOf(page) {
  return page.evaluate(() => JSON.parse(sessionStorage.getItem('session') ?? 'null'));
}

/** Makes the page's next call renew its session. @param {import('playwright-core').Page} page */
export function expire(page) {
  return page.evaluate(() => {
    const session = JSON.parse(sessionStorage.getItem('session') ?? '{}');
    sessionStorage.setItem('session', JSON.stringify({ ...session, renewAt: 0 }));
  });
}

/** Codes, verifiers, tokens and proofs by their names. @typedef {Record<string, string>} Secrets */

/** The secrets of every token request from now on, as the network carries them.
 *
 * @param {Visitor} visitor
 * @returns {Promise<Secrets[]>} grows with each request
 */
export async function secretsOf(visitor) {
  /** @type {Secrets[]} */
  const found = [];
  await visitor.context.route('**/v1/token', async (route) => {
    const request = route.request();
    const { code, code_verifier, refresh_token: spent } = Object.fromEntries(new URLSearchParams(request.postData() ?? ''));
    const proof = request.headers()['dpop'];
    const response = await route.fetch();
    const { access_token, refresh_token, id_token } = await response.json();
    // JSON drops undefined members.
    found.push(JSON.parse(JSON.stringify({ code, code_verifier, spent, proof, access_token, refresh_token, id_token })));
    await route.fulfill({ response });
  });
  return found;
}

/** A secret as the pages shorten it (see SECURITY.md). @param {string | undefined} secret */
export function short(secret) {
  assert.ok(secret !== undefined && secret.length >= 20, 'a secret of the sign-in');
  return `${secret.slice(0, 4)}… (${secret.length} characters)`;
}

/** Fails if `kept` contains eight consecutive characters of any secret. @param {unknown} kept @param {readonly string[]} secrets */
export function assertNoSecret(kept, secrets) {
  assert.ok(secrets.length > 0);
  const text = JSON.stringify(kept);
  for (const secret of secrets) {
    for (let start = 0; start + 8 <= secret.length; start += 1) {
      assert.ok(!text.includes(secret.slice(start, start + 8)), `characters ${start} to ${start + 8} of a secret`);
    }
  }
}

/** The steps of "How you signed in" as a screen reader reads them, without notes and durations. @param {Page} page @typedef {import('playwright-core').Page} Page */
export async function shownSteps(page) {
  return page.locator('.sequence li').evaluateAll((steps) =>
    steps.map((step) => [
      step.querySelector('h3')?.textContent,
      ...[...step.querySelectorAll('.message p, .message dt')].map((part) =>
        part.matches('dt') ? `${part.textContent}=${part.nextElementSibling?.textContent}` : part.textContent?.replace(/ in \d+ ms$/, '')),
    ]),
  );
}
