import { call, CallFailed } from '../api.js';
import { button, byId, element } from '../element.js';
import { attempt } from '../notice.js';
import { showPage } from '../page.js';
import { apiStep, sequence, step } from '../sequence.js';
import { sessions } from '../session.js';
import { settings } from '../settings.js';
import { signIn } from '../sign-in.js';

/** The last call of the API, by the access token that it used. @type {{ token: string | undefined, shown: HTMLElement } | undefined} */
let called;
const place = byId('sequence');

sessions.addEventListener('change', show);
await showPage({ load });

async function load() {
  show();
  if (sessions.current === undefined) return;
  await attempt(async () => {
    // This call is not stored: its record exists only on the screen.
    const made = await call('GET', '/session').catch((error) => {
      if (error instanceof CallFailed) return error.call;
      throw error;
    });
    called = { token: sessions.current?.accessToken, shown: apiStep(made, settings.apiBase) };
    show();
  });
}

function show() {
  const session = sessions.current;
  if (session === undefined) {
    place.replaceChildren(
      element('p', {}, 'You are not signed in. After you sign in, each request of the sign-in is shown here.'),
      element('div', { class: 'actions' }, button('Sign in', () => attempt(() => signIn()), { class: 'primary' })),
    );
    return;
  }
  const { hops = [], renewalHops = [] } = session;
  place.replaceChildren(
    section('Sign-in', hops.map(step)),
    ...(renewalHops.length > 0 ? [section('Last renewal', renewalHops.map(step))] : []),
    ...(called !== undefined && called.token === session.accessToken ? [section('API call', [called.shown])] : []),
  );
}

/** @param {string} title @param {readonly HTMLElement[]} steps */
function section(title, steps) {
  return element('section', {}, element('h2', {}, title), sequence(steps));
}
