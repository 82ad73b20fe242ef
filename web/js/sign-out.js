import { dropDraft } from './draft.js';
import { element } from './element.js';
import { authorizationServer } from './issuer.js';
import { notifyNextPage } from './notice.js';
import { sessions } from './session.js';
import { settings, signedOutUri } from './settings.js';
import { forget } from './sign-in.js';
import { endEverywhere } from './tabs.js';

/** Signs out here, in every tab, and at the issuer: the tokens are revoked and its session ends. */
export async function signOut() {
  const session = sessions.current;
  if (session === undefined) return;
  // What was typed here is nobody else's business.
  dropDraft();
  endEverywhere(session, 'signed-out');
  await forget(session);
  const { end_session_endpoint } = await authorizationServer().catch(() => ({ end_session_endpoint: undefined }));
  if (end_session_endpoint === undefined) {
    notifyNextPage('The sign-in service did not answer', 'Your session there lives on: whoever uses this browser next may get in as you. Sign out there too.');
    return location.assign('/signed-out.html');
  }

  // A form and not a link: the ID token that proves whose session is to end must stand in no URL
  // (RP-Initiated Logout 1.0, section 2, has issuers take both).
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
