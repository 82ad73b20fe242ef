import written from '../config.js';

/**
 * @typedef {object} Settings
 * @property {string} origin of these pages
 * @property {URL} issuer
 * @property {string} clientId
 * @property {string} apiBase without a trailing slash
 * @property {{ signIn: readonly string[], write: readonly string[] }} scopes
 * @property {boolean} dpop whether tokens are bound to a key of the browser (RFC 9449); the API must accept such tokens
 * @property {readonly string[]} users the users for whom the page offers sign-in buttons; empty except with the local issuer
 */

/** The settings of `config.js`, validated at start. */
export const settings = settingsFrom(written);

/** The redirect URIs for sign-in and sign-out. */
export const redirectUri = `${settings.origin}/callback.html`;
export const signedOutUri = `${settings.origin}/signed-out.html`;

/**
 * @param {any} value
 * @returns {Settings}
 */
export function settingsFrom(value) {
  /** @type {string[]} */
  const faults = [];
  /** @param {string} name @param {unknown} text */
  const url = (name, text) => {
    const parsed = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
    const safe = parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopback(parsed.hostname));
    if (!safe) faults.push(`${name}: expected an https URL (http only for loopback)`);
    return String(text);
  };
  /** @param {string} name @param {unknown} text */
  const base = (name, text) => {
    if (String(text).endsWith('/')) faults.push(`${name}: expected no trailing slash`);
    return url(name, text);
  };
  /** @param {string} name @param {unknown} text */
  const words = (name, text) => {
    if (typeof text !== 'string') faults.push(`${name}: expected scopes, separated by spaces`);
    return String(text).split(' ').filter((word) => word !== '');
  };

  const origin = base('origin', value?.origin);
  if (URL.canParse(origin) && new URL(origin).origin !== origin) {
    faults.push(`origin: expected only an origin, such as ${new URL(origin).origin}`);
  }
  // Not `base`: the issuer is compared with the metadata byte for byte. Auth0's issuers end with a slash, Okta's do not.
  const issuer = url('issuer', value?.issuer);
  const apiBase = base('apiBase', value?.apiBase);
  const signIn = words('scopes.signIn', value?.scopes?.signIn);
  const write = words('scopes.write', value?.scopes?.write);
  if (!signIn.includes('openid')) faults.push('scopes.signIn: expected `openid` among them');
  if (typeof value?.clientId !== 'string' || value.clientId === '') faults.push('clientId: expected a string');
  if (!['undefined', 'boolean'].includes(typeof value?.dpop)) faults.push('dpop: expected true or false');
  if (faults.length > 0) throw new Error(`config.js is wrong:\n${faults.join('\n')}`);
  return {
    origin,
    issuer: new URL(issuer),
    clientId: value.clientId,
    apiBase,
    scopes: { signIn, write },
    dpop: value.dpop === true,
    users: Array.isArray(value.users) ? value.users.map(String) : [],
  };
}

/** @param {string} hostname */
export function isLoopback(hostname) {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}
