import { call, calls } from './api.js';
import { whoAmI } from './caller.js';
import { button, byId, element } from './element.js';
import { stringify } from './json.js';
import { attempt } from './notice.js';
import { decisionOf } from './problem.js';
import { requestIdOf } from './request-id.js';
import { sessions } from './session.js';
import { settings } from './settings.js';
import { signIn } from './sign-in.js';

/** @typedef {import('./api.js').Call} Call */

/**
 * The panel "Last request": the last call with its response and who decided it, the caller as the API sees it, and
 * buttons that make calls as another caller.
 *
 * @param {string} [id] the resource of those calls
 */
export function showLastCall(id = 'example') {
  const last = element('div', { role: 'status' }, element('p', { class: 'soft' }, 'No request yet.'));
  const caller = element('div', {});
  byId('last-call').replaceChildren(
    element('h2', { id: 'last-call-title' }, 'Last request'),
    last,
    element('h3', {}, 'Caller identity'),
    caller,
    element('h3', { id: 'try-title' }, 'Try it'),
    trialTable(id),
    ...(settings.users.length > 0 ? [userButtons()] : []),
  );
  calls.addEventListener('call', (/** @type {any} */ { detail }) => {
    last.replaceChildren(...describe(detail));
    void showCaller(caller);
  });
  sessions.addEventListener('change', () => void showCaller(caller));
  void showCaller(caller);
}

/** @param {Call} made */
function describe(made) {
  const { method, path, status, statusText, milliseconds, caller, body, headers } = made;
  const requestId = requestIdOf(made);
  const kind = status === 0 || status >= 500 ? 'broken' : status >= 400 ? 'refused' : 'fine';
  const facts = rows([
    ['Caller', caller ?? 'anonymous'],
    ['Response', element('span', { class: `status ${kind}` }, status === 0 ? 'none' : `${status} ${statusText}`), ` in ${milliseconds} ms`],
    ['Decision', decisionOf(made)],
    headers.get('ETag') !== null && ['ETag', element('code', {}, headers.get('ETag') ?? '')],
    requestId !== undefined && ['Request', element('code', {}, requestId)],
  ]);
  const answer = body !== undefined &&
    element('details', {}, element('summary', {}, 'Response body'), element('pre', { tabindex: '0' }, stringify(body, 2)));
  return [element('p', { class: 'request' }, element('code', {}, `${method} ${path}`)), facts, ...(answer ? [answer] : [])];
}

/** @param {HTMLElement} place */
async function showCaller(place) {
  const token = sessions.current?.accessToken;
  const caller = await whoAmI().catch(() => undefined);
  // The session has changed meanwhile; the listener for changes shows the new caller.
  if (sessions.current?.accessToken !== token) return;
  if (caller === undefined) return place.replaceChildren(element('p', { class: 'soft' }, 'The API did not return the caller identity.'));
  if (!caller.signedIn) return place.replaceChildren(element('p', {}, 'Anonymous. You can view public resources.'));
  const { principal, subject, scopes = [], groups = [], clientId, expiresAt } = caller;
  place.replaceChildren(
    rows([
      ['Principal', element('code', {}, principal)],
      ['Subject', subject ?? 'none'],
      ['Groups', groups.join(', ') || 'none'],
      ['Scopes', scopes.join(', ') || 'none'],
      ['Client', clientId ?? 'none'],
      expiresAt !== undefined && ['Token expires', new Date(expiresAt).toLocaleTimeString()],
    ]),
    element('p', {}, element('a', { href: '/signed-in.html' }, 'How you signed in')),
  );
}

/** @param {(false | [string, ...(string | Node)[]])[]} facts */
function rows(facts) {
  const shown = facts.flatMap((fact) => (fact === false ? [] : [element('dt', {}, fact[0]), element('dd', {}, ...fact.slice(1))]));
  return element('dl', {}, ...shown);
}

/**
 * One button per call and caller. These calls change nothing: the write lacks the precondition that every write needs, so
 * the handler responds with 428.
 *
 * @param {string} id
 */
function trialTable(id) {
  const table = element('table', { 'aria-labelledby': 'try-title' });
  let signedIn = sessions.current !== undefined;
  const show = () => table.replaceChildren(...trials(id, signedIn));
  sessions.addEventListener('change', () => {
    const now = sessions.current !== undefined;
    if (now === signedIn) return;
    signedIn = now;
    show();
  });
  show();
  return table;
}

/** @param {string} id @param {boolean} signedIn */
function trials(id, signedIn) {
  /** @type {[string, string][]} */
  const requests = [['GET', '/session'], ['GET', '/state'], ['GET', `/state/${id}`], ['PUT', `/state/${id}`]];
  /** @type {['me' | 'anonymous' | 'forger', string][]} */
  const callers = [...(signedIn ? [/** @type {['me', string]} */ (['me', 'you'])] : []), ['anonymous', 'anonymous'], ['forger', 'forger']];
  const row = (/** @type {[string, string]} */ [method, path]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('code', { title: `${method} ${path}` }, `${method} ${path}`)),
      ...callers.map(([as, name]) => {
        const body = method === 'PUT' ? { value: 'tried' } : undefined;
        // The panel itself shows success and failure.
        const work = () => call(method, path, { as, body }).catch(() => {});
        return element('td', {}, button(name, work, { 'aria-label': `${method} ${path} as ${name}` }));
      }),
    );
  const heads = [element('th', { scope: 'col' }, 'Call'), element('th', { scope: 'colgroup', colspan: String(callers.length) }, 'as')];
  return [element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...requests.map(row))];
}

/** Buttons for the users of the local issuer, who are known. */
function userButtons() {
  const buttons = settings.users.map((name) =>
    button(name, () => attempt(() => signIn({ prompt: 'login', loginHint: name })), { 'aria-label': `Sign in as ${name}` }),
  );
  return element('div', { class: 'users' }, element('span', { class: 'soft' }, 'Sign in as'), ...buttons);
}
