import { button, element, time } from './element.js';
import { stringify } from './json.js';
import { merge } from './merge.js';
import { attempt } from './notice.js';
import { CallFailed } from './api.js';
import { create, latest, replace } from './resource.js';

/** @typedef {import('./resource.js').Tagged} Tagged */
/** @typedef {import('./resource.js').Content} Content */

/**
 * Two users have changed one resource. Shows both versions, merges the changes that do not conflict, and asks about the
 * others.
 *
 * @param {HTMLElement} place
 * @param {{ base: Tagged, mine: Content, theirs: Tagged | undefined }} sides `theirs` is undefined if it was deleted
 * @param {(tagged: Tagged, written?: boolean) => void} saved `written` is false if theirs was kept
 */
export async function showConflict(place, { base, mine, theirs }, saved) {
  const { id } = base.resource;
  if (theirs === undefined) return showDeleted(place, id, mine, saved);

  /** @type {Map<string, import('./merge.js').Side>} */
  const choices = new Map();
  const merged = () => merge(contentOf(base), mine, contentOf(theirs), choices);
  const { changes } = merged();
  const open = changes.filter(({ conflict }) => conflict);

  const result = element('pre', { tabindex: '0', 'aria-label': 'The merged version' });
  const preview = () => void (result.textContent = pretty(merged().value));
  preview();

  /** @param {Content} content */
  const save = (content) =>
    attempt(async () => {
      try {
        saved(await replace(id, theirs.etag, content));
      } catch (error) {
        // Another write was faster again: show the conflict with the newer version.
        if (!(error instanceof CallFailed) || error.call.status !== 412) throw error;
        await showConflict(place, { base: theirs, mine: content, theirs: await latest(id) }, saved);
      }
    });

  const title = element('h2', { tabindex: '-1' }, 'Someone else changed this while you were editing');
  place.replaceChildren(
    element(
      'section',
      { class: 'conflict' },
      title,
      element('p', {}, `Nothing is lost. Their version is ${theirs.resource.version}, saved `, time(theirs.resource.updatedAt), '. ',
        open.length === 0
          ? 'Your changes and theirs touch different places and fit together.'
          : `You both changed ${open.length === 1 ? 'one place' : `${open.length} places`}: choose which one to keep.`),
      element(
        'div',
        { class: 'versions' },
        version('Theirs', contentOf(theirs)),
        version('Yours', mine),
      ),
      ...open.map((change) => question(change, choices, preview)),
      element('h3', {}, 'Merged'),
      result,
      element(
        'div',
        { class: 'actions' },
        button('Save the merged version', () => save(/** @type {Content} */ (merged().value)), { class: 'primary' }),
        button('Keep theirs', () => saved(theirs, false)),
        button('Overwrite with mine', () => save(mine), { class: 'danger' }),
      ),
    ),
  );
  title.focus();
}

/**
 * @param {HTMLElement} place
 * @param {string} id
 * @param {Content} mine
 * @param {(tagged: Tagged) => void} saved
 */
function showDeleted(place, id, mine, saved) {
  const title = element('h2', { tabindex: '-1' }, 'Someone deleted this while you were editing');
  place.replaceChildren(
    element(
      'section',
      { class: 'conflict' },
      title,
      element('p', {}, 'Or it is no longer shared with you. What you have written is still here.'),
      version('Yours', mine),
      element(
        'div',
        { class: 'actions' },
        button('Create it again', () => attempt(async () => saved(await create(id, mine))), { class: 'primary' }),
        button('Leave it deleted', () => location.assign('/')),
      ),
    ),
  );
  title.focus();
}

/**
 * @param {import('./merge.js').Change} change
 * @param {Map<string, import('./merge.js').Side>} choices
 * @param {() => void} changed
 */
function question({ pointer, before, mine, theirs }, choices, changed) {
  /** @param {import('./merge.js').Side} side @param {string} label @param {unknown} value */
  const choice = (side, label, value) =>
    element(
      'label',
      {},
      element('input', {
        type: 'radio',
        name: pointer,
        value: side,
        checked: side === 'theirs',
        change: () => {
          choices.set(pointer, side);
          changed();
        },
      }),
      element('span', {}, `${label} `, element('code', {}, value === undefined ? '(removed)' : stringify(value))),
    );
  return element(
    'fieldset',
    {},
    element('legend', {}, element('code', {}, pointer || '/'), ' was ', element('code', {}, before === undefined ? '(missing)' : stringify(before))),
    choice('theirs', 'theirs:', theirs),
    choice('mine', 'yours:', mine),
  );
}

/** @param {string} name @param {Content} content */
function version(name, content) {
  return element('div', {}, element('h3', {}, name), element('pre', { tabindex: '0', 'aria-label': name }, pretty(content)));
}

/** @param {Tagged} tagged @returns {Content} */
function contentOf({ resource: { value, visibility } }) {
  return { value, visibility };
}

/** With sorted members, so that versions can be compared line by line. @param {unknown} value */
function pretty(value) {
  return stringify(sorted(value), 2);
}

/** @param {any} value @returns {any} */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.keys(value).sort();
  return Object.fromEntries(members.map((name) => [name, sorted(value[name])]));
}
