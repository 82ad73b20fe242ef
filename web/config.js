// The settings of these pages. `cargo local` serves its own in place of this file, and `web/deploy` writes one from the
// stack's outputs. Nothing in it is secret: an Okta client for pages is public.
export default {
  // The origin the pages are opened at; it is registered at the issuer with the two addresses below.
  origin: 'http://127.0.0.1:8080',
  // The exact issuer: without a trailing slash for Okta, with one for Auth0.
  issuer: 'http://127.0.0.1:9000/oauth2/default',
  clientId: 'web',
  apiBase: 'http://127.0.0.1:3000/prod',
  // What is asked for at sign-in, and what more when somebody first wants to write. Without `offline_access` there are
  // no refresh tokens, and a session is renewed by a silent redirect.
  scopes: { signIn: 'openid profile offline_access', write: 'state:write' },
  // Names that the page offers to sign in as, for the users of the local issuer.
  users: ['alice', 'bob', 'ada'],
};
