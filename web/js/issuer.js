import * as oauth from '/vendor/oauth4webapi.js';
import { isLoopback, settings } from './settings.js';

/** This page at the issuer: a public client, which has no secret to keep. @type {oauth.Client} */
export const client = { client_id: settings.clientId, token_endpoint_auth_method: 'none' };
export const clientAuthentication = oauth.None();

/**
 * Plain http is for the issuer on this machine alone. A request that hangs has an end, for the other tabs wait for it too.
 */
export const transport = {
  [oauth.allowInsecureRequests]: isLoopback(settings.issuer.hostname),
  signal: () => AbortSignal.timeout(20_000),
};

/** @type {Promise<oauth.AuthorizationServer> | undefined} */
let metadata;

/** The issuer's metadata, asked for when first needed: a page that only reads never does. */
export function authorizationServer() {
  metadata ??= oauth
    .discoveryRequest(settings.issuer, transport)
    .then((response) => oauth.processDiscoveryResponse(settings.issuer, response))
    .catch((error) => {
      metadata = undefined;
      throw error;
    });
  return metadata;
}

/**
 * A session from the issuer's answer. The claims of the ID token have been checked by then; at sign-in its signature is
 * too, by the caller.
 *
 * @param {oauth.TokenEndpointResponse} answer
 * @param {{ before?: import('./session.js').Session | undefined, afterRefusal: boolean }} why `before` is the same
 *   sign-in before it was renewed
 * @returns {import('./session.js').Session}
 */
export function sessionFrom(answer, { before, afterRefusal }) {
  const claims = oauth.getValidatedIdTokenClaims(answer);
  const idToken = answer.id_token ?? before?.idToken;
  const user = claims === undefined ? before?.user : { id: claims.sub, name: displayName(claims) };
  if (idToken === undefined || user === undefined) throw new Error('the issuer sent no ID token');
  // A renewal is never somebody else's (OpenID Connect Core, 12.2).
  if (before !== undefined && user.id !== before.user.id) throw new Error('the issuer sent the ID token of another user');
  const life = (answer.expires_in ?? 300) * 1000;
  return {
    chain: before?.chain ?? crypto.randomUUID(),
    generation: (before?.generation ?? 0) + 1,
    accessToken: answer.access_token,
    // An issuer that does not rotate sends none, and the old one stays good.
    refreshToken: answer.refresh_token ?? before?.refreshToken,
    idToken,
    // Ahead of the end, so that a token does not expire on its way; short lives keep most of theirs.
    renewAt: Date.now() + life - Math.min(30_000, life / 5),
    afterRefusal,
    scopes: answer.scope?.split(' ') ?? before?.scopes ?? [],
    user,
  };
}

/** @param {oauth.IDToken} claims */
function displayName(claims) {
  for (const name of [claims['name'], claims['preferred_username'], claims['email']]) {
    if (typeof name === 'string' && name !== '') return name;
  }
  return claims.sub;
}
