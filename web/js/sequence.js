import { element } from './element.js';

/** @typedef {import('./hops.js').Hop} Hop */
/** @typedef {import('./hops.js').Field} Field */
/** @typedef {'browser' | 'issuer' | 'api'} Party */

const NAMES = /** @type {const} */ ({ browser: 'Browser', issuer: 'Issuer', api: 'API' });

/**
 * The hops as a sequence diagram. For a screen reader it is a list: the arrows are decoration, and the text of each message
 * names its sender and receiver.
 *
 * @param {readonly HTMLElement[]} steps
 */
export function sequence(steps) {
  const heads = Object.values(NAMES).map((name) => element('span', {}, name));
  return element(
    'div',
    { class: 'sequence' },
    element('div', { class: 'lanes', 'aria-hidden': 'true' }, ...heads),
    element('ol', {}, ...steps),
  );
}

/** One hop between the browser and the issuer. @param {Hop} hop */
export function step(hop) {
  const [title, note] = describe(hop);
  if (hop.kind === 'return') return shown(title, note, message('issuer', 'browser', request(hop), hop.sent));
  return shown(
    title,
    note,
    message('browser', 'issuer', request(hop), hop.sent),
    hop.status !== undefined && message('issuer', 'browser', response(hop.status, hop.milliseconds), hop.received),
  );
}

/** A call of the API. @param {import('./api.js').Call} made @param {string} base */
export function apiStep({ method, path, sent, status, milliseconds, body }, base) {
  const bound = sent.some(([name]) => name === 'DPoP');
  /** @type {Field[]} */
  const received = typeof body?.principal === 'string' ? [['principal', body.principal]] : [];
  return shown(
    'Call the API with the access token',
    bound
      ? 'The token is bound to a key of this browser. The proof is signed by that key, for this request only.'
      : 'The authorizer verifies the token and decides whether the API is called.',
    message('browser', 'api', `${method} ${base}${path}`, sent),
    message('api', 'browser', response(status, milliseconds), received),
  );
}

/** @param {Hop} hop @returns {[title: string, note: string]} */
function describe({ kind, sent, received, status }) {
  /** @param {string} name */
  const value = (name) => sent.find(([key]) => key === name)?.[1];
  /** @param {string} name */
  const got = (name) => received.some(([key]) => key === name);
  if (kind === 'leave') {
    if (value('prompt') === 'none') {
      return ['Ask the issuer to renew the session', 'Without a refresh token this page renews by the issuer’s own session. The user sees no page of the issuer.'];
    }
    return value('acr_values') !== undefined
      ? ['Send the user to the issuer for a stronger sign-in', 'The API asked for one of these acr_values. This page made a new code verifier and sends only its hash (code_challenge).']
      : ['Send the user to the issuer', 'This page made a code verifier, kept it, and sends only its hash (code_challenge). The user signs in on the issuer’s pages, which this page cannot see.'];
  }
  if (kind === 'return') return ['Return with an authorization code', 'The code can be used once, and only with the code verifier. This page checked that state has the value that it sent.'];
  if (received.some(([name, value]) => name === 'error' && value === 'use_dpop_nonce')) {
    return ['Receive a nonce for the proof', 'The issuer requires its nonce in the proof of the key, so this page sends the request again.'];
  }
  const failed = status !== undefined && status >= 400;
  if (value('grant_type') === 'refresh_token') return ['Renew the tokens', failed ? '' : 'The refresh token can be used once. The issuer sends the next one.'];
  if (value('grant_type') !== undefined) return ['Exchange the code for tokens', failed ? '' : 'The code verifier proves that this page started the sign-in.'];
  if (got('keys')) return ['Get the issuer’s keys', 'This page verified the signature of the ID token with one of them.'];
  return ['Read the issuer’s metadata', 'It names the endpoints. Each page reads it once.'];
}

/** @param {Hop} hop */
function request({ method, url }) {
  return `${method} ${url}`;
}

/** @param {number} status @param {number | undefined} milliseconds */
function response(status, milliseconds) {
  return status === 0 ? 'no response' : `${status}${milliseconds === undefined ? '' : ` in ${milliseconds} ms`}`;
}

/** @param {string} title @param {string} note @param {...(HTMLElement | false)} messages */
function shown(title, note, ...messages) {
  return element('li', {}, element('div', { class: 'step' }, element('h3', {}, title), note !== '' && element('p', { class: 'soft' }, note)), ...messages);
}

/** @param {Party} from @param {Party} to @param {string} text @param {readonly Field[]} fields */
function message(from, to, text, fields) {
  const rows = fields.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
  return element(
    'div',
    { class: `message from-${from} to-${to}` },
    element('div', { class: 'text' },
      element('p', {}, element('span', { class: 'way' }, `${NAMES[from]} to ${NAMES[to] === 'API' ? 'API' : NAMES[to].toLowerCase()}`), ' ', element('code', {}, text)),
      rows.length > 0 && element('dl', {}, ...rows)),
  );
}
