import { button, byId, element } from './element.js';
import { problemOf } from './problem.js';
import { settings } from './settings.js';
import { signIn } from './sign-in.js';
import { signInStrongly } from './step-up.js';

const kept = 'notice';

/** @typedef {{ label: string, work: () => unknown }} Action */

/** Shows a message above the page. It replaces the previous one.
 *
 * @param {'good' | 'bad' | 'plain'} kind
 * @param {string} title
 * @param {string} [advice]
 * @param {{ faults?: readonly string[] | undefined, actions?: readonly Action[] }} [more]
 */
export function notify(kind, title, advice = '', { faults = [], actions = [] } = {}) {
  const list = faults.length > 0 && element('ul', {}, ...faults.map((fault) => element('li', {}, fault)));
  const buttons = actions.map(({ label, work }) => button(label, () => attempt(work)));
  const close = button('Dismiss', () => dismiss(), { class: 'quiet' });
  // A failure interrupts a screen reader; the `aria-live` of the surrounding element makes other messages wait.
  const box = element(
    'div',
    { class: `notice ${kind}`, role: kind === 'bad' ? 'alert' : undefined },
    element('div', {}, element('strong', {}, title), advice !== '' && element('p', {}, advice), list),
    element('div', { class: 'actions' }, ...buttons, close),
  );
  byId('notice').replaceChildren(box);
}

export function dismiss() {
  const notice = byId('notice');
  // If a button of the notice has the focus, the focus moves to the content.
  if (notice.contains(document.activeElement)) byId('main').focus({ preventScroll: true });
  notice.replaceChildren();
}

/** Keeps a message for the next page. @param {string} title @param {string} advice */
export function notifyNextPage(title, advice) {
  sessionStorage.setItem(kept, JSON.stringify({ title, advice }));
}

export function showKeptNotice() {
  const text = sessionStorage.getItem(kept);
  sessionStorage.removeItem(kept);
  if (text === null) return;
  const { title, advice } = JSON.parse(text);
  notify('plain', title, advice);
}

/**
 * Runs the work of a button, and shows a failure with its remedy.
 *
 * @param {() => unknown} work
 * @param {() => unknown} [again] the work of "Try again", if it differs
 */
export async function attempt(work, again = work) {
  try {
    await work();
  } catch (error) {
    const { title, advice, remedy, acrValues, faults } = problemOf(error);
    /** @type {Record<string, Action[]>} */
    const remedies = {
      'sign-in': [{ label: 'Sign in', work: () => signIn() }],
      'sign-in-to-write': [{ label: 'Sign in for writing', work: () => signIn({ scopes: settings.scopes.write }) }],
      'step-up': [{ label: 'Sign in again', work: () => signInStrongly(acrValues) }],
      retry: [
        {
          label: 'Try again',
          work: () => {
            dismiss();
            return attempt(again);
          },
        },
      ],
      reload: [{ label: 'Load again', work: () => location.reload() }],
    };
    notify('bad', title, advice, { faults, actions: remedies[remedy ?? ''] ?? [] });
  }
}
