import { scopes } from './configuration.mjs';

/**
 * The differences between Okta's authorization endpoint and the library's. Returns the query for the library, or the
 * address of the client to which the browser returns with an error.
 *
 * @param {URLSearchParams} query
 * @param {import('./settings.mjs').Client[]} clients
 * @returns {{ query: URLSearchParams } | { refusal: string }}
 */
export function authorizationRequest(query, clients) {
  const redirectUri = query.get('redirect_uri') ?? '';
  const client = clients.find(({ id }) => id === query.get('client_id'));
  // Errors go only to a registered address. For any other address the library shows an error page.
  if (!client?.redirectUris.includes(redirectUri)) return { query };

  // The library silently ignores an unknown scope.
  const asked = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const unknown = asked.filter((scope) => !scopes.includes(scope));
  if (unknown.length > 0) {
    const which = `One or more scopes are not configured for the authorization server resource: ${unknown.join(' ')}.`;
    return { refusal: refusal(redirectUri, query, 'invalid_scope', which) };
  }
  // "Okta requires the OAuth 2.0 state parameter on all requests."
  if (!query.get('state')) {
    return { refusal: refusal(redirectUri, query, 'invalid_request', 'The authentication request has an invalid state parameter.') };
  }
  // The library grants `offline_access` only with the user's consent (OpenID Connect Core 1.0, section 11), which Okta does
  // not ask for. No consent page is shown, see `configuration.mjs`. With `prompt=none` no refresh token is issued.
  const prompts = (query.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '');
  if (asked.includes('offline_access') && !prompts.includes('none') && !prompts.includes('consent')) {
    const handedOn = new URLSearchParams(query);
    handedOn.set('prompt', [...prompts, 'consent'].join(' '));
    return { query: handedOn };
  }
  return { query };
}

/**
 * @param {string} redirectUri
 * @param {URLSearchParams} query
 * @param {string} error
 * @param {string} description
 */
function refusal(redirectUri, query, error, description) {
  const location = new URL(redirectUri);
  location.searchParams.set('error', error);
  location.searchParams.set('error_description', description);
  const state = query.get('state');
  if (state) location.searchParams.set('state', state);
  return location.href;
}
