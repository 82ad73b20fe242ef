import { CallFailed } from './api.js';
import { whoAmI } from './caller.js';
import { showConflict } from './conflict.js';
import { dropDraft, keepDraft } from './draft.js';
import { button, byId, element, once } from './element.js';
import { parseTyped } from './json.js';
import { attempt, dismiss } from './notice.js';
import { create, idPattern, latest, replace, takeRefusedWrite } from './resource.js';
import { sessions } from './session.js';

/** @typedef {import('./resource.js').Tagged} Tagged */
/** @typedef {import('./resource.js').Content} Content */

/**
 * The form that creates or changes a resource.
 *
 * @param {HTMLElement} place
 * @param {import('./draft.js').Draft} draft its initial content
 * @param {{ saved: (tagged: Tagged, written: boolean) => void, cancelled: () => void }} then
 */
export async function showEditor(place, draft, then) {
  const { base } = draft;
  const author = draft.author ?? sessions.current?.user.id;
  const caller = await whoAmI().catch(() => undefined);
  const groups = caller?.signedIn ? (caller.groups ?? []) : [];

  const id = element('input', { id: 'id', name: 'id', required: true, pattern: idPattern, value: draft.id, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'id-hint' });
  const visibility = visibilityField(draft.visibility, groups);
  const value = element('textarea', { id: 'value', name: 'value', required: true, rows: '12', spellcheck: 'false', 'aria-describedby': 'value-fault' }, draft.text);
  const fault = element('p', { id: 'value-fault', class: 'fault', role: 'status' });
  const save = element('button', { type: 'submit', class: 'primary' }, base === undefined ? 'Create' : 'Save');

  const form = element(
    'form',
    { class: 'editor', novalidate: false, submit: (event) => void submit(event) },
    base === undefined && element('label', { for: 'id' }, 'Id'),
    base === undefined && id,
    base === undefined && element('p', { id: 'id-hint', class: 'soft' }, 'Lower-case letters, digits, dots, dashes and underscores, such as notes.today'),
    element('label', { for: 'visibility' }, 'Who can view it'),
    visibility,
    element('label', { for: 'value' }, 'Value, any JSON'),
    value,
    fault,
    element('div', { class: 'actions' }, save, button('Cancel', () => {
      dropDraft();
      dismiss();
      then.cancelled();
    })),
  );
  value.addEventListener('input', () => void content());
  // The input is kept when the user leaves the page, by a link or to the issuer.
  form.addEventListener('input', keep);
  place.replaceChildren(form);
  (base === undefined && draft.id === '' ? id : value).focus();
  if (draft.typed && takeRefusedWrite('PUT', draft.id) !== undefined) form.requestSubmit();

  /** The form's content; undefined while the value is not JSON. @returns {Content | undefined} */
  function content() {
    try {
      const parsed = parseTyped(value.value);
      fault.textContent = '';
      value.removeAttribute('aria-invalid');
      return { value: parsed, visibility: visibility.value };
    } catch (error) {
      fault.textContent = `Cannot be saved yet: ${error instanceof Error ? error.message : error}`;
      value.setAttribute('aria-invalid', 'true');
      return undefined;
    }
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    const mine = content();
    if (mine === undefined) return value.focus();
    keep();
    await once(save, () => attempt(() => write(id.value, mine), () => form.requestSubmit()));
  }

  function keep() {
    keepDraft({ id: id.value, text: value.value, visibility: visibility.value, base, typed: true, author });
  }

  /** @param {string} newId @param {Content} mine */
  async function write(newId, mine) {
    try {
      done(base === undefined ? await create(newId, mine) : await replace(base.resource.id, base.etag, mine));
    } catch (error) {
      if (!(error instanceof CallFailed) || error.call.status !== 412) throw error;
      if (base === undefined) return taken();
      await showConflict(place, { base, mine, theirs: await latest(base.resource.id) }, done);
    }
  }

  function taken() {
    id.setCustomValidity('This id is already taken, possibly by a resource that is not shared with you. Choose another.');
    id.reportValidity();
    id.addEventListener('input', () => id.setCustomValidity(''), { once: true });
  }

  /** @param {Tagged} tagged @param {boolean} [written] */
  function done(tagged, written = true) {
    dropDraft();
    dismiss();
    byId('main').focus();
    then.saved(tagged, written);
  }
}

/** @param {string} chosen @param {readonly string[]} groups */
function visibilityField(chosen, groups) {
  const choices = new Set(['private', 'public', ...groups.map((group) => `group:${group}`), chosen]);
  const label = (/** @type {string} */ choice) =>
    choice === 'private' ? 'Only me' : choice === 'public' ? 'Everyone (public)' : `The group ${choice.slice('group:'.length)}`;
  const options = [...choices].map((choice) => element('option', { value: choice, selected: choice === chosen }, label(choice)));
  return element('select', { id: 'visibility', name: 'visibility' }, ...options);
}
