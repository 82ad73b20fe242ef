import { sessions } from './session.js';
import { signIn } from './sign-in.js';

/** A stronger or newer sign-in, if the API asks for one (RFC 9470), and one repetition of the call that the API refused.
 *
 * @typedef {{ method: string, path: string, headers: Record<string, string>, chain: string, user: string }} Refused
 */

const kept = 'step-up';

/** After such a sign-in no other starts automatically for this time, because the first was not enough. The user can start one. */
const PAUSE_MS = 60_000;

/** Whether the session comes from such a sign-in within this time. */
export function justSteppedUp() {
  const { steppedUpAt } = sessions.current ?? {};
  return steppedUpAt !== undefined && Date.now() - steppedUpAt < PAUSE_MS;
}

/** Signs in with one of these `acr` values, and stores the refused call until the page is loaded again.
 *
 * @param {string} acrValues
 * @param {{ method: string, path: string, headers?: Record<string, string> | undefined }} call
 */
export async function stepUp(acrValues, { method, path, headers = {} }) {
  // The user gave up an earlier call that is still stored.
  dropRefused();
  const session = sessions.current;
  // A page repeats its reads when it is loaded.
  if (session !== undefined && method !== 'GET') {
    /** @type {Refused} */
    const refused = { method, path, headers, chain: session.chain, user: session.user.id };
    sessionStorage.setItem(kept, JSON.stringify(refused));
  }
  await signInStrongly(acrValues);
}

/**
 * Navigates to the issuer for a sign-in with one of these `acr` values, and never returns. No granted scope is lost.
 * Okta's Classic Engine needs `prompt=login`, because it does not sign in a user again for `max_age=0`.
 *
 * @param {string | undefined} acrValues
 */
export function signInStrongly(acrValues) {
  return signIn({ acrValues, prompt: 'login', scopes: sessions.current?.scopes ?? [] });
}

/** Deletes the refused call, so that it is not repeated. */
export function dropRefused() {
  sessionStorage.removeItem(kept);
}

/**
 * The headers of a call that was refused before this sign-in and must be repeated now. They are returned once, and only for
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
  dropRefused();
  const session = sessions.current;
  const signedInAgain = session?.user.id === refused.user && session.chain !== refused.chain && justSteppedUp();
  return signedInAgain ? refused.headers : undefined;
}
