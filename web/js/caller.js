import { call } from './api.js';
import { sessions } from './session.js';

/**
 * The caller as the API sees it: the claims that the authorizer passed on, from `GET /session`. Pages do not read the
 * access token, because its format is between the issuer and the API (RFC 9068, section 6).
 *
 * @typedef {{ signedIn: false }
 *   | { signedIn: true, principal: string, subject?: string, clientId?: string, scopes?: string[], groups?: string[], expiresAt?: string }} Caller
 */

/** Requested once per token. @type {{ token: string | undefined, caller: Promise<Caller> } | undefined} */
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
