import { AuthorizationResponseError } from '/vendor/oauth4webapi.js';
import { byId, element } from '../element.js';
import { notifyNextPage } from '../notice.js';
import { problemOf } from '../problem.js';
import { sessions } from '../session.js';
import { finishSignIn, SilentSignInFailed, UnexpectedCallback } from '../sign-in.js';
import { endEverywhere } from '../tabs.js';

const callback = new URL(location.href);
// First, remove the code from the address bar and the history.
history.replaceState(null, '', location.pathname);

try {
  location.replace(await finishSignIn(callback));
} catch (error) {
  if (error instanceof SilentSignInFailed) {
    const session = sessions.current;
    if (session !== undefined) endEverywhere(session, 'expired');
    notifyNextPage('Your sign-in has expired', 'Sign in again to view your own resources.');
    location.replace(error.returnTo);
  } else {
    const [title, advice] = explanation(error);
    document.title = `${title} · State`;
    byId('resource').replaceChildren(
      element('h1', { tabindex: '-1' }, title),
      element('p', {}, advice),
      element('p', {}, element('a', { href: '/', class: 'button primary' }, 'Go to resources')),
    );
    byId('resource').querySelector('h1')?.focus();
  }
}

/** @param {unknown} error @returns {[string, string]} */
function explanation(error) {
  if (error instanceof UnexpectedCallback) {
    return [
      'This sign-in was not started here',
      'The link is old, was used before, or comes from someone else. Nothing was sent, and you were not signed in.',
    ];
  }
  if (error instanceof AuthorizationResponseError) {
    if (error.error === 'unmet_authentication_requirements') {
      return ['Your account does not meet the sign-in requirements', 'The API requires a stronger sign-in, such as one with a second factor. Set up a second factor at the sign-in service and try again.'];
    }
    return error.error === 'access_denied'
      ? ['You were not signed in', 'The sign-in was cancelled, or you are not assigned to this application.']
      : ['The sign-in service returned an error', `${error.error}: ${error.error_description ?? 'no details'}`];
  }
  const { title, advice } = problemOf(error);
  return [title, advice];
}
