import * as oauth from '/vendor/oauth4webapi.js';
import { authorizationServer, client, clientAuthentication, sessionFrom, transport } from './issuer.js';
import { sessions } from './session.js';
import { redirectUri, settings } from './settings.js';
import { keepEverywhere } from './tabs.js';

/**
 * What this tab remembers of a sign-in it has started, under its `state`.
 *
 * @typedef {object} Pending
 * @property {string} verifier
 * @property {string} nonce
 * @property {string} returnTo a path of these pages
 * @property {boolean} silent
 * @property {boolean} afterRefusal see `Session`
 * @property {number} startedAt
 */

const prefix = 'sign-in ';
const longest = 10 * 60 * 1000;

/**
 * Leaves for the issuer (RFC 6749, 4.1; RFC 7636). Does not come back: the browser goes to `callback.html`.
 *
 * @param {object} wish
 * @param {readonly string[]} [wish.scopes] beside those of every sign-in
 * @param {'login' | 'none'} [wish.prompt]
 * @param {string} [wish.loginHint]
 * @param {string} [wish.returnTo] this page, if not said
 * @param {boolean} [wish.afterRefusal] see `Session`
 */
export async function signIn({ scopes = [], prompt, loginHint, returnTo = location.pathname + location.search, afterRefusal = false } = {}) {
  const { authorization_endpoint } = await authorizationServer();
  if (authorization_endpoint === undefined) throw new Error('the issuer names no authorization endpoint');
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  /** @type {Pending} */
  const pending = {
    verifier,
    nonce,
    returnTo,
    silent: prompt === 'none',
    afterRefusal,
    startedAt: Date.now(),
  };
  sessionStorage.setItem(prefix + state, JSON.stringify(pending));

  const url = new URL(authorization_endpoint);
  const parameters = {
    client_id: settings.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: [...new Set([...settings.scopes.signIn, ...scopes])].join(' '),
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(prompt && { prompt }),
    ...(loginHint && { login_hint: loginHint }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  // Out of the back-forward cache this page would come as it is now, waiting for what never comes.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
  location.assign(url);
  // The page is on its way out; nothing that waits for the sign-in must go on before it is gone.
  await new Promise(() => {});
}

/** A callback that no sign-in of this tab waits for: forged, used before, or too late. */
export class UnexpectedCallback extends Error {}

/** The issuer could not renew the session without asking the user. */
export class SilentSignInFailed extends Error {
  /** @param {string} returnTo */
  constructor(returnTo) {
    super('the issuer wants to see the user');
    this.returnTo = returnTo;
  }
}

/**
 * Ends a sign-in with what the issuer sent, and answers with the page to go back to.
 *
 * @param {URL} callback
 * @returns {Promise<string>}
 */
export async function finishSignIn(callback) {
  const state = callback.searchParams.get('state') ?? '';
  const pending = takePending(state);
  // Before anything is asked of the issuer: whoever made up this callback gets no request out of us.
  if (pending === undefined) throw new UnexpectedCallback();
  const server = await authorizationServer();
  try {
    // Compares `iss` too where it is sent (RFC 9207), and turns `error` into an exception.
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server, client, clientAuthentication, parameters, redirectUri, pending.verifier, transport);
    const answer = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: pending.nonce,
      requireIdToken: true,
    });
    // Optional after a direct TLS connection (OpenID Connect Core, 3.1.3.7), and cheap.
    await oauth.validateApplicationLevelSignature(server, response, transport);
    const before = sessions.current;
    // First the new one, so that no other tab starts anything with what is being revoked.
    keepEverywhere(sessionFrom(answer, { afterRefusal: pending.afterRefusal }));
    await forget(before);
  } catch (error) {
    if (pending.silent && error instanceof oauth.AuthorizationResponseError) throw new SilentSignInFailed(pending.returnTo);
    throw error;
  }
  return pending.returnTo;
}

/**
 * Each can be taken once, so a callback that is loaded again finds nothing.
 *
 * @param {string} state
 * @returns {Pending | undefined}
 */
function takePending(state) {
  const text = sessionStorage.getItem(prefix + state);
  sessionStorage.removeItem(prefix + state);
  const pending = text === null ? undefined : JSON.parse(text);
  return pending !== undefined && Date.now() - pending.startedAt < longest ? pending : undefined;
}

/**
 * Revokes what the issuer handed out (RFC 7009). A failure is no reason to stay signed in: the tokens are forgotten
 * here either way, and end by themselves.
 *
 * @param {import('./session.js').Session | undefined} session
 */
export async function forget(session) {
  if (session === undefined) return;
  try {
    const token = session.refreshToken ?? session.accessToken;
    const signal = AbortSignal.timeout(3000);
    await oauth.revocationRequest(await authorizationServer(), client, clientAuthentication, token, { ...transport, signal });
  } catch {
    // See above.
  }
}
