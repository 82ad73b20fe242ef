import { JWT_TIMESTAMP_CHECK, OperationProcessingError, ResponseBodyError } from '/vendor/oauth4webapi.js';
import { CallFailed } from './api.js';
import { clockFault } from './device-clock.js';
import { SessionEnded } from './renewal.js';

/**
 * What to tell the user: what happened, and what can be done.
 *
 * @typedef {object} Problem
 * @property {string} title
 * @property {string} advice
 * @property {'sign-in' | 'sign-in-to-write' | 'retry' | 'reload' | undefined} [remedy]
 * @property {readonly string[]} [faults] what exactly is wrong with the input
 */

/** @param {unknown} error @returns {Problem} */
export function problemOf(error) {
  if (error instanceof CallFailed) return problemOfCall(error.call);
  if (error instanceof SessionEnded) {
    return {
      title: 'Your sign-in has ended',
      advice: 'It ran out, was ended elsewhere, or its key was used twice. Sign in again to go on.',
      remedy: 'sign-in',
    };
  }
  // `fetch` and `AbortSignal.timeout` fail like this when the issuer cannot be reached.
  if (error instanceof TypeError || error instanceof DOMException) {
    return { title: 'The sign-in service cannot be reached', advice: `Your work is still here. ${connection()}`, remedy: 'retry' };
  }
  if (error instanceof ResponseBodyError) {
    return { title: 'The sign-in service refused', advice: error.error_description ?? error.error, remedy: 'sign-in' };
  }
  if (error instanceof OperationProcessingError) {
    const fault = error.code === JWT_TIMESTAMP_CHECK ? clockFault(error.cause) : undefined;
    if (fault !== undefined) {
      return {
        title: 'This device’s clock is wrong',
        advice: `It is about ${fault}, so a sign-in that is seconds old looks expired or not valid yet. Set the date and time, best automatically, and sign in again.`,
        remedy: 'sign-in',
      };
    }
    return { title: 'The sign-in service answered oddly', advice: `Its answer was not used: ${error.message}.`, remedy: 'sign-in' };
  }
  return { title: 'Something went wrong in this page', advice: error instanceof Error ? error.message : String(error), remedy: 'reload' };
}

/** @param {import('./api.js').Call} call @returns {Problem} */
function problemOfCall({ method, status, byHandler, body, caller, headers }) {
  const detail = byHandler && typeof body?.detail === 'string' ? `The API says: ${body.detail}.` : '';
  const faults = Array.isArray(body?.errors)
    ? body.errors.map((/** @type {any} */ fault) => `${fault.pointer}: ${fault.detail}`)
    : undefined;
  const wait = Number(headers.get('Retry-After'));
  const later = wait > 0 ? `Try again in ${wait} seconds.` : 'Try again in a moment.';

  // Without an answer nobody knows; but every write names the version that it replaces, so it counts once at most.
  const unsure = method === 'GET' ? '' : ' Your change may have been saved or not; trying again cannot save it twice.';

  switch (status) {
    case 0:
      return { title: 'No answer from the API', advice: connection() + unsure, remedy: 'retry' };
    case 401:
      return caller === undefined
        ? { title: 'This needs you to be signed in', advice: 'Sign in, and you will be back on this page.', remedy: 'sign-in' }
        : { title: 'The API does not accept your sign-in', advice: 'Sign in again to get a new one.', remedy: 'sign-in' };
    case 403:
      return byHandler
        ? { title: 'You may see this, but not change it', advice: detail || 'Ask its owner.' }
        : {
            title: 'Your sign-in does not cover this',
            advice: 'It lacks a permission that this call needs. Signing in once more asks for it.',
            remedy: 'sign-in-to-write',
          };
    case 404:
      return { title: 'There is nothing here for you', advice: 'It does not exist, or is not shared with you. The API tells nobody which.' };
    case 409:
    case 412:
      return { title: 'Somebody else was faster', advice: 'What you started from is no longer the latest. Load it again, and nothing is lost.', remedy: 'reload' };
    case 413:
      return { title: 'This is too large', advice: 'A value may have 256 KiB. Make it smaller, or split it.' };
    case 400:
    case 422:
      return { title: 'The API cannot accept this', advice: detail || 'Correct what is named here.', ...(faults && { faults }) };
    case 428:
      return { title: 'This page asked in the wrong way', advice: `A write has to say which version it replaces. ${detail}`, remedy: 'reload' };
    case 429:
      return { title: 'Too many calls just now', advice: later, remedy: 'retry' };
    default:
      return status >= 500
        ? { title: 'The API has a problem of its own', advice: `It is not your doing. ${later}${unsure}`, remedy: 'retry' }
        : { title: `The API answered ${status}`, advice: detail };
  }
}

function connection() {
  return navigator.onLine
    ? 'It may be down, or something between here and there blocks it. Try again.'
    : 'You are offline. Try again when the connection is back.';
}

/**
 * How the answer came about, for the panel: who decided, and on what grounds.
 *
 * @param {import('./api.js').Call} call
 * @returns {string}
 */
export function decisionOf({ status, byHandler, body, caller }) {
  const as = caller === undefined ? 'as nobody, for no token was sent' : `as ${caller}`;
  if (status === 0) return 'No answer reached this page, so nothing is known.';
  if (byHandler && status < 300) return `The authorizer let it through ${as}, and the handler served it.`;
  if (byHandler && caller === undefined && status === 401) return 'No authorizer was asked. The handler wants somebody signed in.';
  if (byHandler) return `The authorizer let it through ${as}. It was the handler that ${status < 500 ? 'said no' : 'failed'}.`;
  if (status === 401) {
    return caller === undefined
      ? 'This route is for the signed-in. API Gateway refused without asking anyone: there was no token.'
      : 'The authorizer refused the token. API Gateway answered, and the handler was never asked.';
  }
  if (status === 403 && body?.message === 'Missing Authentication Token') return 'API Gateway has no such route.';
  if (status === 403) return `The token of ${caller ?? 'nobody'} is good, but the access rules do not let it call this route. The handler was never asked.`;
  if (status >= 500) return 'The authorizer could not decide, which is our failure and never a refusal. The handler was not asked.';
  return 'API Gateway answered by itself.';
}
