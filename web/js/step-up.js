import { sessions } from './session.js';
import { signIn } from './sign-in.js';

/**
 * A stronger or newer sign-in where the API asks for one (RFC 9470), and the one repetition of the call that it refused.
 *
 * @typedef {{ method: string, path: string, headers: Record<string, string>, chain: string, user: string }} Refused
 */

const kept = 'step-up';

/** For this long after such a sign-in no other starts automatically: it was not enough. The user can start one. */
const PAUSE_MS = 60_000;

/** Whether the session comes from such a sign-in just now. */
export function justSteppedUp() {
  const { steppedUpAt } = sessions.current ?? {};
  return steppedUpAt !== undefined && Date.now() - steppedUpAt < PAUSE_MS;
}

/**
 * Signs in with one of these `acr` values, and keeps the call that was refused until the page is back.
 *
 * @param {string} acrValues
 * @param {{ method: string, path: string, headers?: Record<string, string> | undefined }} call
 */
export async function stepUp(acrValues, { method, path, headers = {} }) {
  const session = sessions.current;
  // A page that is loaded again reads again by itself.
  if (session !== undefined && method !== 'GET') {
    /** @type {Refused} */
    const refused = { method, path, headers, chain: session.chain, user: session.user.id };
    sessionStorage.setItem(kept, JSON.stringify(refused));
  }
  await signInStrongly(acrValues);
}

/**
 * Navigates to the issuer for a sign-in with one of these `acr` values, and never returns. No granted scope is lost.
 * `prompt=login` is for Okta's Classic Engine, which signs no user in again for `max_age=0`.
 *
 * @param {string | undefined} acrValues
 */
export function signInStrongly(acrValues) {
  return signIn({ acrValues, prompt: 'login', scopes: sessions.current?.scopes ?? [] });
}

/**
 * The headers of a call that was refused before this sign-in and is to be repeated now. It is returned once, and only to
 * the same user after another sign-in.
 *
 * @param {string} method
 * @param {string} path
 * @returns {Record<string, string> | undefined}
 */
export function takeRefused(method, path) {
  const text = sessionStorage.getItem(kept);
  /** @type {Refused | undefined} */
  const refused = text === null ? undefined : JSON.parse(text);
  if (refused?.method !== method || refused.path !== path) return undefined;
  sessionStorage.removeItem(kept);
  const session = sessions.current;
  const signedInAgain = session?.user.id === refused.user && session.chain !== refused.chain && justSteppedUp();
  return signedInAgain ? refused.headers : undefined;
}
