import { button, byId } from '../element.js';
import { attempt, showKeptNotice } from '../notice.js';
import { sessions } from '../session.js';
import { signIn } from '../sign-in.js';

// A signed-in user may have opened this page from a bookmark.
if (sessions.current !== undefined) location.replace('/');

showKeptNotice();

// `prompt=login`: the issuer asks who signs in, even if its own session is still active.
byId('again').replaceChildren(button('Sign in again', () => attempt(() => signIn({ prompt: 'login', returnTo: '/' })), { class: 'primary' }));
