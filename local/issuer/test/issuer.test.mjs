import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { startIssuer } from '../issuer.mjs';
import { bindingKey, Browser, clients, exchange, origin, post, redirectUri } from './browser.mjs';

const { issuer, close } = await startIssuer({ port: 0, clients, audience: 'api://default', ttlSeconds: 3600, data: undefined });
after(close);
const root = new URL(issuer).origin;
const browser = () => new Browser(issuer);
const json = async (/** @type {string} */ url) => (await fetch(url)).json();
/** @param {string} token */
const verify = (token) => jwtVerify(token, createRemoteJWKSet(new URL(`${issuer}/v1/keys`)), { issuer });
/** @param {string} token */
const introspect = async (token, client_id = 'web') => (await post(`${issuer}/v1/introspect`, { token, client_id })).body;

test('the metadata is at the same three paths as at Okta', async () => {
  const metadata = await json(`${issuer}/.well-known/openid-configuration`);
  assert.equal(metadata.issuer, issuer);
  assert.equal(metadata.jwks_uri, `${issuer}/v1/keys`);
  assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
  assert.deepEqual(metadata.introspection_endpoint_auth_methods_supported, ['none']);
  assert.deepEqual(await json(`${issuer}/.well-known/oauth-authorization-server`), metadata);
  assert.deepEqual(await json(`${root}/.well-known/oauth-authorization-server/oauth2/default`), metadata);
});

test('the keys are public parts with a long max-age', async () => {
  const response = await fetch(`${issuer}/v1/keys`);
  assert.equal(response.headers.get('cache-control'), 'max-age=3832304, must-revalidate');
  const { keys } = await response.json();
  for (const key of keys) assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
});

test('an access token has exactly the members of an Okta access token', async () => {
  const { access_token, expires_in, scope, token_type } = await browser().tokens('ada');
  assert.deepEqual(Object.keys(decodeProtectedHeader(access_token)).sort(), ['alg', 'kid']);
  const { payload } = await verify(access_token);
  const { jti, iat, exp, auth_time, ...rest } = payload;
  assert.match(String(jti), /^AT\./);
  assert.equal(Number(exp) - Number(iat), 3600);
  assert.equal(typeof auth_time, 'number');
  assert.deepEqual(rest, {
    ver: 1,
    iss: issuer,
    aud: 'api://default',
    cid: 'web',
    uid: '00uada00000000000000',
    scp: ['openid', 'profile', 'email', 'groups', 'offline_access', 'state:read', 'state:write'],
    sub: 'ada@example.com',
    groups: ['Everyone', 'Admins'],
  });
  assert.deepEqual([expires_in, token_type, scope.split(' ')], [3600, 'Bearer', rest.scp]);
});

test('an ID token has the client as audience, the user id as subject, and the nonce', async () => {
  const { id_token } = await browser().tokens('alice');
  const { payload } = await verify(id_token);
  assert.deepEqual(
    [payload.aud, payload.sub, payload.nonce, payload.name, payload.cid, payload.scp],
    ['web', '00ualice000000000000', 'nonce-1', 'Alice Example', undefined, undefined],
  );
});

test('only requested scopes are granted, and no refresh token is issued without offline_access', async () => {
  const { access_token, id_token, refresh_token } = await browser().tokens('bob', { scope: 'state:read', nonce: '' });
  assert.deepEqual(decodeJwt(access_token).scp, ['state:read']);
  assert.deepEqual([id_token, refresh_token], [undefined, undefined]);
});

for (const [name, changes, error] of /** @type {[string, Record<string, string>, string][]} */ ([
  ['an unknown scope', { scope: 'openid everything' }, 'invalid_scope'],
  ['no state', { state: '' }, 'invalid_request'],
  ['no code challenge', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
  ['the plain challenge method', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
  ['prompt=none without a session', { prompt: 'none', scope: 'openid' }, 'login_required'],
])) {
  test(`${name} goes back to the client as ${error}`, async () => {
    const { url } = await browser().authorize(changes);
    assert.equal(url.origin + url.pathname, redirectUri);
    assert.equal((url.searchParams.get('error') ?? new URLSearchParams(url.hash.slice(1)).get('error')), error);
  });
}

test('a redirect URI that is not registered causes an error page, not a redirect', async () => {
  for (const redirect_uri of [`${redirectUri}/`, 'http://127.0.0.1:8081/callback.html', `${redirectUri}?x=1`]) {
    const { response } = await browser().authorize({ redirect_uri });
    assert.equal(response?.status, 400);
  }
});

test('a cancelled sign-in returns access_denied', async () => {
  const visitor = browser();
  const { url } = await visitor.authorize();
  const back = await visitor.go(url, { method: 'POST', body: new URLSearchParams({ cancel: 'yes' }) });
  assert.equal(back.url.searchParams.get('error'), 'access_denied');
});

test('a sign-in page cannot be used from another browser', async () => {
  const { url } = await browser().authorize();
  const { response } = await browser().go(url, { method: 'POST', body: new URLSearchParams({ user: 'alice' }) });
  assert.equal(response?.status, 400);
});

test('with a session the user is not asked again', async () => {
  const visitor = browser();
  await visitor.tokens('alice');
  const silent = await visitor.authorize({ prompt: 'none', scope: 'openid' });
  assert.ok(silent.url.searchParams.get('code'));
  const again = await visitor.authorize();
  assert.ok(again.url.searchParams.get('code'));
});

const twoFactors = 'urn:okta:loa:2fa:any';

for (const [user, acr_values, acr] of /** @type {[string, string, string | undefined][]} */ ([
  ['alice', '', undefined],
  ['alice', 'urn:okta:loa:1fa:any', 'urn:okta:loa:1fa:any'],
  ['bob', 'urn:okta:loa:1fa:pwd', 'urn:okta:loa:1fa:pwd'],
  ['alice', twoFactors, twoFactors],
  ['bob', `${twoFactors}:ifpossible`, `${twoFactors}:ifpossible`],
  ['ada', 'phr', 'phr'],
  ['ada', 'phrh', 'phrh'],
  // An unknown value is ignored, and the first one that the user can meet is granted.
  ['alice', 'urn:example:unknown', undefined],
  ['alice', `urn:example:unknown phr ${twoFactors}`, twoFactors],
])) {
  test(`${user} signs in with acr_values=${acr_values}`, async () => {
    const { access_token, id_token, refresh_token } = await browser().tokens(user, { acr_values });
    const renewed = (await exchange(issuer, { refresh_token })).body;
    const [first, second] = [decodeJwt(access_token), decodeJwt(renewed.access_token)];
    assert.deepEqual([first.acr, decodeJwt(id_token).acr, second.acr], [acr, acr, acr]);
    assert.deepEqual([typeof first.auth_time, second.auth_time], ['number', first.auth_time]);
  });
}

test('a user without the factors returns with unmet_authentication_requirements', async () => {
  for (const [user, acr_values] of [['bob', twoFactors], ['alice', 'phr'], ['bob', `phr ${twoFactors}`]]) {
    const { url } = await browser().signIn(String(user), { acr_values: String(acr_values) });
    assert.equal(url.searchParams.get('error'), 'unmet_authentication_requirements', `${user} ${acr_values}`);
  }
});

test('a session that is too weak or too old asks the user, and fails with prompt=none', async () => {
  const visitor = browser();
  const silent = { prompt: 'none', scope: 'openid' };
  /** @param {Record<string, string>} changes */
  const outcome = async (changes) => {
    const { url, verifier } = await visitor.authorize(changes);
    if (url.pathname.startsWith('/signin/')) return 'asked';
    const code = url.searchParams.get('code');
    if (code === null) return url.searchParams.get('error');
    const { access_token } = (await exchange(issuer, { code, code_verifier: verifier })).body;
    return String(decodeJwt(access_token).acr);
  };
  await visitor.tokens('alice');
  assert.equal(await outcome({ acr_values: twoFactors }), 'asked');
  assert.equal(await outcome({ acr_values: twoFactors, ...silent }), 'login_required');
  assert.equal(await outcome({ acr_values: 'urn:okta:loa:1fa:any', ...silent }), 'urn:okta:loa:1fa:any');

  await visitor.tokens('alice', { acr_values: twoFactors });
  // Factors that were used in this session are not requested again.
  assert.equal(await outcome({ acr_values: twoFactors }), twoFactors);
  assert.equal(await outcome({ acr_values: twoFactors, ...silent }), twoFactors);
  assert.equal(await outcome(silent), 'undefined');

  assert.equal(await outcome({ max_age: '3600', ...silent }), 'undefined');
  for (const [changes, expected] of /** @type {[Record<string, string>, string][]} */ ([[{}, 'asked'], [silent, 'login_required']])) {
    assert.equal(await outcome({ max_age: '0', ...changes }), expected);
  }
});

test('a code without its verifier is refused', async () => {
  const { code } = await browser().signIn('alice');
  const { status, body } = await exchange(issuer, { code, code_verifier: 'x'.repeat(43) });
  assert.deepEqual([status, body.error], [400, 'invalid_grant']);
});

test('a second use of a code revokes the tokens of the first', async () => {
  const { code, verifier } = await browser().signIn('alice');
  const first = await exchange(issuer, { code, code_verifier: verifier });
  const second = await exchange(issuer, { code, code_verifier: verifier });
  assert.equal(second.body.error, 'invalid_grant');
  assert.deepEqual(await introspect(first.body.access_token), { active: false });
});

test('a refresh token can be used once, and a second use ends the whole grant', async () => {
  const { refresh_token } = await browser().tokens('alice');
  const second = (await exchange(issuer, { refresh_token })).body;
  assert.notEqual(second.refresh_token, refresh_token);
  assert.equal((await introspect(second.access_token)).active, true);
  assert.equal((await exchange(issuer, { refresh_token })).body.error, 'invalid_grant');
  assert.equal((await exchange(issuer, { refresh_token: second.refresh_token })).body.error, 'invalid_grant');
  assert.deepEqual(await introspect(second.access_token), { active: false });
});

test('revoking one sign-in does not end the other', async () => {
  const visitor = browser();
  const first = await visitor.tokens('alice');
  const { code, verifier } = await visitor.authorize().then(({ url, verifier }) => ({ code: url.searchParams.get('code') ?? '', verifier }));
  const second = (await exchange(issuer, { code, code_verifier: verifier })).body;
  await post(`${issuer}/v1/revoke`, { token: first.refresh_token, client_id: 'web' });
  assert.deepEqual(await introspect(first.access_token), { active: false });
  assert.equal((await introspect(second.access_token)).active, true);
});

test('introspection answers have Okta\'s form', async () => {
  const { access_token, refresh_token } = await browser().tokens('bob', { scope: 'openid offline_access state:read' });
  const answer = await introspect(access_token);
  const { jti, iat, exp, ...rest } = answer;
  assert.deepEqual(rest, {
    active: true,
    scope: 'openid offline_access state:read',
    username: 'bob@example.com',
    client_id: 'web',
    uid: '00ubob00000000000000',
    sub: 'bob@example.com',
    aud: 'api://default',
    iss: issuer,
    token_type: 'Bearer',
  });
  assert.equal((await introspect(refresh_token)).active, true);
  assert.deepEqual(await introspect('nonsense'), { active: false });
  assert.deepEqual(await introspect(access_token, 'other'), { active: false }, 'the token of another client');
  assert.equal((await post(`${issuer}/v1/introspect`, { token: access_token })).status, 401);
  assert.equal((await post(`${issuer}/v1/introspect?client_id=web`, { token: access_token })).body.active, true);
  const basic = { authorization: `Basic ${Buffer.from('web:').toString('base64')}` };
  assert.equal((await post(`${issuer}/v1/introspect`, { token: access_token }, basic)).body.active, true);
});

test('a client that sends proofs with the nonce gets bound tokens', async () => {
  const { code, verifier } = await browser().signIn('alice');
  const grant = { code, code_verifier: verifier };
  const htu = `${issuer}/v1/token`;
  const { proof, jkt } = await bindingKey();
  const first = await exchange(issuer, grant, 'web', { origin, ...(await proof({ htu })) });
  assert.deepEqual([first.status, first.body.error], [400, 'use_dpop_nonce']);
  assert.match(first.headers.get('access-control-expose-headers') ?? '', /DPoP-Nonce/i);

  const nonce = first.headers.get('dpop-nonce');
  const tokens = await exchange(issuer, grant, 'web', await proof({ htu, nonce }));
  const { access_token, refresh_token, token_type } = tokens.body;
  assert.equal(token_type, 'DPoP');
  assert.deepEqual(decodeJwt(access_token).cnf, { jkt });
  const { cnf, token_type: introspected } = await introspect(access_token);
  assert.deepEqual([cnf, introspected], [{ jkt }, 'DPoP']);

  const bearer = { headers: { authorization: `Bearer ${access_token}` } };
  assert.equal((await fetch(`${issuer}/v1/userinfo`, bearer)).status, 401);
  const thief = await bindingKey();
  for (const headers of [{}, await thief.proof({ htu, nonce })]) {
    assert.equal((await exchange(issuer, { refresh_token }, 'web', headers)).body.error, 'invalid_grant');
  }
  const renewed = await exchange(issuer, { refresh_token }, 'web', await proof({ htu, nonce }));
  assert.deepEqual(decodeJwt(renewed.body.access_token).cnf, { jkt });
});

test('the metadata lists the same algorithms for proofs as Okta\'s', async () => {
  const { dpop_signing_alg_values_supported } = await json(`${issuer}/.well-known/openid-configuration`);
  assert.deepEqual(dpop_signing_alg_values_supported, ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']);
});

test('revoking an access token leaves the refresh token', async () => {
  const { access_token, refresh_token } = await browser().tokens('alice');
  assert.equal((await post(`${issuer}/v1/revoke`, { token: access_token, client_id: 'web' })).status, 200);
  assert.deepEqual(await introspect(access_token), { active: false });
  assert.equal((await exchange(issuer, { refresh_token })).status, 200);
});

test('a client cannot revoke the tokens of another', async () => {
  const { access_token, refresh_token } = await browser().tokens('alice');
  for (const token of [access_token, refresh_token]) await post(`${issuer}/v1/revoke`, { token, client_id: 'other' });
  assert.equal((await introspect(access_token)).active, true);
});

test('userinfo accepts the access token and returns the claims of its scopes', async () => {
  const { access_token } = await browser().tokens('ada', { scope: 'openid email' });
  const answer = await fetch(`${issuer}/v1/userinfo`, { headers: { authorization: `Bearer ${access_token}` } });
  assert.deepEqual(await answer.json(), { sub: '00uada00000000000000', email: 'ada@example.com', email_verified: true });
  const none = await fetch(`${issuer}/v1/userinfo`);
  assert.equal(none.status, 401);
});

test('only registered origins may read the answers', async () => {
  const { refresh_token } = await browser().tokens('alice');
  /** @param {string} path @param {Record<string, string>} form @param {string} from */
  const allowed = async (path, form, from) =>
    (await post(`${issuer}/v1/${path}`, { client_id: 'web', ...form }, { origin: from })).headers.get('access-control-allow-origin');
  for (const path of ['introspect', 'revoke']) {
    assert.equal(await allowed(path, { token: 'x' }, origin), origin);
    assert.equal(await allowed(path, { token: 'x' }, 'https://evil.example'), null);
  }
  const form = { grant_type: 'refresh_token', refresh_token };
  assert.equal(await allowed('token', form, 'https://evil.example'), null);
  assert.equal(await allowed('token', form, origin), origin);
});

test('signing out with an ID token hint ends the session and returns with the state', async () => {
  const visitor = browser();
  const { id_token } = await visitor.tokens('alice');
  const body = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: `${origin}/signed-out.html`, state: 's' });
  const asked = await visitor.go(`${issuer}/v1/logout?${body}`);
  assert.equal(asked.response?.status, 200);
  const { response } = await visitor.go(`${issuer}/v1/logout`, { method: 'POST', body });
  const page = (await response?.text()) ?? '';
  assert.match(page, /submit\(\)/);
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
  const { url } = await visitor.go(`${issuer}/v1/logout/confirm`, { method: 'POST', body: new URLSearchParams({ xsrf, logout: 'yes' }) });
  assert.equal(url.href, `${origin}/signed-out.html?state=s`);
  assert.equal((await visitor.authorize({ prompt: 'none', scope: 'openid' })).url.searchParams.get('error'), 'login_required');
});

test('a test can request a token with one fault', async () => {
  const other = decodeJwt((await browser().tokens('alice', { dev_audience: 'api://other' })).access_token);
  assert.equal(other.aud, 'api://other');
  const old = decodeJwt((await browser().tokens('alice', { dev_age: '7200' })).access_token);
  assert.ok(Number(old.exp) < Date.now() / 1000 - 3000);
  const short = decodeJwt((await browser().tokens('alice', { dev_ttl: '5' })).access_token);
  assert.equal(Number(short.exp) - Number(short.iat), 5);
});

test('the /dev controls apply to all clients, and refuse web pages', async () => {
  assert.equal((await post(`${root}/dev/ttl?AccessToken=7`, {}, { origin })).status, 403);
  assert.equal((await post(`${root}/dev/ttl?AccessToken=0`, {})).status, 400);
  await post(`${root}/dev/ttl?AccessToken=7`, {});
  await post(`${root}/dev/audience?value=api://other`, {});
  await post(`${root}/dev/age?seconds=7200`, {});
  const { access_token, expires_in } = await browser().tokens('alice');
  assert.deepEqual([decodeJwt(access_token).aud, expires_in], ['api://other', 7]);
  assert.ok(Number(decodeJwt(access_token).exp) < Date.now() / 1000 - 7000);
  await post(`${root}/dev/age?seconds=0`, {});
  await post(`${root}/dev/ttl?AccessToken=3600`, {});
  await post(`${root}/dev/audience?value=api://default`, {});
});

test('keys rotate as planned, suddenly and with removal; sessions and grants survive', async () => {
  const kids = async () => (await json(`${issuer}/v1/keys`)).keys.map((/** @type {{ kid: string }} */ key) => key.kid);
  const { access_token, refresh_token } = await browser().tokens('alice');
  const before = await kids();

  await post(`${root}/dev/rotate`, {});
  const planned = (await exchange(issuer, { refresh_token })).body;
  assert.ok(before.includes(decodeProtectedHeader(planned.access_token).kid), 'the next key was published before');
  await verify(access_token);

  await post(`${root}/dev/rotate?sudden`, {});
  const sudden = (await exchange(issuer, { refresh_token: planned.refresh_token })).body;
  assert.ok(![...before].includes(String(decodeProtectedHeader(sudden.access_token).kid)));
  await verify(planned.access_token);
  await verify(sudden.access_token);

  await post(`${root}/dev/rotate?drop`, {});
  await assert.rejects(verify(sudden.access_token), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  const dropped = (await exchange(issuer, { refresh_token: sudden.refresh_token })).body;
  await verify(dropped.access_token);
});

test('a request with another host name is refused', async () => {
  const { request } = await import('node:http');
  const status = await new Promise((resolve) => {
    const { hostname, port } = new URL(issuer);
    request({ hostname, port, path: '/oauth2/default/v1/keys', headers: { host: 'evil.example' } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).end();
  });
  assert.equal(status, 421);
});
