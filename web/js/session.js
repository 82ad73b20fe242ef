/**
 * A sign-in, as this tab keeps it.
 *
 * @typedef {object} Session
 * @property {string} chain random; identifies one sign-in, so that tabs can compare theirs
 * @property {number} generation the number of its renewals
 * @property {string} accessToken
 * @property {string | undefined} refreshToken undefined without the scope `offline_access`
 * @property {string} idToken
 * @property {number} renewAt milliseconds since 1970; a later call renews the tokens first
 * @property {boolean} afterRefusal these tokens were requested because the API rejected the previous ones
 * @property {string} [acrValues] the `acr` values of which the sign-in has one
 * @property {number} [steppedUpAt] when it was made because the API asked for them, in milliseconds since 1970
 * @property {readonly string[]} scopes the granted ones
 * @property {{ id: string, name: string }} user
 * @property {readonly import('./hops.js').Hop[]} [hops] how it was signed in, without secrets
 * @property {readonly import('./hops.js').Hop[]} [renewalHops] its last renewal
 */

const key = 'session';

/**
 * `sessionStorage` and not `localStorage`: tokens end with the tab and are not on disk for another program or the next
 * user. It does not protect them from a script that an attacker injects into this page; the content security policy keeps
 * such scripts out. See "The browser pages" in SECURITY.md.
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
