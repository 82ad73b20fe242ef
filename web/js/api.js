import { parse, stringify } from './json.js';
import { renewed, freshSession } from './renewal.js';
import { settings } from './settings.js';

/**
 * A call as the panel shows it, and as the rest of the page reads it.
 *
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path
 * @property {string | undefined} caller whose token was sent
 * @property {number} status 0: no answer reached this page
 * @property {string} statusText
 * @property {number} milliseconds
 * @property {boolean} byHandler false: API Gateway or the authorizer answered, the handler was not asked
 * @property {any} body
 * @property {Headers} headers
 */

/**
 * @typedef {object} Wish
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body]
 * @property {'me' | 'nobody' | 'forger'} [as] `forger`: with a token that nobody issued
 * @property {boolean} [quiet] true: not for the panel
 */

/** The API answered with an error, or did not answer. */
export class CallFailed extends Error {
  /** @param {Call} call */
  constructor(call) {
    super(`${call.method} ${call.path}: ${call.status}`);
    this.call = call;
  }
}

/** Emits `call` with each call that was made. */
export const calls = new EventTarget();

/**
 * Calls the API, signed in or out by the same code; only its answers differ. Throws `CallFailed` for anything that
 * is not 2xx.
 *
 * @param {string} method
 * @param {string} path
 * @param {Wish} [wish]
 * @returns {Promise<Call>}
 */
export async function call(method, path, wish = {}) {
  const session = (wish.as ?? 'me') === 'me' ? await freshSession() : undefined;
  let made = await send(method, path, wish, session);
  // The token ran out on its way, or was revoked: one renewal, one more try, and then the answer stands. Tokens that
  // came of a refusal are not renewed for the next: an API that accepts none would send the page round in circles.
  if (made.status === 401 && session !== undefined && !session.afterRefusal) {
    const next = await renewed(session, true);
    if (next !== undefined) made = await send(method, path, wish, next);
  }
  if (!wish.quiet) calls.dispatchEvent(new CustomEvent('call', { detail: made }));
  if (made.status < 200 || made.status > 299) throw new CallFailed(made);
  return made;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Wish} wish
 * @param {import('./session.js').Session | undefined} session
 * @returns {Promise<Call>}
 */
async function send(method, path, wish, session) {
  const headers = new Headers({ Accept: 'application/json', ...wish.headers });
  if (wish.as === 'forger') headers.set('Authorization', `Bearer ${forgery()}`);
  else if (session !== undefined) headers.set('Authorization', `Bearer ${session.accessToken}`);
  if (wish.body !== undefined) headers.set('Content-Type', 'application/json');

  const caller = wish.as === 'forger' ? 'a forger' : session?.user.name;
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  try {
    const response = await fetch(settings.apiBase + path, {
      method,
      headers,
      // No cookie ever goes to the API, which knows none: nothing there can be done in a user's name from elsewhere.
      credentials: 'omit',
      cache: 'no-store',
      // API Gateway answers within 29 seconds; what takes longer is lost on its way.
      signal: AbortSignal.timeout(35_000),
      ...(wish.body !== undefined && { body: stringify(wish.body) }),
    });
    const text = await response.text();
    const milliseconds = took();
    const { status, statusText } = response;
    const body = parsed(text);
    const type = response.headers.get('Content-Type') ?? '';
    const byHandler = response.ok || status === 304 || type.startsWith('application/problem+json');
    return { method, path, caller, status, statusText, milliseconds, byHandler, body, headers: response.headers };
  } catch {
    return { method, path, caller, status: 0, statusText: '', milliseconds: took(), byHandler: false, body: undefined, headers: new Headers() };
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

/** A token that looks right and that no issuer signed, for the panel. */
function forgery() {
  const part = (/** @type {object} */ value) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const claims = { iss: settings.issuer.href, aud: 'api://default', sub: 'forger@example.com', exp: 4102444800 };
  return [part({ alg: 'RS256', kid: 'forged' }), part(claims), btoa('not a signature').replaceAll('=', '')].join('.');
}
