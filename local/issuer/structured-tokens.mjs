import { createLocalJWKSet, jwtVerify } from 'jose';
import { formOf, json } from './http.mjs';
import { identityClaims, userByUid } from './users.mjs';

/** /introspect, /revoke and /userinfo for access tokens that are JWTs. The library refuses such tokens there, Okta does not.
 */
export class StructuredTokens {
  #parts;

  /**
   * @param {object} parts
   * @param {string} parts.issuer
   * @param {import('./settings.mjs').Client[]} parts.clients
   * @param {import('./keys.mjs').Keys} parts.keys
   * @param {import('./adapter.mjs').Memory} parts.memory
   * @param {() => import('oidc-provider').Provider} parts.provider
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** RFC 7662: an unknown, expired or revoked token is `{"active": false}` and nothing else. */
  introspect = this.#ofClient(async (form, client, res) => {
    const token = form.get('token') ?? '';
    const claims = (await this.#alive(token)) ?? (await this.#refreshToken(token));
    const known = claims?.cid === client.id ? claims : undefined;
    json(res, 200, known === undefined ? { active: false } : introspection(known));
  });

  /** RFC 7009: 200 for any token. Revoking a refresh token also revokes its access tokens, but not the other way round. */
  revoke = this.#ofClient(async (form, client, res) => {
    const token = form.get('token') ?? '';
    const access = await this.#alive(token);
    if (access?.cid === client.id) this.#parts.memory.accessTokens.delete(String(access.jti));
    const refresh = await this.#parts.provider().RefreshToken.find(token);
    if (refresh?.clientId === client.id && refresh.grantId) {
      await this.#parts.provider().RefreshToken.revokeByGrantId(refresh.grantId);
      await this.#parts.memory.adapter('Grant').destroy(refresh.grantId);
    }
    res.writeHead(200, { 'Cache-Control': 'no-store' }).end();
  });

  /** @param {import('./http.mjs').Request} req @param {import('./http.mjs').Response} res */
  userinfo = async (req, res) => {
    const sent = await this.#alive(req.headers.authorization?.match(/^Bearer (\S+)$/i)?.[1] ?? '');
    // A bound token needs a proof, but no local client sends one to this endpoint.
    const claims = sent?.cnf === undefined ? sent : undefined;
    this.#allowOrigin(req, res, String(claims?.cid));
    const user = userByUid(claims?.uid);
    const scopes = /** @type {string[] | undefined} */ (claims?.scp);
    if (user === undefined || !scopes?.includes('openid')) {
      res.setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
      return json(res, 401, { error: 'invalid_token', error_description: 'The access token is invalid.' });
    }
    const { sub, name, preferred_username, email, email_verified, groups } = identityClaims(user);
    json(res, 200, {
      sub,
      ...(scopes.includes('profile') && { name, preferred_username }),
      ...(scopes.includes('email') && { email, email_verified }),
      ...(scopes.includes('groups') && { groups }),
    });
  };

  /**
   * A public client sends its id in the form, in the query (Okta's reference) or as Basic without a secret (okta-auth-js).
   *
   * @param {(form: URLSearchParams, client: import('./settings.mjs').Client, res: import('./http.mjs').Response) => Promise<void>} serve
   */
  #ofClient(serve) {
    /** @param {import('./http.mjs').Request} req @param {import('./http.mjs').Response} res @param {URLSearchParams} query */
    return async (req, res, query) => {
      const form = await formOf(req);
      if (form === undefined) return json(res, 413, { error: 'invalid_request' });
      const basic = Buffer.from(req.headers.authorization?.match(/^Basic (\S+)$/i)?.[1] ?? '', 'base64').toString();
      const id = form.get('client_id') ?? query.get('client_id') ?? decodeURIComponent(basic.replace(/:$/, ''));
      const client = this.#parts.clients.find((known) => known.id === id);
      if (client === undefined) {
        return json(res, 401, { error: 'invalid_client', error_description: 'No client credentials found.' });
      }
      this.#allowOrigin(req, res, client.id);
      await serve(form, client, res);
    };
  }

  /** @param {import('./http.mjs').Request} req @param {import('./http.mjs').Response} res @param {string} clientId */
  #allowOrigin(req, res, clientId) {
    const { origin } = req.headers;
    const allowed = this.#parts.clients.some(({ id, origins }) => id === clientId && origins.includes(origin ?? ''));
    res.setHeader('Vary', 'Origin');
    if (origin !== undefined && allowed) res.setHeader('Access-Control-Allow-Origin', origin);
  }

  /** The claims of an access token; undefined unless its signature, times, entry and grant are valid. @param {string} token */
  async #alive(token) {
    const { issuer, keys, memory, provider } = this.#parts;
    try {
      const published = keys.all.map(({ kty, kid, alg, use, n, e }) => ({ kty, kid, alg, use, n, e }));
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: /** @type {any} */ (published) }), {
        issuer,
        algorithms: ['RS256'],
        requiredClaims: ['exp', 'cid', 'jti'],
      });
      const entry = memory.accessTokens.get(String(payload.jti));
      return entry && (await provider().Grant.find(entry.grantId)) ? payload : undefined;
    } catch {
      return undefined;
    }
  }

  /** @param {string} value */
  async #refreshToken(value) {
    const token = await this.#parts.provider().RefreshToken.find(value);
    const grant = token && !token.consumed && token.grantId && (await this.#parts.provider().Grant.find(token.grantId));
    if (!token || !grant) return undefined;
    const user = userByUid(token.accountId);
    return { cid: token.clientId, uid: user?.uid, sub: user?.login, scp: token.scope?.split(' '), exp: token.exp, iat: token.iat };
  }
}

/** Okta's answer: `scope` is a string, although `scp` in the token is an array. @param {Record<string, any>} claims */
function introspection({ scp, cid, uid, sub, aud, iss, jti, iat, exp, cnf }) {
  // Okta documents no token type for bound tokens. This type is that of RFC 9449, section 6.2.
  const bound = cnf === undefined ? 'Bearer' : 'DPoP';
  const token_type = jti === undefined ? undefined : bound;
  return { active: true, scope: (scp ?? []).join(' '), username: sub, client_id: cid, uid, sub, aud, iss, jti, iat, exp, cnf, token_type };
}
