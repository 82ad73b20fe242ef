import { button, byId, element } from './element.js';
import { problemOf } from './problem.js';
import { settings } from './settings.js';
import { signIn } from './sign-in.js';

const kept = 'notice';

/** @typedef {{ label: string, work: () => unknown }} Action */

/**
 * Shows one message above the page; the one before it goes.
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
  // A failure interrupts a screen reader; the rest waits its turn, as the place it comes to says.
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
  // Whoever pressed a button in it goes on at the content.
  if (notice.contains(document.activeElement)) byId('main').focus({ preventScroll: true });
  notice.replaceChildren();
}

/** A message for the page that comes next. @param {string} title @param {string} advice */
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
 * Runs what a button stands for; whatever goes wrong is told, with what can be done about it.
 *
 * @param {() => unknown} work
 * @param {() => unknown} [again] what "Try again" does, where it is not the work itself
 */
export async function attempt(work, again = work) {
  try {
    await work();
  } catch (error) {
    const { title, advice, remedy, faults } = problemOf(error);
    /** @type {Record<string, Action[]>} */
    const remedies = {
      'sign-in': [{ label: 'Sign in', work: () => signIn() }],
      'sign-in-to-write': [{ label: 'Sign in for writing', work: () => signIn({ scopes: settings.scopes.write }) }],
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
