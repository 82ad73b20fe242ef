import { button, byId } from '../element.js';
import { attempt } from '../notice.js';
import { signIn } from '../sign-in.js';

// `prompt=login`: whoever signs in after this is asked who they are, even where a session at the issuer lives on.
byId('again').replaceChildren(button('Sign in again', () => attempt(() => signIn({ prompt: 'login', returnTo: '/' })), { class: 'primary' }));
