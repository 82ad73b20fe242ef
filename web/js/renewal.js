import * as oauth from '/vendor/oauth4webapi.js';
import { binding, withNonce } from './binding-key.js';
import { Hops } from './hops.js';
import { authorizationServer, client, clientAuthentication, sessionFrom, transport } from './issuer.js';
import { isNewer, sessions } from './session.js';
import { forget, signIn } from './sign-in.js';
import { endEverywhere, keepEverywhere, sessionsOfOtherTabs } from './tabs.js';

/** @typedef {import('./session.js').Session} Session */

/** The issuer rejected the refresh token because it expired, was revoked, or was used twice. */
export class SessionEnded extends Error {}

/** @type {Promise<unknown> | undefined} */
let underWay;

/** Pending while the page navigates to the issuer; several calls may need that at once. @type {Promise<void> | undefined} */
let leaving;

/**
 * A session whose access token is not about to expire; undefined if signed out.
 *
 * @returns {Promise<Session | undefined>}
 */
export async function freshSession() {
  const session = sessions.current;
  if (session === undefined || Date.now() < session.renewAt) return session;
  return renewed(session);
}

/**
 * The session that replaces `stale`.
 *
 * A refresh token is valid for one use; a second use looks like theft and ends the sign-in. So the tabs take turns under a
 * lock, and the tab with the lock first asks whether another tab has renewed the session already.
 *
 * @param {Session} stale
 * @param {boolean} [afterRefusal] the API rejected the access token of `stale`
 * @returns {Promise<Session | undefined>}
 */
export async function renewed(stale, afterRefusal = false) {
  if (stale.refreshToken === undefined) {
    // Without refresh tokens the page renews by the issuer's own session, with a redirect of the whole page: in a hidden
    // frame the issuer's cookie would be a third-party cookie, which browsers block.
    leaving ??= signIn({ prompt: 'none', scopes: stale.scopes, afterRefusal, acrValues: stale.acrValues }).finally(() => (leaving = undefined));
    await leaving;
  }
  const turn = navigator.locks.request('renewal', async () => {
    for (const other of await sessionsOfOtherTabs()) {
      if (isNewer(sessions.current, other)) sessions.keep(other);
    }
    const current = sessions.current;
    const done = current === undefined || current.chain !== stale.chain || current.generation > stale.generation;
    return done ? current : refreshed(current, afterRefusal);
  });
  underWay = turn;
  return turn.finally(() => {
    if (underWay === turn) underWay = undefined;
  });
}

/** @param {Session} session @param {boolean} afterRefusal @returns {Promise<Session | undefined>} */
async function refreshed(session, afterRefusal) {
  const hops = new Hops();
  const server = await authorizationServer(hops);
  const token = session.refreshToken ?? '';
  try {
    const options = { ...transport, ...hops.options, ...(await binding()) };
    const { answer } = await withNonce(
      () => oauth.refreshTokenGrantRequest(server, client, clientAuthentication, token, options),
      (received) => oauth.processRefreshTokenResponse(server, client, received),
    );
    const next = { ...sessionFrom(answer, { before: session, afterRefusal }), hops: session.hops ?? [], renewalHops: hops.list };
    if (sessions.current?.chain !== session.chain) {
      // A sign-out or another sign-in happened meanwhile. It takes precedence, and these tokens are revoked.
      await forget(next);
      return sessions.current;
    }
    keepEverywhere(next);
    return next;
  } catch (error) {
    if (!(error instanceof oauth.ResponseBodyError) || error.error !== 'invalid_grant') throw error;
    endEverywhere(session, 'expired');
    if (sessions.current !== undefined) return sessions.current;
    throw new SessionEnded();
  }
}

/**
 * A page that navigates away during a renewal never receives the response, although its refresh token is used. So links
 * wait for the renewal.
 */
addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (underWay === undefined || link === null || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || link.target !== '') return;
  event.preventDefault();
  const go = () => location.assign(link.href);
  underWay.then(go, go);
});
