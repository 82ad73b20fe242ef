import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

export const origin = 'http://127.0.0.1:8080';
export const redirectUri = `${origin}/callback.html`;
export const clients = [
  { id: 'web', redirectUris: [redirectUri], postLogoutRedirectUris: [`${origin}/signed-out.html`], origins: [origin] },
  { id: 'other', redirectUris: [redirectUri], postLogoutRedirectUris: [], origins: [] },
];

/** The part of a browser that a sign-in needs: it keeps cookies and follows redirects until they leave the issuer. */
export class Browser {
  #issuer;
  /** @type {Map<string, string>} */
  #cookies = new Map();

  /** @param {string} issuer */
  constructor(issuer) {
    this.#issuer = issuer;
  }

  /** @param {string | URL} address @param {RequestInit} [init] @returns {Promise<{ url: URL, response?: Response }>} */
  async go(address, init = {}) {
    const url = new URL(address, this.#issuer);
    if (url.origin !== new URL(this.#issuer).origin) return { url };
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    const location = response.headers.get('location');
    return location === null ? { url, response } : this.go(new URL(location, url));
  }

  /** The authorization request, up to the sign-in page or back at the client. @param {Record<string, string>} changes */
  async authorize(changes = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: 'web',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid profile email groups offline_access state:read state:write',
      state: 'state-1',
      nonce: 'nonce-1',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...changes,
    });
    for (const [name, value] of [...query]) if (value === '') query.delete(name);
    return { verifier, ...(await this.go(`${this.#issuer}/v1/authorize?${query}`)) };
  }

  /** The whole sign-in; returns the parameters that the client received. @param {string} user @param {Record<string, string>} changes */
  async signIn(user, changes = {}) {
    const { verifier, url } = await this.authorize(changes);
    const back = await this.go(url, { method: 'POST', body: new URLSearchParams({ user }) });
    return { verifier, code: back.url.searchParams.get('code') ?? '', url: back.url };
  }

  /** @param {string} user @param {Record<string, string>} changes */
  async tokens(user, changes = {}) {
    const { verifier, code } = await this.signIn(user, changes);
    return exchange(this.#issuer, { code, code_verifier: verifier }, changes.client_id).then(({ body }) => body);
  }
}

/**
 * @param {string} issuer
 * @param {Record<string, string>} grant
 * @param {string} [client_id]
 * @param {Record<string, string>} [headers]
 */
export async function exchange(issuer, grant, client_id = 'web', headers = {}) {
  const form = 'code' in grant ? { grant_type: 'authorization_code', redirect_uri: redirectUri } : { grant_type: 'refresh_token' };
  return post(`${issuer}/v1/token`, { client_id, ...form, ...grant }, headers);
}

/** A key to bind tokens to. */
export async function bindingKey() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  /** The header with a proof for one request (RFC 9449, section 4.2). @param {Record<string, unknown>} claims */
  const proof = async (claims) => ({
    dpop: await new SignJWT({ jti: randomUUID(), htm: 'POST', ...claims })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
      .setIssuedAt()
      .sign(privateKey),
  });
  return { proof, jkt: await calculateJwkThumbprint(jwk) };
}

/**
 * @param {string} url
 * @param {Record<string, string>} form
 * @param {Record<string, string>} [headers]
 */
export async function post(url, form, headers = {}) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}
