import { showAccount } from './account.js';
import { showLastCall } from './last-call.js';
import { attempt, notify, showKeptNotice } from './notice.js';
import { sessions } from './session.js';
import { settings } from './settings.js';
import { signIn } from './sign-in.js';
import { joinOtherTabs, tabs } from './tabs.js';

/**
 * What every page of the API does: joins the session of the other tabs, shows who is signed in, and loads its content
 * again when that changes, here or in another tab.
 *
 * @param {{ resource?: string | undefined, load: () => unknown }} page
 */
export async function showPage({ resource, load }) {
  // The address under which the issuer and the API know these pages; `localhost` is another origin than `127.0.0.1`.
  if (location.origin !== settings.origin) return location.replace(settings.origin + location.pathname + location.search);
  await joinOtherTabs();
  showAccount();
  showLastCall(resource);
  showKeptNotice();

  let shown = sessions.current?.chain;
  const follow = () => {
    if (sessions.current?.chain === shown) return;
    shown = sessions.current?.chain;
    void load();
  };
  sessions.addEventListener('change', follow);
  tabs.addEventListener('ended', (/** @type {any} */ { detail }) => {
    const actions = [{ label: 'Sign in', work: () => attempt(() => signIn()) }];
    if (detail === 'signed-out') notify('plain', 'You are signed out', 'You signed out in another tab.', { actions });
    else notify('plain', 'Your sign-in has ended', 'It ran out, was ended elsewhere, or its key was used twice.', { actions });
  });
  // Out of the back-forward cache a page comes as it was left, while another may have signed in or out.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void joinOtherTabs().then(follow);
  });
  await load();
}
