import * as oauth from '/vendor/oauth4webapi.js';
import { isLoopback, settings } from './settings.js';

/** These pages as an OAuth client: public, without a secret. @type {oauth.Client} */
export const client = { client_id: settings.clientId, token_endpoint_auth_method: 'none' };
export const clientAuthentication = oauth.None();

/** Plain http is allowed only for an issuer on this machine. Requests have a timeout, because other tabs wait for them.
 */
export const transport = {
  [oauth.allowInsecureRequests]: isLoopback(settings.issuer.hostname),
  signal: () => AbortSignal.timeout(20_000),
};

/** @type {Promise<oauth.AuthorizationServer> | undefined} */
let metadata;

/** The issuer's metadata. It is fetched on first use, so a page that only reads never fetches it.
 *
 * @param {import('./hops.js').Hops} [hops] where to record the request
 */
export function authorizationServer(hops) {
  metadata ??= oauth
    .discoveryRequest(settings.issuer, { ...transport, ...hops?.options })
    .then((response) => oauth.processDiscoveryResponse(settings.issuer, response))
    .catch((error) => {
      metadata = undefined;
      throw error;
    });
  return metadata;
}

/**
 * A session from the issuer's response. The claims of its ID token are already verified; at sign-in the caller also
 * verifies the signature.
 *
 * @param {oauth.TokenEndpointResponse} answer
 * @param {{ before?: import('./session.js').Session | undefined, afterRefusal: boolean, acrValues?: string | undefined, steppedUpAt?: number | undefined }} why
 *   `before` is the session that is renewed
 * @returns {import('./session.js').Session}
 */
export function sessionFrom(answer, { before, afterRefusal, acrValues = before?.acrValues, steppedUpAt = before?.steppedUpAt }) {
  const claims = oauth.getValidatedIdTokenClaims(answer);
  const idToken = answer.id_token ?? before?.idToken;
  const user = claims === undefined ? before?.user : { id: claims.sub, name: displayName(claims) };
  if (idToken === undefined || user === undefined) throw new Error('the issuer sent no ID token');
  // A renewal keeps the user (OpenID Connect Core 1.0, section 12.2).
  if (before !== undefined && user.id !== before.user.id) throw new Error('the issuer sent the ID token of another user');
  const life = (answer.expires_in ?? 300) * 1000;
  return {
    chain: before?.chain ?? crypto.randomUUID(),
    generation: (before?.generation ?? 0) + 1,
    accessToken: answer.access_token,
    // An issuer that does not rotate refresh tokens sends none, and the old one remains valid.
    refreshToken: answer.refresh_token ?? before?.refreshToken,
    idToken,
    // Before the token expires, so that it does not expire in transit. At most a fifth of a short lifetime is lost.
    renewAt: Date.now() + life - Math.min(30_000, life / 5),
    afterRefusal,
    ...(acrValues !== undefined && { acrValues }),
    ...(steppedUpAt !== undefined && { steppedUpAt }),
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
