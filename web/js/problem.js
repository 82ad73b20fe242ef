import { JWT_TIMESTAMP_CHECK, OperationProcessingError, ResponseBodyError } from '/vendor/oauth4webapi.js';
import { acrWanted } from './acr-wanted.js';
import { CallFailed } from './api.js';
import { clockFault } from './device-clock.js';
import { SessionEnded } from './renewal.js';
import { isUnreachable } from './unreachable.js';

/**
 * A problem as the user sees it: what happened, and what to do.
 *
 * @typedef {object} Problem
 * @property {string} title
 * @property {string} advice
 * @property {'sign-in' | 'sign-in-to-write' | 'step-up' | 'retry' | 'reload' | undefined} [remedy]
 * @property {string} [acrValues] the `acr` values that the remedy `step-up` requests
 * @property {readonly string[]} [faults] the faults of the input
 */

/** @param {unknown} error @returns {Problem} */
export function problemOf(error) {
  if (error instanceof CallFailed) return problemOfCall(error.call);
  if (error instanceof SessionEnded) {
    return {
      title: 'Your sign-in has ended',
      advice: 'It expired, was ended elsewhere, or its refresh token was used twice. Sign in again to continue.',
      remedy: 'sign-in',
    };
  }
  if (isUnreachable(error)) {
    return { title: 'The sign-in service cannot be reached', advice: `Your work is still here. ${connection()}`, remedy: 'retry' };
  }
  if (error instanceof ResponseBodyError) {
    return { title: 'The sign-in service returned an error', advice: error.error_description ?? error.error, remedy: 'sign-in' };
  }
  if (error instanceof OperationProcessingError) {
    const fault = error.code === JWT_TIMESTAMP_CHECK ? clockFault(error.cause) : undefined;
    if (fault !== undefined) {
      return {
        title: 'This device’s clock is wrong',
        advice: `It is about ${fault}, so a new sign-in looks expired or not valid yet. Set the date and time, preferably automatically, and sign in again.`,
        remedy: 'sign-in',
      };
    }
    return { title: 'Unexpected response from the sign-in service', advice: `The response was not used: ${error.message}.`, remedy: 'sign-in' };
  }
  return { title: 'Something went wrong on this page', advice: error instanceof Error ? error.message : String(error), remedy: 'reload' };
}

/** @param {import('./api.js').Call} made @returns {Problem} */
function problemOfCall(made) {
  const { method, status, byHandler, body, caller, headers } = made;
  const detail = byHandler && typeof body?.detail === 'string' ? `The API returned: ${body.detail}.` : '';
  const faults = Array.isArray(body?.errors)
    ? body.errors.map((/** @type {any} */ fault) => `${fault.pointer}: ${fault.detail}`)
    : undefined;
  const wait = Number(headers.get('Retry-After'));
  const later = wait > 0 ? `Try again in ${wait} seconds.` : 'Try again in a moment.';

  // Without a response the outcome is unknown. Every write names the version that it replaces, so it takes effect at most once.
  const unsure = method === 'GET' ? '' : ' Your change may have been saved or not; trying again cannot save it twice.';

  switch (status) {
    case 0:
      return { title: 'No response from the API', advice: connection() + unsure, remedy: 'retry' };
    case 401:
      return caller === undefined
        ? { title: 'Sign-in required', advice: 'After you sign in, you return to this page.', remedy: 'sign-in' }
        : { title: 'The API does not accept your session', advice: 'Sign in again to start a new one.', remedy: 'sign-in' };
    case 403: {
      const acrValues = acrWanted(made);
      if (acrValues !== undefined) {
        return {
          title: 'Stronger sign-in required',
          advice: `The API still requires ${acrValues} after you signed in again. Your account may have no second factor, or the sign-in is already too old.`,
          remedy: 'step-up',
          acrValues,
        };
      }
      return byHandler
        ? { title: 'You do not have permission to change this resource', advice: detail || 'Ask its owner for access.' }
        : {
            title: 'Your session does not have the required permission',
            advice: 'Sign in again to request it.',
            remedy: 'sign-in-to-write',
          };
    }
    case 404:
      return { title: 'Resource not found', advice: 'It does not exist, or you do not have access to it.' };
    case 409:
    case 412:
      return { title: 'The resource has changed', advice: 'Someone else saved a newer version. Load it again; nothing is lost.', remedy: 'reload' };
    case 413:
      return { title: 'The value is too large', advice: 'The maximum size is 256 KiB. Make the value smaller, or split it.' };
    case 400:
    case 422:
      return { title: 'The input is not valid', advice: detail || 'Correct the fields that are listed here.', ...(faults && { faults }) };
    case 428:
      return { title: 'The request is not valid', advice: `A write must name the version that it replaces. ${detail}`, remedy: 'reload' };
    case 429:
      return { title: 'Too many requests', advice: later, remedy: 'retry' };
    default:
      return status >= 500
        ? { title: 'The API has an internal error', advice: `The cause is not your request. ${later}${unsure}`, remedy: 'retry' }
        : { title: `The API answered ${status}`, advice: detail };
  }
}

function connection() {
  return navigator.onLine
    ? 'It may be down, or the network may block it. Try again.'
    : 'You are offline. Try again when the connection is back.';
}

/** The component that decided on the call, and its reason, for the panel.
 *
 * @param {import('./api.js').Call} made
 * @returns {string}
 */
export function decisionOf(made) {
  const { status, byHandler, body, caller } = made;
  const as = caller === undefined ? 'as an anonymous caller, because no token was sent' : `as ${caller}`;
  if (status === 0) return 'The page received no response, so the decision is unknown.';
  if (byHandler && status < 300) return `The authorizer allowed it ${as}, and the handler served it.`;
  if (byHandler && caller === undefined && status === 401) return 'No authorizer was called. The handler requires a sign-in.';
  if (byHandler) return `The authorizer allowed it ${as}. The handler ${status < 500 ? 'rejected it' : 'failed'}.`;
  if (status === 401) {
    return caller === undefined
      ? 'This route requires a token. API Gateway rejected the call without one, and called no function.'
      : 'The authorizer rejected the token. API Gateway responded, and the handler was not called.';
  }
  if (status === 403 && body?.message === 'Missing Authentication Token') return 'API Gateway has no such route.';
  if (acrWanted(made) !== undefined) return `The access rules allow this call only after a stronger or newer sign-in (${acrWanted(made)}).`;
  if (status === 403) return `The access rules do not allow this call to ${caller ?? 'an anonymous caller'}. The handler was not called.`;
  if (status >= 500) return 'The authorizer or the handler failed, so the call was neither allowed nor denied.';
  return 'API Gateway responded without calling a function.';
}
