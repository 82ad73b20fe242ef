/**
 * Who is signed in, in this tab.
 *
 * @typedef {object} Session
 * @property {string} chain random; names one sign-in, so that tabs can tell whether theirs is the same
 * @property {number} generation how often its tokens have been renewed
 * @property {string} accessToken
 * @property {string | undefined} refreshToken not there without the scope `offline_access`
 * @property {string} idToken
 * @property {number} renewAt milliseconds since 1970; from then on a call renews the tokens first
 * @property {boolean} afterRefusal these tokens were asked for because the API had refused the ones before
 * @property {readonly string[]} scopes as granted
 * @property {{ id: string, name: string }} user
 */

const key = 'session';

/**
 * `sessionStorage` and not `localStorage`: tokens end with the tab, and are on no disk that another program or the
 * next user of this machine reads at leisure. It does not stop a script that an attacker got into this page: nothing
 * in a page can. The strict policy is what keeps such scripts out. See "The browser pages" in SECURITY.md.
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

/** Whether `other` is the same sign-in as `mine`, renewed since. @param {Session | undefined} mine @param {Session} other */
export function isNewer(mine, other) {
  return mine === undefined || (mine.chain === other.chain && other.generation > mine.generation);
}
