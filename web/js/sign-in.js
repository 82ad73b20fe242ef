import * as oauth from '/vendor/oauth4webapi.js';
import { binding, withNonce } from './binding-key.js';
import { Hops } from './hops.js';
import { authorizationServer, client, clientAuthentication, sessionFrom, transport } from './issuer.js';
import { sessions } from './session.js';
import { redirectUri, settings } from './settings.js';
import { keepEverywhere } from './tabs.js';

/**
 * A sign-in that this tab has started, stored under its `state`.
 *
 * @typedef {object} Pending
 * @property {string} verifier
 * @property {string} nonce
 * @property {string} returnTo a path of these pages
 * @property {boolean} silent
 * @property {boolean} afterRefusal see `Session`
 * @property {string} [acrValues] see `Session`
 * @property {number} startedAt
 * @property {readonly import('./hops.js').Hop[]} hops the requests so far
 */

const prefix = 'sign-in ';
const MAX_PENDING_MS = 10 * 60 * 1000;

/**
 * Navigates to the issuer (RFC 6749, section 4.1; RFC 7636) and never returns: the issuer redirects to `callback.html`.
 *
 * @param {object} options
 * @param {readonly string[]} [options.scopes] scopes in addition to those of every sign-in
 * @param {'login' | 'none'} [options.prompt]
 * @param {string} [options.loginHint]
 * @param {string} [options.returnTo] default: this page
 * @param {boolean} [options.afterRefusal] see `Session`
 * @param {string | undefined} [options.acrValues] the sign-in must have one of these `acr` values
 */
export async function signIn({ scopes = [], prompt, loginHint, returnTo = location.pathname + location.search, afterRefusal = false, acrValues } = {}) {
  const hops = new Hops();
  const { authorization_endpoint } = await authorizationServer(hops);
  if (authorization_endpoint === undefined) throw new Error('the issuer’s metadata has no authorization endpoint');
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
    ...(acrValues !== undefined && { acrValues }),
    startedAt: Date.now(),
    hops: hops.list,
  };

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
    ...(acrValues && { acr_values: acrValues }),
    // The API does not say how old the sign-in may be, so the user signs in now.
    ...(acrValues && prompt !== 'none' && { max_age: '0' }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  hops.leave(url);
  sessionStorage.setItem(prefix + state, JSON.stringify(pending));
  // The back-forward cache would restore this page in its waiting state.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
  location.assign(url);
  // Code that waits for the sign-in must not continue before the page is left.
  await new Promise(() => {});
}

/** A callback without a pending sign-in in this tab: forged, already used, or too late. */
export class UnexpectedCallback extends Error {}

/** The issuer could not renew the session without asking the user. */
export class SilentSignInFailed extends Error {
  /** @param {string} returnTo */
  constructor(returnTo) {
    super('the issuer requires the user to interact');
    this.returnTo = returnTo;
  }
}

/**
 * Completes a sign-in with the issuer's callback, and returns the page to go back to.
 *
 * @param {URL} callback
 * @returns {Promise<string>}
 */
export async function finishSignIn(callback) {
  const state = callback.searchParams.get('state') ?? '';
  const pending = takePending(state);
  // Checked first, so that a forged callback causes no request to the issuer.
  if (pending === undefined) throw new UnexpectedCallback();
  const hops = new Hops(pending.hops);
  hops.returned(callback);
  const server = await authorizationServer(hops);
  try {
    // Also checks `iss` if it is sent (RFC 9207), and throws for `error`.
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    const options = { ...transport, ...hops.options, ...(await binding()) };
    const { answer, response } = await withNonce(
      () => oauth.authorizationCodeGrantRequest(
        server, client, clientAuthentication, parameters, redirectUri, pending.verifier, options),
      (received) => oauth.processAuthorizationCodeResponse(server, client, received, {
        expectedNonce: pending.nonce,
        requireIdToken: true,
      }),
    );
    // This check is optional over a direct TLS connection (OpenID Connect Core 1.0, section 3.1.3.7), and cheap.
    await oauth.validateApplicationLevelSignature(server, response, { ...transport, ...hops.options });
    const before = sessions.current;
    // The new session is stored first, so that no other tab uses tokens that are being revoked.
    const { afterRefusal, acrValues, silent } = pending;
    const steppedUpAt = acrValues !== undefined && !silent ? Date.now() : undefined;
    keepEverywhere({ ...sessionFrom(answer, { afterRefusal, acrValues, steppedUpAt }), hops: hops.list });
    await forget(before);
  } catch (error) {
    if (pending.silent && error instanceof oauth.AuthorizationResponseError) throw new SilentSignInFailed(pending.returnTo);
    throw error;
  }
  return pending.returnTo;
}

/** Each pending sign-in can be taken once, so a reloaded callback finds none.
 *
 * @param {string} state
 * @returns {Pending | undefined}
 */
function takePending(state) {
  const text = sessionStorage.getItem(prefix + state);
  sessionStorage.removeItem(prefix + state);
  const pending = text === null ? undefined : JSON.parse(text);
  return pending !== undefined && Date.now() - pending.startedAt < MAX_PENDING_MS ? pending : undefined;
}

/** Deletes the data of sign-ins that were started in this tab and never finished. */
export function dropPending() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(prefix)) sessionStorage.removeItem(name);
}

/**
 * Revokes the tokens of a session (RFC 7009). A failure is ignored: the tokens are removed here in any case, and they
 * expire.
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
