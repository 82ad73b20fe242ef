/** A sign-in, as stored by this tab.
 *
 * @typedef {object} Session
 * @property {string} chain a random id of the sign-in, so that tabs can compare theirs
 * @property {number} generation incremented by each renewal
 * @property {string} accessToken
 * @property {string | undefined} refreshToken undefined without the scope `offline_access`
 * @property {string} idToken
 * @property {number} renewAt milliseconds since 1970; a later call renews the tokens first
 * @property {boolean} afterRefusal these tokens were requested because the API rejected the previous ones
 * @property {string} [acrValues] the requested `acr` values; the sign-in has one of them
 * @property {number} [steppedUpAt] the time of a sign-in that the API asked for, in milliseconds since 1970
 * @property {readonly string[]} scopes the granted scopes
 * @property {{ id: string, name: string }} user
 * @property {readonly import('./hops.js').Hop[]} [hops] the requests of the sign-in, without secrets
 * @property {readonly import('./hops.js').Hop[]} [renewalHops] the requests of the last renewal
 */

const key = 'session';

/**
 * In `sessionStorage`, not `localStorage`: tokens end with the tab and are not on disk for another program or the next
 * user. The storage does not protect tokens from a script that an attacker injects into this page; the content security
 * policy keeps such scripts out. See "The browser pages" in SECURITY.md.
 */
class SessionStore extends EventTarget {
  /** @returns {Session | undefined} */
  get current() {
    const text = sessionStorage.getItem(key);
    return text === null ? undefined : JSON.parse(text);
  }

  /** @param {Session} session */
  keep(session) {
    sessionStorage.setItem(key, JSON.stringify(session));
    this.dispatchEvent(new Event('change'));
  }

  clear() {
    sessionStorage.removeItem(key);
    this.dispatchEvent(new Event('change'));
  }
}

export const sessions = new SessionStore();

/** Whether `other` is a later renewal of the same sign-in as `mine`. @param {Session | undefined} mine @param {Session} other */
export function isNewer(mine, other) {
  return mine === undefined || (mine.chain === other.chain && other.generation > mine.generation);
}
