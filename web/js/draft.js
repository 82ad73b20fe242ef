import { parse, stringify } from './json.js';
import { sessions } from './session.js';

/**
 * What somebody has typed and not yet saved, kept while the page goes to the issuer and back.
 *
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} text of the value
 * @property {string} visibility
 * @property {import('./resource.js').Tagged | undefined} base what the edit started from; none for a new resource
 * @property {boolean} typed false: nothing of it would be missed
 * @property {boolean} [asked] the issuer was asked for leave to write; whoever declined is not sent there again
 * @property {string | undefined} [author] who started it; not there for the signed-out
 */

const key = 'draft';

/** @param {Draft} draft */
export function keepDraft(draft) {
  const author = draft.author ?? sessions.current?.user.id;
  try {
    sessionStorage.setItem(key, stringify({ ...draft, author }));
  } catch {
    // Larger than a tab may keep, and far larger than the API takes, which will say so.
    dropDraft();
  }
}

export function dropDraft() {
  sessionStorage.removeItem(key);
}

/**
 * The draft of this resource, or of a new one where `id` is not given; never that of another user.
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
