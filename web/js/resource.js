import { call, CallFailed } from './api.js';
import { takeRefused } from './step-up.js';

/**
 * A state resource of the API.
 *
 * @typedef {object} Resource
 * @property {string} id
 * @property {string} owner
 * @property {string} visibility `private`, `public` or `group:NAME`
 * @property {unknown} value
 * @property {number} version
 * @property {string} createdAt
 * @property {string} updatedAt
 */

/** The members that an editor may change. @typedef {{ value: unknown, visibility: string }} Content */

/** A resource and the entity tag that a write must send. @typedef {{ resource: Resource, etag: string }} Tagged */

/** The ids that the API accepts. */
export const idPattern = '[a-z0-9][a-z0-9._\\-]{0,127}';

/** @param {string} id @returns {Promise<Tagged>} */
export async function read(id) {
  return tagged(await call('GET', path(id)));
}

/** The current version; undefined if it was deleted. @param {string} id */
export async function latest(id) {
  try {
    return await read(id);
  } catch (error) {
    if (error instanceof CallFailed && error.call.status === 404) return undefined;
    throw error;
  }
}

/** @param {string} id @param {Content} content */
export async function create(id, content) {
  return tagged(await call('PUT', path(id), { body: content, headers: { 'If-None-Match': '*' } }));
}

/** @param {string} id @param {string} etag @param {Content} content */
export async function replace(id, etag, content) {
  return tagged(await call('PUT', path(id), { body: content, headers: { 'If-Match': etag } }));
}

/** @param {string} id @param {string} etag */
export async function remove(id, etag) {
  await call('DELETE', path(id), { headers: { 'If-Match': etag } });
}

/** The headers of a write that the API refused before a stronger sign-in, and that must be repeated now.
 *
 * @param {'PUT' | 'DELETE'} method
 * @param {string} id
 */
export function takeRefusedWrite(method, id) {
  return takeRefused(method, path(id));
}

/**
 * One page of the resources that this caller may see.
 *
 * @param {{ cursor: string | undefined, mine: boolean }} query
 * @returns {Promise<{ items: Resource[], nextCursor?: string }>}
 */
export async function list({ cursor, mine }) {
  const query = new URLSearchParams({ limit: '25', ...(mine && { owner: 'me' }), ...(cursor !== undefined && { cursor }) });
  return (await call('GET', `/state?${query}`)).body;
}

/** The page of one resource. @param {string} id */
export function pageOf(id) {
  return `/state.html?${new URLSearchParams({ id })}`;
}

/** @param {string} id */
function path(id) {
  return `/state/${encodeURIComponent(id)}`;
}

/** @param {import('./api.js').Call} made @returns {Tagged} */
function tagged({ body, headers }) {
  const etag = headers.get('ETag');
  if (etag === null) throw new Error('the API sent no ETag, or does not expose it to pages');
  return { resource: body, etag };
}
