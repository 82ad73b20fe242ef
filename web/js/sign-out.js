import { destroyBindingKey } from './binding-key.js';
import { dropDraft } from './draft.js';
import { element } from './element.js';
import { authorizationServer } from './issuer.js';
import { notifyNextPage } from './notice.js';
import { sessions } from './session.js';
import { settings, signedOutUri } from './settings.js';
import { dropPending, forget } from './sign-in.js';
import { dropRefused } from './step-up.js';
import { endEverywhere } from './tabs.js';

/** Signs out in every tab and at the issuer: revokes the tokens and ends the issuer's session. */
export async function signOut() {
  const session = sessions.current;
  if (session === undefined) return;
  // The next user must not see this user's input.
  dropDraft();
  dropRefused();
  dropPending();
  endEverywhere(session, 'signed-out');
  await forget(session);
  await destroyBindingKey();
  const { end_session_endpoint } = await authorizationServer().catch(() => ({ end_session_endpoint: undefined }));
  if (end_session_endpoint === undefined) {
    notifyNextPage('The sign-in service did not respond', 'Your session there is still active, and the next user of this browser could use it. Sign out there too.');
    return location.assign('/signed-out.html');
  }

  // A form, not a link, because the ID token that identifies the session must not be in a URL. Issuers support both
  // (OpenID Connect RP-Initiated Logout 1.0, section 2).
  const fields = {
    id_token_hint: session.idToken,
    client_id: settings.clientId,
    post_logout_redirect_uri: signedOutUri,
  };
  const inputs = Object.entries(fields).map(([name, value]) => element('input', { type: 'hidden', name, value }));
  const form = element('form', { method: 'post', action: end_session_endpoint, hidden: true }, ...inputs);
  document.body.append(form);
  form.submit();
}
