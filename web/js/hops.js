import * as oauth from '/vendor/oauth4webapi.js';

/**
 * The requests of a sign-in and their responses, which the session keeps for "How you signed in".
 *
 * @typedef {object} Hop
 * @property {'request' | 'leave' | 'return'} kind `leave`: the page navigated to the issuer; `return`: the issuer's redirect
 * @property {string} method
 * @property {string} url without its query
 * @property {Field[]} sent
 * @property {number} [status] of a request
 * @property {number} [milliseconds]
 * @property {Field[]} received
 */
/** A name and a value that is not secret. @typedef {[string, string]} Field */

/** Parameters and members with values that are kept unchanged. All other values are shortened. */
const PUBLIC = new Set([
  'acr_values', 'authorization_endpoint', 'client_id', 'code_challenge', 'code_challenge_method', 'error',
  'error_description', 'expires_in', 'grant_type', 'iss', 'issuer', 'jwks_uri', 'max_age', 'prompt', 'redirect_uri',
  'response_type', 'scope', 'token_endpoint', 'token_type',
]);

/** The members of a response that are kept. */
const MEMBERS = [
  'issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'token_type', 'expires_in', 'scope', 'access_token',
  'id_token', 'refresh_token', 'error', 'error_description',
];

const SHOWN_CHARACTERS = 4;
const MIN_SECRET_CHARACTERS = 20;

/** The first characters of a secret and its length: enough to recognise it, and useless. @param {string} secret */
export function shortened(secret) {
  const start = secret.length >= MIN_SECRET_CHARACTERS ? secret.slice(0, SHOWN_CHARACTERS) : '';
  return `${start}… (${secret.length} characters)`;
}

/** @param {string} name @param {unknown} value @returns {Field} */
function field(name, value) {
  return [name, PUBLIC.has(name) ? String(value) : shortened(String(value))];
}

/** The credentials in the headers of a request. @param {Headers} headers @returns {Field[]} */
export function credentials(headers) {
  const [scheme, token] = headers.get('Authorization')?.split(' ') ?? [];
  const proof = headers.get('DPoP');
  return [
    ...(token === undefined ? [] : [/** @type {Field} */ (['Authorization', `${scheme} ${shortened(token)}`])]),
    ...(proof === null ? [] : [field('DPoP', proof)]),
  ];
}

/** Records the hops of one sign-in or renewal, without any secret. */
export class Hops {
  /** @type {Hop[]} */
  list;

  /** @param {readonly Hop[]} [before] the hops of the page that left for the issuer */
  constructor(before = []) {
    this.list = [...before];
  }

  /** Options for requests to the issuer. */
  get options() {
    return { [oauth.customFetch]: this.#fetch };
  }

  /** @param {string} url @param {{ method: string, headers: Record<string, string>, body?: any }} init */
  #fetch = async (url, init) => {
    const started = performance.now();
    const response = await fetch(url, /** @type {RequestInit} */ (init));
    const milliseconds = Math.round(performance.now() - started);
    // An object also for an answer that is not JSON, or is JSON without members.
    const body = Object(await response.clone().json().catch(() => undefined));
    const nonce = response.headers.get('DPoP-Nonce');
    this.list.push({
      kind: 'request',
      method: init.method,
      url,
      sent: [...credentials(new Headers(init.headers)), ...fields(new URLSearchParams(init.body))],
      status: response.status,
      milliseconds,
      received: [
        ...(nonce === null ? [] : [field('DPoP-Nonce', nonce)]),
        ...MEMBERS.filter((name) => name in body).map((name) => field(name, body[name])),
        ...(Array.isArray(body.keys) ? [/** @type {Field} */ (['keys', String(body.keys.length)])] : []),
      ],
    });
    return response;
  };

  /** The page navigates to the issuer. @param {URL} url */
  leave(url) {
    this.list.push({ kind: 'leave', method: 'GET', url: url.origin + url.pathname, sent: fields(url.searchParams), received: [] });
  }

  /** The issuer's redirect to this page. @param {URL} url */
  returned(url) {
    this.list.push({ kind: 'return', method: 'GET', url: url.origin + url.pathname, sent: fields(url.searchParams), received: [] });
  }
}

/** @param {URLSearchParams} parameters @returns {Field[]} */
function fields(parameters) {
  return [...parameters].map(([name, value]) => field(name, value));
}
