import { whoAmI } from './caller.js';
import { button, byId, element, time } from './element.js';
import { stringify } from './json.js';
import { attempt } from './notice.js';
import { list, pageOf } from './resource.js';
import { sessions } from './session.js';

/** @typedef {import('./resource.js').Resource} Resource */

/** The resources that this caller may see, page by page, with a search over the loaded ones. */
export class StateList {
  /** @type {Resource[]} */
  #items = [];
  /** @type {string | undefined} */
  #cursor;
  /** @type {string | undefined} */
  #principal;
  /** Incremented by each load, so that responses to an earlier load are dropped. */
  #round = 0;

  #search = /** @type {HTMLInputElement} */ (byId('search'));
  #mine = /** @type {HTMLInputElement} */ (byId('mine'));
  #list = byId('list');
  #more = byId('more');
  #count = byId('count');

  constructor() {
    this.#search.addEventListener('input', () => this.#show());
    // The search is over the loaded resources; Enter must not reload the page.
    this.#search.form?.addEventListener('submit', (event) => event.preventDefault());
    this.#mine.addEventListener('change', () => void this.load());
  }

  /** Loads the list from the start, for the current session. */
  async load() {
    const round = (this.#round += 1);
    const signedIn = sessions.current !== undefined;
    byId('mine-label').hidden = !signedIn;
    if (!signedIn) this.#mine.checked = false;
    this.#items = [];
    this.#cursor = undefined;
    this.#list.setAttribute('aria-busy', 'true');
    this.#list.replaceChildren(...Array.from({ length: 3 }, () => element('li', { class: 'skeleton', 'aria-hidden': 'true' })));
    this.#count.textContent = 'Loading…';
    this.#more.replaceChildren();
    await attempt(async () => {
      try {
        await this.#loadPage(round);
      } catch (error) {
        if (round === this.#round) this.#fail();
        throw error;
      }
    }, () => this.load());
  }

  /** @param {number} round */
  async #loadPage(round) {
    const { items, nextCursor } = await list({ cursor: this.#cursor, mine: this.#mine.checked });
    const caller = await whoAmI().catch(() => undefined);
    if (round !== this.#round) return;
    this.#principal = caller?.signedIn ? caller.principal : undefined;
    this.#items.push(...items);
    this.#cursor = nextCursor;
    this.#show();
  }

  #show() {
    const words = this.#search.value.trim().toLowerCase();
    const found = this.#items.filter((item) => words === '' || searchable(item).includes(words));
    const all = this.#cursor === undefined;
    this.#list.setAttribute('aria-busy', 'false');
    this.#list.replaceChildren(...found.map((item) => entry(item, this.#principal)));
    this.#count.textContent =
      words === ''
        ? `${this.#items.length} ${this.#items.length === 1 ? 'resource' : 'resources'}${all ? '' : ' so far'}`
        : `${found.length} of ${this.#items.length}${all ? '' : ' loaded so far'}`;
    if (found.length === 0) this.#list.append(element('li', { class: 'empty' }, ...this.#emptiness(words)));
    const round = this.#round;
    const more = () =>
      attempt(async () => {
        await this.#loadPage(round);
        // The button is gone; the keyboard's focus moves to the first new resource.
        const next = this.#list.querySelectorAll('a')[found.length] ?? this.#more.querySelector('button') ?? byId('main');
        next.focus({ preventScroll: true });
      });
    this.#more.replaceChildren(...(all ? [] : [button(words === '' ? 'Load more' : 'Search more', more)]));
  }

  /** @param {string} words */
  #emptiness(words) {
    if (words !== '') return [element('strong', {}, 'No matches'), element('p', {}, 'No loaded resource matches your search.')];
    if (sessions.current === undefined) {
      return [element('strong', {}, 'No public resources'), element('p', {}, 'Sign in to view your own resources and those of your groups, or to create one.')];
    }
    return [element('strong', {}, 'No resources'), element('p', {}, 'Create your first resource.'), element('a', { href: '/state.html', class: 'button primary' }, 'New resource')];
  }

  #fail() {
    this.#list.setAttribute('aria-busy', 'false');
    this.#list.replaceChildren(element('li', { class: 'empty' }, element('strong', {}, 'The list could not be loaded')));
    this.#count.textContent = '';
  }
}

/** @param {Resource} item */
function searchable({ id, owner, value, visibility }) {
  return `${id}\n${owner}\n${visibility}\n${stringify(value)}`.toLowerCase();
}

/** @param {Resource} item @param {string | undefined} principal */
function entry({ id, owner, visibility, value, updatedAt }, principal) {
  return element(
    'li',
    { class: 'entry' },
    element('div', { class: 'title' }, element('a', { href: pageOf(id) }, id), badge(visibility)),
    element('p', { class: 'preview' }, preview(value)),
    element('p', { class: 'soft' }, owner === principal ? 'yours' : `by ${owner}`, ', changed ', time(updatedAt)),
  );
}

/** @param {string} visibility */
export function badge(visibility) {
  const kind = visibility.startsWith('group:') ? 'group' : visibility;
  const label = kind === 'group' ? `group ${visibility.slice('group:'.length)}` : visibility;
  return element('span', { class: `badge ${kind}` }, label);
}

/** @param {unknown} value */
function preview(value) {
  const text = stringify(value);
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
}
