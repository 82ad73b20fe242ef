import { parse, stringify } from './json.js';

/**
 * What somebody has typed and not yet saved, kept while the page goes to the issuer and back.
 *
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} text of the value
 * @property {string} visibility
 * @property {import('./resource.js').Tagged | undefined} base what the edit started from; none for a new resource
 * @property {boolean} typed false: nothing of it would be missed
 */

const key = 'draft';

/** @param {Draft} draft */
export function keepDraft(draft) {
  sessionStorage.setItem(key, stringify(draft));
}

export function dropDraft() {
  sessionStorage.removeItem(key);
}

/** The draft of this resource, or of a new one where `id` is not given. @param {string | undefined} id @returns {Draft | undefined} */
export function draftOf(id) {
  const text = sessionStorage.getItem(key);
  /** @type {Draft | undefined} */
  const draft = text === null ? undefined : parse(text);
  return draft !== undefined && draft.base?.resource.id === id ? draft : undefined;
}
