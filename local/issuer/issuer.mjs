import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { Memory } from './adapter.mjs';
import { factorsFor, requestedAcr } from './assurance.mjs';
import { configuration } from './configuration.mjs';
import { Controls } from './controls.mjs';
import { formOf, json, redirect } from './http.mjs';
import { Keys } from './keys.mjs';
import { authorizationRequest } from './okta.mjs';
import { signInPage, usedPage } from './sign-in-page.mjs';
import { StructuredTokens } from './structured-tokens.mjs';
import { userByName } from './users.mjs';

/** The path of Okta's default custom authorization server. */
const mount = '/oauth2/default';

/** Starts the provider on loopback, and returns when it listens.
 *
 * @param {import('./settings.mjs').Settings} settings
 * @returns {Promise<{ issuer: string, close: () => Promise<void> }>}
 */
export async function startIssuer(settings) {
  const keys = await Keys.open(settings.data);
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const issuer = `http://127.0.0.1:${port}${mount}`;

  const memory = new Memory();
  const dials = { audience: settings.audience, ttlSeconds: settings.ttlSeconds, ageSeconds: 0 };
  const cookieKeys = [randomBytes(32).toString('hex')];
  const dpopNonceSecret = randomBytes(32);
  // The library reads its keys only once, so a rotation creates a new provider over the same memory.
  const build = () =>
    new Provider(issuer, configuration({ issuer, clients: settings.clients, keys, memory, cookieKeys, dpopNonceSecret, dials }));
  let provider = build();
  const controls = new Controls(keys, dials, () => {
    provider = build();
  });
  const tokens = new StructuredTokens({ issuer, clients: settings.clients, keys, memory, provider: () => provider });

  /** @type {Record<string, (req: import('./http.mjs').Request, res: import('./http.mjs').Response, query: URLSearchParams) => Promise<void>>} */
  const shims = {
    [`POST ${mount}/v1/introspect`]: tokens.introspect,
    [`POST ${mount}/v1/revoke`]: tokens.revoke,
    [`GET ${mount}/v1/userinfo`]: tokens.userinfo,
    [`POST ${mount}/v1/userinfo`]: tokens.userinfo,
  };
  const preflights = [`${mount}/v1/introspect`, `${mount}/v1/revoke`];

  /** @param {import('./http.mjs').Request} req @param {import('./http.mjs').Response} res */
  const serve = async (req, res) => {
    // A host name that a page has made resolve to this machine is refused (DNS rebinding).
    if (req.headers.host !== `127.0.0.1:${port}`) return json(res, 421, { error: `expected the host 127.0.0.1:${port}` });
    const url = new URL(req.url ?? '/', issuer);
    if (url.pathname.startsWith('/dev/')) return controls.serve(req, res, url);
    if (url.pathname.startsWith('/signin/')) return signIn(provider, req, res);
    const shim = shims[`${req.method} ${url.pathname}`];
    if (shim !== undefined) return shim(req, res, url.searchParams);
    if (req.method === 'OPTIONS' && preflights.includes(url.pathname)) return preflight(req, res);

    // RFC 8414 has the well-known part before the issuer's path; Okta serves both forms.
    if (url.pathname === `/.well-known/oauth-authorization-server${mount}`) {
      url.pathname = `${mount}/.well-known/oauth-authorization-server`;
    }
    if (!url.pathname.startsWith(`${mount}/`)) return json(res, 404, { error: `the issuer is ${issuer}` });
    if (url.pathname === `${mount}/v1/authorize`) {
      const request = authorizationRequest(url.searchParams, settings.clients);
      if ('refusal' in request) return redirect(res, request.refusal);
      url.search = request.query.toString();
    }
    // A page that signs out posts its ID token, so that the token is in no URL (RP-Initiated Logout 1.0, section 2). The
    // library accepts this POST only with cross-site cookies, which need https.
    if (req.method === 'POST' && url.pathname === `${mount}/v1/logout`) {
      const form = await formOf(req);
      if (form === undefined) return json(res, 413, { error: 'invalid_request' });
      url.search = form.toString();
      req.method = 'GET';
    }
    // Okta allows clients to cache keys for weeks; a verifier has to set its own limit.
    if (url.pathname === `${mount}/v1/keys`) res.setHeader('Cache-Control', 'max-age=3832304, must-revalidate');
    // The library compares these two to find where it is mounted.
    Object.assign(req, { originalUrl: url.pathname + url.search, url: url.pathname.slice(mount.length) + url.search });
    await provider.callback()(req, res);
  };

  server.on('request', (req, res) => {
    serve(req, res).catch((error) => {
      console.error(`${req.method} ${req.url?.replace(/\?.*/, '')}: ${error.stack}`);
      if (res.headersSent) res.destroy();
      else json(res, 500, { error: 'server_error' });
    });
  });
  return {
    issuer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves the page with the users, and processes its form.
 *
 * @param {Provider} provider
 * @param {import('./http.mjs').Request} req
 * @param {import('./http.mjs').Response} res
 */
async function signIn(provider, req, res) {
  let interaction;
  try {
    interaction = await provider.interactionDetails(req, res);
  } catch {
    return usedPage(res);
  }
  if (req.method !== 'POST') {
    const { client_id, login_hint, acr_values } = interaction.params;
    const asked = requestedAcr(acr_values);
    return signInPage(res, { client: String(client_id), hint: login_hint, asked, action: `/signin/${interaction.uid}` });
  }
  const form = await formOf(req);
  if (form?.has('cancel')) {
    const refusal = { error: 'access_denied', error_description: 'The resource owner denied the request.' };
    return provider.interactionFinished(req, res, refusal);
  }
  const user = userByName(form?.get('user'));
  if (user === undefined) return json(res, 400, { error: 'no such user' });
  const factors = factorsFor(interaction.params.acr_values, user);
  if (factors === undefined) {
    const which = `The user has not enrolled the factors for ${requestedAcr(interaction.params.acr_values).join(' or ')}.`;
    const refusal = { error: 'unmet_authentication_requirements', error_description: which };
    return provider.interactionFinished(req, res, refusal);
  }
  await provider.interactionFinished(req, res, { login: { accountId: user.uid, amr: [...factors] }, consent: {} });
}

/** The answer to the request itself allows the origin only if the client has registered it. @param {import('./http.mjs').Request} req @param {import('./http.mjs').Response} res */
function preflight(req, res) {
  res.writeHead(204, {
    'Access-Control-Allow-Origin': req.headers.origin ?? '*',
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': req.headers['access-control-request-headers'] ?? 'Content-Type',
    'Access-Control-Max-Age': '3600',
    Vary: 'Origin',
  });
  res.end();
}
