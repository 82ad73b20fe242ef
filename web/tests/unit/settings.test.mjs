import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsFrom } from '../../js/settings.js';

const good = {
  origin: 'https://app.example.com',
  issuer: 'https://example.okta.com/oauth2/default',
  clientId: 'web',
  apiBase: 'https://api.example.com/prod',
  scopes: { signIn: 'openid profile', write: 'state:write' },
};

test('valid settings are accepted', () => {
  const settings = settingsFrom(good);
  assert.deepEqual(settings.scopes, { signIn: ['openid', 'profile'], write: ['state:write'] });
  assert.deepEqual(settings.users, []);
  assert.equal(settings.dpop, false);
  assert.equal(settingsFrom({ ...good, dpop: true }).dpop, true);
});

test('an issuer may end with a slash, as Auth0\'s do', () => {
  assert.equal(settingsFrom({ ...good, issuer: 'https://example.eu.auth0.com/' }).issuer.href, 'https://example.eu.auth0.com/');
});

for (const [name, change, expected] of /** @type {[string, object, RegExp][]} */ ([
  ['http to another machine', { issuer: 'http://example.okta.com' }, /issuer: expected an https URL/],
  ['a trailing slash', { apiBase: 'https://api.example.com/prod/' }, /apiBase/],
  ['a string that is not a URL', { origin: 'app.example.com' }, /origin/],
  ['more than an origin', { origin: 'https://app.example.com/app' }, /origin: expected only an origin/],
  ['an origin in another spelling than a browser\'s', { origin: 'https://App.example.com:443' }, /as https:\/\/app\.example\.com/],
  ['a script URL', { apiBase: 'javascript:alert(1)' }, /apiBase/],
  ['no openid', { scopes: { signIn: 'profile', write: '' } }, /scopes.signIn/],
  ['no client', { clientId: '' }, /clientId/],
  ['a word for a switch', { dpop: 'on' }, /dpop: expected true or false/],
])) {
  test(`rejects ${name}`, () => assert.throws(() => settingsFrom({ ...good, ...change }), expected));
}

test('all faults are reported at once', () => {
  assert.throws(() => settingsFrom({}), /origin[^]*issuer[^]*apiBase[^]*scopes[^]*clientId/);
});
