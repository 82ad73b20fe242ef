import { parse, stringify } from './json.js';
import { sessions } from './session.js';

/**
 * Unsaved input, kept while the browser is at the issuer.
 *
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} text the value as it was typed
 * @property {string} visibility
 * @property {import('./resource.js').Tagged | undefined} base the version that is edited; undefined for a new resource
 * @property {boolean} typed false: the user has typed nothing yet
 * @property {boolean} [asked] the issuer was asked for the scope to write; a user who declined is not sent to the issuer again
 * @property {string | undefined} [author] the user's id; undefined if the user was signed out
 */

const key = 'draft';

/** @param {Draft} draft */
export function keepDraft(draft) {
  const author = draft.author ?? sessions.current?.user.id;
  try {
    sessionStorage.setItem(key, stringify({ ...draft, author }));
  } catch {
    // The draft is larger than the tab's storage, and far larger than the API accepts. The API will report that.
    dropDraft();
  }
}

export function dropDraft() {
  sessionStorage.removeItem(key);
}

/**
 * The draft of this resource, or of a new one if `id` is undefined; never that of another user.
 *
 * @param {string | undefined} id
 * @returns {Draft | undefined}
 */
export function draftOf(id) {
  const text = sessionStorage.getItem(key);
  /** @type {Draft | undefined} */
  const draft = text === null ? undefined : parse(text);
  const user = sessions.current?.user.id;
  if (draft?.author !== undefined && user !== undefined && draft.author !== user) {
    dropDraft();
    return undefined;
  }
  return draft !== undefined && draft.base?.resource.id === id ? draft : undefined;
}
