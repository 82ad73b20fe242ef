import { CallFailed } from '../api.js';
import { whoAmI } from '../caller.js';
import { draftOf, dropDraft, keepDraft } from '../draft.js';
import { showEditor } from '../editor.js';
import { button, byId, element, time } from '../element.js';
import { stringify } from '../json.js';
import { attempt, dismiss, notify, notifyNextPage } from '../notice.js';
import { showPage } from '../page.js';
import { idPattern, pageOf, read, remove, takeRefusedWrite } from '../resource.js';
import { sessions } from '../session.js';
import { settings } from '../settings.js';
import { signIn } from '../sign-in.js';
import { badge } from '../state-list.js';

/** @typedef {import('../resource.js').Tagged} Tagged */

const id = new URL(location.href).searchParams.get('id') || undefined;
const possible = id === undefined || new RegExp(`^${idPattern}$`).test(id);
const place = byId('resource');

/** @type {import('../draft.js').Draft} */
const empty = { id: '', text: '{\n  \n}', visibility: 'private', base: undefined, typed: false };

await showPage({ resource: possible ? id : undefined, load });

async function load() {
  // An unsaved edit is never discarded, neither by a sign-out in another tab nor by a redirect to the issuer.
  if (place.querySelector('.editor, .conflict')) return;
  const draft = draftOf(id);
  if (draft?.typed) {
    notify('plain', 'Your unsaved changes are still here');
    return draft.asked || sessions.current === undefined ? openEditor(draft) : startEditing(draft);
  }
  // A user who returned from the issuer without the scope to write has declined it.
  const declined = draft?.asked === true && !mayWrite();
  if (declined) dropDraft();
  if (id === undefined) return declined ? inviteToSignIn(empty) : startEditing(draft ?? empty);
  if (draft !== undefined && !declined) return startEditing(draft);
  if (!possible) {
    place.replaceChildren(
      element('h1', {}, 'Resource not found'),
      element('p', {}, 'This resource id is not valid.'),
      element('p', {}, element('a', { href: '/' }, 'All resources')),
    );
    return;
  }
  place.setAttribute('aria-busy', 'true');
  if (await repeatDeletion(id)) return;
  await attempt(async () => {
    try {
      await show(await read(id));
    } catch (error) {
      const missing = error instanceof CallFailed && error.call.status === 404;
      place.replaceChildren(
        element('h1', {}, missing ? 'Resource not found' : id),
        element('p', {}, element('a', { href: '/' }, 'All resources')),
      );
      throw error;
    } finally {
      place.removeAttribute('aria-busy');
    }
  }, load);
}

/** Whether the session has the scopes that the API requires for writes. */
function mayWrite() {
  return settings.scopes.write.every((scope) => sessions.current?.scopes.includes(scope));
}

/** @param {Tagged} tagged */
async function show(tagged) {
  const { resource } = tagged;
  const caller = await whoAmI().catch(() => undefined);
  const mine = caller?.signedIn === true && caller.principal === resource.owner;
  document.title = `${resource.id} · State`;
  place.replaceChildren(
    element('div', { class: 'title' }, element('h1', {}, resource.id), badge(resource.visibility)),
    element(
      'p',
      { class: 'soft' },
      mine ? 'Yours' : `By ${resource.owner}`,
      `, version ${resource.version}, changed `,
      time(resource.updatedAt),
      ', created ',
      time(resource.createdAt),
    ),
    element('pre', { class: 'value', tabindex: '0', 'aria-label': 'Value' }, stringify(resource.value, 2)),
    element(
      'div',
      { class: 'actions' },
      button(sessions.current === undefined ? 'Sign in to edit' : 'Edit', () => edit(tagged), { class: 'primary' }),
      sessions.current !== undefined && button('Delete', () => confirmDeletion(tagged), { class: 'danger' }),
    ),
    ...(caller?.signedIn === true && !mine
      ? [element('p', { class: 'soft' }, 'Another user owns this resource. Only the owner and administrators can change it.')]
      : []),
  );
}

/** @param {Tagged} tagged */
function edit(tagged) {
  const { id, value, visibility } = tagged.resource;
  return startEditing({ id, text: stringify(value, 2), visibility, base: tagged, typed: false });
}

/**
 * Writes need another scope, which the pages request only here. For a signed-in user the issuer redirects back at once.
 *
 * @param {import('../draft.js').Draft} draft
 */
async function startEditing(draft) {
  if (sessions.current !== undefined && mayWrite()) return openEditor(draft);
  if (draft.base === undefined && sessions.current === undefined) return inviteToSignIn(draft);
  keepDraft({ ...draft, asked: true });
  await attempt(() => signIn({ scopes: settings.scopes.write }));
}

/** @param {import('../draft.js').Draft} draft */
function openEditor(draft) {
  const { base } = draft;
  document.title = base === undefined ? 'New resource · State' : `${base.resource.id} · State`;
  const form = element('div', {});
  place.replaceChildren(element('h1', {}, base === undefined ? 'New resource' : base.resource.id), form);
  return showEditor(form, draft, {
    saved: (tagged, written) => {
      if (base === undefined) return location.replace(pageOf(tagged.resource.id));
      // Nothing was saved if the other version was kept in a conflict.
      if (written) notify('good', `Saved as version ${tagged.resource.version}`);
      else notify('plain', `Version ${tagged.resource.version} is unchanged`);
      void show(tagged);
    },
    cancelled: () => {
      if (base === undefined) return location.assign('/');
      byId('main').focus();
      place.replaceChildren();
      void load();
    },
  });
}

/** @param {import('../draft.js').Draft} draft */
function inviteToSignIn(draft) {
  const start = () => {
    keepDraft({ ...draft, asked: true });
    return attempt(() => signIn({ scopes: settings.scopes.write }));
  };
  place.replaceChildren(
    element('h1', {}, 'New resource'),
    element('p', {}, 'Sign in to create a resource. You will return to this page.'),
    element('div', { class: 'actions' }, button('Sign in', start, { class: 'primary' })),
  );
}

/** @param {string} id @param {string} etag */
async function removeAndLeave(id, etag) {
  await remove(id, etag);
  notifyNextPage(`${id} is deleted`, '');
  location.assign('/');
}

/** Repeats a deletion that the API refused before this sign-in. @param {string} id */
async function repeatDeletion(id) {
  const etag = takeRefusedWrite('DELETE', id)?.['If-Match'];
  if (etag === undefined) return false;
  let done = false;
  await attempt(async () => {
    await removeAndLeave(id, etag);
    done = true;
  });
  return done;
}

/** @param {Tagged} tagged */
function confirmDeletion({ resource, etag }) {
  const dialog = element('dialog', { 'aria-labelledby': 'delete-title', close: () => dialog.remove() });
  const go = () =>
    attempt(async () => {
      dialog.close();
      // Deleting needs the scope to write.
      if (!mayWrite()) {
        return signIn({ scopes: settings.scopes.write });
      }
      await removeAndLeave(resource.id, etag);
    });
  dialog.append(
    element('h2', { id: 'delete-title' }, `Delete ${resource.id}?`),
    element('p', {}, `Version ${resource.version} will be deleted for all users. If someone has changed it since, nothing is deleted.`),
    element('div', { class: 'actions' }, button('Delete', go, { class: 'danger' }), button('Cancel', () => dialog.close())),
  );
  document.body.append(dialog);
  dismiss();
  dialog.showModal();
}
