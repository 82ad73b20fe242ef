import { showAccount } from './account.js';
import { showLastCall } from './last-call.js';
import { attempt, notify, showKeptNotice } from './notice.js';
import { sessions } from './session.js';
import { settings } from './settings.js';
import { signIn } from './sign-in.js';
import { joinOtherTabs, tabs } from './tabs.js';

/**
 * The common part of every page: joins the session of the other tabs, shows who is signed in, and reloads the content
 * when that changes, here or in another tab.
 *
 * @param {{ resource?: string | undefined, load: () => unknown }} page
 */
export async function showPage({ resource, load }) {
  // The issuer and the API accept these pages at one origin only; `localhost` and `127.0.0.1` are different origins.
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
    else notify('plain', 'Your sign-in has ended', 'It expired, was ended elsewhere, or its refresh token was used twice.', { actions });
  });
  // A page from the back-forward cache has its old state, and another page may have signed in or out meanwhile.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void joinOtherTabs().then(follow);
  });
  await load();
}
