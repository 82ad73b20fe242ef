// The settings of these pages. `cargo local` serves its own instead of this file, and `web/deploy.mjs` writes one from the
// stack's outputs. They contain no secret, because an OAuth client in a browser is public.
export default {
  // The origin of the pages. The issuer must trust this origin (CORS) and have the two redirect URIs at it.
  origin: 'http://127.0.0.1:8080',
  // The exact issuer: without a trailing slash for Okta, with one for Auth0.
  issuer: 'http://127.0.0.1:9000/oauth2/default',
  clientId: 'web',
  apiBase: 'http://127.0.0.1:3000/prod',
  // The scopes requested at sign-in, and the scopes added before the first write. Without `offline_access` there are no refresh
  // tokens, and a session is renewed by a silent redirect.
  scopes: { signIn: 'openid profile offline_access', write: 'state:write' },
  // Whether tokens are bound to a key that cannot leave the browser (DPoP). The issuer must have DPoP turned on for this
  // client, and the API must accept such tokens: its setting `DPOP` is `accept` or `require`.
  dpop: false,
  // The users of the local issuer, for whom the page offers sign-in buttons.
  users: ['alice', 'bob', 'ada'],
};
