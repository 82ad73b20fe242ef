import { button, byId, element } from './element.js';
import { attempt } from './notice.js';
import { sessions } from './session.js';
import { signIn } from './sign-in.js';
import { signOut } from './sign-out.js';

/** Shows who is signed in, in the corner of the page, and follows changes of the session in every tab. */
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
