import { call } from './api.js';
import { sessions } from './session.js';

/**
 * Who the API takes this page for: the claims that the authorizer handed on, as `GET /session` tells them. Pages ask
 * the API and read no access token: its form is between the issuer and the API.
 *
 * @typedef {{ signedIn: false }
 *   | { signedIn: true, principal: string, subject?: string, clientId?: string, scopes?: string[], groups?: string[], expiresAt?: string }} Caller
 */

/** @type {{ chain: string | undefined, caller: Promise<Caller> } | undefined} */
let known;

/** @returns {Promise<Caller>} */
export function whoAmI() {
  const chain = sessions.current?.chain;
  if (known === undefined || known.chain !== chain) {
    const caller = call('GET', '/session', { quiet: true }).then(({ body }) => body);
    caller.catch(() => {
      known = undefined;
    });
    known = { chain, caller };
  }
  return known.caller;
}
