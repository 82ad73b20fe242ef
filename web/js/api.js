import * as oauth from '/vendor/oauth4webapi.js';
import { acrWanted } from './acr-wanted.js';
import { binding } from './binding-key.js';
import { credentials } from './hops.js';
import { parse, stringify } from './json.js';
import { renewed, freshSession } from './renewal.js';
import { isLoopback, settings } from './settings.js';
import { justSteppedUp, stepUp } from './step-up.js';
import { isUnreachable } from './unreachable.js';

/**
 * A finished call.
 *
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path
 * @property {string | undefined} caller the user whose token was sent
 * @property {number} status 0: the page received no response
 * @property {string} statusText
 * @property {number} milliseconds
 * @property {boolean} byHandler false: API Gateway or the authorizer answered, and the handler was not called
 * @property {any} body
 * @property {Headers} headers
 * @property {import('./hops.js').Field[]} sent the credentials that were sent, shortened
 */

/**
 * @typedef {object} CallOptions
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body]
 * @property {'me' | 'anonymous' | 'forger'} [as] `anonymous`: without a token; `forger`: with a forged token
 * @property {boolean} [quiet] true: not shown in the panel
 */

/** The API responded with an error, or did not respond. */
export class CallFailed extends Error {
  /** @param {Call} call */
  constructor(call) {
    super(`${call.method} ${call.path}: ${call.status}`);
    this.call = call;
  }
}

/** Emits `call` with each finished call. */
export const calls = new EventTarget();

/**
 * Calls the API, with the session's token if there is one. Throws `CallFailed` for every status but 2xx.
 *
 * @param {string} method
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<Call>}
 */
export async function call(method, path, options = {}) {
  const session = (options.as ?? 'me') === 'me' ? await freshSession() : undefined;
  let made = await send(method, path, options, session);
  // The token expired in transit or was revoked: renew once, retry once, and accept the second response. Tokens that were
  // renewed after a refusal are not renewed after the next refusal: an API that accepts no token would cause a loop.
  if (made.status === 401 && session !== undefined && !session.afterRefusal) {
    const next = await renewed(session, true);
    if (next !== undefined) made = await send(method, path, options, next);
  }
  const acrValues = acrWanted(made);
  if (acrValues !== undefined && session !== undefined && !options.quiet && !justSteppedUp()) {
    await stepUp(acrValues, { method, path, headers: options.headers });
  }
  if (!options.quiet) calls.dispatchEvent(new CustomEvent('call', { detail: made }));
  if (made.status < 200 || made.status > 299) throw new CallFailed(made);
  return made;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {CallOptions} options
 * @param {import('./session.js').Session | undefined} session
 * @returns {Promise<Call>}
 */
async function send(method, path, options, session) {
  const headers = new Headers({ Accept: 'application/json', ...options.headers });
  if (options.as === 'forger') headers.set('Authorization', `Bearer ${forgery()}`);
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');

  const caller = options.as === 'forger' ? 'a forger' : session?.user.name;
  const started = performance.now();
  /** @type {import('./hops.js').Field[]} */
  let sent = [];
  const sentTo = (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
    sent = credentials(new Headers(init.headers));
    return fetchFromApi(url, init);
  };
  const took = () => Math.round(performance.now() - started);
  try {
    const url = new URL(settings.apiBase + path);
    const body = options.body === undefined ? null : stringify(options.body);
    const response = session === undefined
      ? await sentTo(url.href, { method, headers, body })
      : await fetchWithToken(sentTo, session.accessToken, method, url, headers, body);
    const text = await response.text();
    const milliseconds = took();
    const { status, statusText } = response;
    const type = response.headers.get('Content-Type') ?? '';
    const byHandler = response.ok || status === 304 || type.startsWith('application/problem+json');
    return { method, path, caller, status, statusText, milliseconds, byHandler, body: parsed(text), headers: response.headers, sent };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return { method, path, caller, status: 0, statusText: '', milliseconds: took(), byHandler: false, body: undefined, headers: new Headers(), sent };
  }
}

/** @param {string} url @param {RequestInit} init */
function fetchFromApi(url, init) {
  return fetch(url, {
    ...init,
    // The API uses no cookies, so another site cannot call it in a user's name.
    credentials: 'omit',
    cache: 'no-store',
    // API Gateway responds within 29 seconds, so after that time the response is lost.
    signal: AbortSignal.timeout(35_000),
  });
}

/** Sends the token as a bearer token, or with a proof if tokens are bound to a key.
 *
 * @param {(url: string, init: RequestInit) => Promise<Response>} fetch
 * @param {string} token
 * @param {string} method
 * @param {URL} url
 * @param {Headers} headers
 * @param {string | null} body
 */
async function fetchWithToken(fetch, token, method, url, headers, body) {
  const { DPoP } = await binding();
  if (DPoP === undefined) {
    headers.set('Authorization', `Bearer ${token}`);
    return fetch(url.href, { method, headers, body });
  }
  try {
    return await oauth.protectedResourceRequest(token, method, url, headers, body, {
      DPoP,
      [oauth.allowInsecureRequests]: isLoopback(url.hostname),
      [oauth.customFetch]: (href, init) => fetch(href, { ...init, body, redirect: 'follow' }),
    });
  } catch (error) {
    // The library throws for a refusal; the caller handles it as a response.
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response;
    throw error;
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return text === '' ? undefined : parse(text);
  } catch {
    return text;
  }
}

/** A well-formed token that no issuer signed, for the panel. */
function forgery() {
  const part = (/** @type {object} */ value) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const claims = { iss: settings.issuer.href, aud: 'api://default', sub: 'forger@example.com', exp: 4102444800 };
  return [part({ alg: 'RS256', kid: 'forged' }), part(claims), btoa('not a signature').replaceAll('=', '')].join('.');
}
