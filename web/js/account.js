import { button, byId, element } from './element.js';
import { attempt } from './notice.js';
import { sessions } from './session.js';
import { signIn } from './sign-in.js';
import { signOut } from './sign-out.js';

/** The corner that says who is signed in; it follows the session, whichever tab changes it. */
export function showAccount() {
  const corner = byId('account');
  const show = () => {
    const user = sessions.current?.user;
    corner.replaceChildren(
      ...(user === undefined
        ? [
            element('span', { class: 'soft' }, 'Not signed in'),
            button('Sign in', () => attempt(() => signIn()), { class: 'primary' }),
          ]
        : [element('span', { class: 'user' }, user.name), button('Sign out', () => attempt(signOut))]),
    );
  };
  sessions.addEventListener('change', show);
  show();
}
