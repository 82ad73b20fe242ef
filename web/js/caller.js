import { call } from './api.js';
import { sessions } from './session.js';

/**
 * Who the API takes this page for: the claims that the authorizer handed on, as `GET /session` tells them. Pages ask
 * the API and read no access token: its form is between the issuer and the API.
 *
 * @typedef {{ signedIn: false }
 *   | { signedIn: true, principal: string, subject?: string, clientId?: string, scopes?: string[], groups?: string[], expiresAt?: string }} Caller
 */

/** Asked once for each token. @type {{ token: string | undefined, caller: Promise<Caller> } | undefined} */
let known;

/** @returns {Promise<Caller>} */
export function whoAmI() {
  const token = sessions.current?.accessToken;
  if (known === undefined || known.token !== token) {
    const caller = call('GET', '/session', { quiet: true }).then(({ body }) => body);
    caller.catch(() => {
      known = undefined;
    });
    known = { token, caller };
  }
  return known.caller;
}
