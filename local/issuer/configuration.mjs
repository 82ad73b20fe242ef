import { randomUUID } from 'node:crypto';
import { interactionPolicy } from 'oidc-provider';
import { acrOf, knownAcr, requestedAcr } from './assurance.mjs';
import { wholeNumber } from './settings.mjs';
import { errorPage, signedOutPage, signOutPage } from './sign-in-page.mjs';
import { identityClaims, userByUid } from './users.mjs';

/** All scopes. Okta answers `invalid_scope` to any other. */
export const scopes = ['openid', 'profile', 'email', 'groups', 'offline_access', 'state:read', 'state:write'];

const seconds = wholeNumber(1, 86400);

/**
 * The settings that make `oidc-provider` behave like an Okta custom authorization server. The differences that settings
 * cannot express are in `okta.mjs` and `structured-tokens.mjs`.
 *
 * @param {object} parts @param {string} parts.issuer @param {import('./settings.mjs').Client[]} parts.clients @param
 * {import('./keys.mjs').Keys} parts.keys @param {import('./adapter.mjs').Memory} parts.memory @param {string[]}
 * parts.cookieKeys @param {Buffer} parts.dpopNonceSecret @param {{ audience: string, ttlSeconds: number, ageSeconds:
 * number }} parts.dials the values that `/dev` can change while the server runs @returns
 * {import('oidc-provider').Configuration}
 */
export function configuration({ issuer, clients, keys, memory, cookieKeys, dpopNonceSecret, dials }) {
  return {
    adapter: (model) => memory.adapter(model),
    jwks: { keys: /** @type {any} */ (keys.all) },
    cookies: { keys: cookieKeys },
    scopes,
    acrValues: knownAcr,
    claims: {
      openid: ['sub', 'ver', 'idp'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    // Okta puts the claims of `profile` into the ID token even if it issues an access token with it.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    // The algorithms in Okta's metadata.
    enabledJWA: { dPoPSigningAlgValues: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clients: clients.map((client) => ({
      client_id: client.id,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: client.redirectUris,
      post_logout_redirect_uris: client.postLogoutRedirectUris,
    })),
    clientBasedCORS: (_ctx, origin, client) =>
      clients.some(({ id, origins }) => id === client.clientId && origins.includes(origin)),
    routes: {
      authorization: '/v1/authorize',
      token: '/v1/token',
      jwks: '/v1/keys',
      userinfo: '/v1/userinfo',
      end_session: '/v1/logout',
    },
    discovery: {
      introspection_endpoint: `${issuer}/v1/introspect`,
      introspection_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint: `${issuer}/v1/revoke`,
      revocation_endpoint_auth_methods_supported: ['none'],
    },
    // A refresh token can be used once, and a second use ends the whole grant. By default Okta accepts a second use for 30
    // seconds; the library has no such grace period, so this server behaves like Okta with `leeway: 0`. A client that
    // works with this server works with Okta.
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, _client, source) => source.scopes.has('offline_access'),
    ttl: {
      AccessToken: (_ctx, token) => memory.wishes.get(token.grantId ?? '')?.ttl ?? dials.ttlSeconds,
      AuthorizationCode: 300,
      IdToken: 3600,
      // A rotated token inherits the expiry of the first (RFC 9700, section 2.2.2).
      RefreshToken: (ctx) => ctx?.oidc.entities.RotatedRefreshToken?.remainingTTL ?? 7 * 24 * 3600,
      Grant: 14 * 24 * 3600,
      Interaction: 3600,
      Session: 24 * 3600,
    },
    interactions: { policy: oktaPolicy(), url: (_ctx, interaction) => `/signin/${interaction.uid}` },
    findAccount: async (_ctx, uid) => {
      const user = userByUid(uid);
      return user && { accountId: user.uid, claims: async () => identityClaims(user) };
    },
    loadExistingGrant: (ctx) => grantOfEverything(ctx, memory),
    // For tests, parameters of the authorization request: this server then issues tokens with one fault, with another
    // audience, with a lifetime of so many seconds, or with an `iat` so many seconds ago.
    extraParams: ['dev_audience', 'dev_ttl', 'dev_age'],
    formats: { customizers: { jwt: (ctx, token, jwt) => oktaAccessToken(ctx, token, jwt, memory, dials) } },
    features: {
      devInteractions: { enabled: false },
      // A client that sends proofs gets bound tokens. As at Okta, each proof for the token endpoint needs a nonce, so this
      // server answers the first request with `use_dpop_nonce`.
      dPoP: { enabled: true, nonceSecret: dpopNonceSecret, requireNonce: () => true },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource: signOutPage, postLogoutSuccessSource: signedOutPage },
      // The audience comes from the server, not from the request: an Okta custom authorization server has exactly one.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => dials.audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience: dials.audience,
          scope: scopes.join(' '),
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    renderError: errorPage,
  };
}

/**
 * Okta's consent page is off by default, so no user is asked for consent. The name of the prompt is still accepted, see
 * `okta.mjs`. If a session is weaker than requested, the user signs in again; with `prompt=none` the request fails.
 */
function oktaPolicy() {
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.clear();
  const { Check } = interactionPolicy;
  const tooWeak = new Check('acr_values', 'the session is too weak', 'login_required', ({ oidc }) => {
    const user = userByUid(oidc.session?.accountId);
    if (user === undefined || oidc.result?.login !== undefined) return false;
    const requested = requestedAcr(oidc.params?.acr_values);
    return requested.length > 0 && acrOf(oidc.params?.acr_values, user, oidc.session?.amr ?? []) === undefined;
  });
  // The library accepts a session of the same second.
  const tooOld = new Check('max_age_0', 'max_age=0 ignores the session', 'login_required', ({ oidc }) =>
    oidc.result?.login === undefined && String(oidc.params?.max_age) === '0',
  );
  policy.get('login')?.checks.add(tooWeak);
  policy.get('login')?.checks.add(tooOld);
  return policy;
}

/**
 * Each authorization gets a separate grant with all requested scopes. So, as at Okta, the tokens of one sign-in can be
 * revoked without those of another.
 *
 * @param {import('oidc-provider').KoaContextWithOIDC} ctx
 * @param {import('./adapter.mjs').Memory} memory
 */
async function grantOfEverything(ctx, memory) {
  const { params, provider, client, account, session } = ctx.oidc;
  // As at Okta, tokens have `acr` only if it was requested, and renewed ones have the first `acr`.
  const user = userByUid(account?.accountId);
  if (session && user) session.acr = acrOf(params?.acr_values, user, session.amr ?? []);
  const grant = new provider.Grant({ clientId: client?.clientId, accountId: account?.accountId });
  const scope = String(params?.scope ?? '');
  grant.addOIDCScope(scope);
  for (const audience of Object.keys(ctx.oidc.resourceServers ?? {})) grant.addResourceScope(audience, scope);
  const grantId = await grant.save();
  if (params?.dev_audience || params?.dev_ttl || params?.dev_age) {
    memory.wishes.set(grantId, {
      audience: params.dev_audience ? String(params.dev_audience) : undefined,
      ttl: seconds(/** @type {any} */ (params.dev_ttl)),
      age: seconds(/** @type {any} */ (params.dev_age)),
    });
  }
  return grant;
}

/**
 * Okta's form: `scp` is an array, `cid` and `uid` are client and user, `sub` is the login, and the header has no `typ`,
 * only `alg` and `kid`. `cnf` identifies the key of a bound token.
 *
 * @param {import('oidc-provider').KoaContextWithOIDC} ctx
 * @param {any} token
 * @param {any} jwt
 * @param {import('./adapter.mjs').Memory} memory
 * @param {{ audience: string, ageSeconds: number }} dials
 */
function oktaAccessToken(ctx, token, jwt, memory, dials) {
  const user = userByUid(token.accountId);
  if (user === undefined) throw new Error(`no user has the id ${token.accountId}`);
  const { iat, exp, iss, cnf } = jwt.payload;
  const source = ctx.oidc.entities.RefreshToken ?? ctx.oidc.entities.AuthorizationCode;
  const { audience = dials.audience, age = dials.ageSeconds } = memory.wishes.get(token.grantId) ?? {};
  const jti = `AT.${randomUUID()}`;
  memory.accessTokens.set(jti, { grantId: token.grantId, clientId: token.clientId, expiresAt: exp * 1000 });
  jwt.header = { typ: undefined };
  jwt.payload = {
    ver: 1,
    jti,
    iss,
    aud: audience,
    iat: iat - age,
    exp: exp - age,
    cid: token.clientId,
    uid: user.uid,
    scp: token.scope.split(' '),
    auth_time: source?.authTime,
    ...(source?.acr && { acr: source.acr }),
    sub: user.login,
    groups: user.groups,
    ...(cnf && { cnf }),
  };
}
