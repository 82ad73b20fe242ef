import { button, byId } from '../element.js';
import { attempt, showKeptNotice } from '../notice.js';
import { sessions } from '../session.js';
import { signIn } from '../sign-in.js';

// An address that somebody kept: it says what is not so.
if (sessions.current !== undefined) location.replace('/');

showKeptNotice();

// `prompt=login`: whoever signs in after this is asked who they are, even where a session at the issuer lives on.
byId('again').replaceChildren(button('Sign in again', () => attempt(() => signIn({ prompt: 'login', returnTo: '/' })), { class: 'primary' }));
