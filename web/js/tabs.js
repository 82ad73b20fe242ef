import { isNewer, sessions } from './session.js';

/** @typedef {import('./session.js').Session} Session */
/**
 * @typedef {{ kind: 'question', from: string }
 *   | { kind: 'answer', to: string, session: Session | undefined }
 *   | { kind: 'kept', session: Session }
 *   | { kind: 'ended', chain: string, reason: EndReason }} Message
 * @typedef {'signed-out' | 'expired'} EndReason
 */

const channel = new BroadcastChannel('session');
const presence = 'tab';
const me = crypto.randomUUID();

/** Emits `ended` with the reason when another tab has ended this tab's session. */
export const tabs = new EventTarget();

/** The sign-ins that have ended, so that a tab that is renewing one does not bring it back. @type {Set<string>} */
const over = new Set();

/** @type {Map<string, (session: Session | undefined) => void>} */
const listeners = new Map();

channel.addEventListener('message', (/** @type {MessageEvent<Message>} */ { data }) => {
  if (data.kind === 'question') {
    channel.postMessage({ kind: 'answer', to: data.from, session: sessions.current });
  } else if (data.kind === 'answer') {
    listeners.get(data.to)?.(data.session);
  } else if (data.kind === 'kept') {
    // A sign-in or a sign-out in one tab applies to all tabs.
    const mine = sessions.current;
    if (over.has(data.session.chain)) return;
    if (mine?.chain !== data.session.chain || isNewer(mine, data.session)) sessions.keep(data.session);
  } else {
    over.add(data.chain);
    if (sessions.current?.chain !== data.chain) return;
    sessions.clear();
    tabs.dispatchEvent(new CustomEvent('ended', { detail: data.reason }));
  }
});

/**
 * Every open page holds this shared lock, so that a page knows how many answers to wait for. A page releases the lock while
 * it is in the back-forward cache: it cannot answer from there, and a page with a lock would not be cached.
 */
/** @type {(() => void) | undefined} */
let leave;
/** @returns {Promise<void>} */
function arrive() {
  return new Promise((arrived) => {
    void navigator.locks.request(presence, { mode: 'shared' }, () => {
      arrived();
      return new Promise((resolve) => {
        leave = () => resolve(undefined);
      });
    });
  });
}
await arrive();
addEventListener('pagehide', () => leave?.());
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) void arrive();
});

/**
 * The sessions of the other open tabs. Resolves when all have answered, at once if there are none. Waits up to five seconds
 * for a tab that does not answer (it may be stopped in a debugger), because a renewal without that tab may end the sign-in.
 *
 * @returns {Promise<Session[]>}
 */
export async function sessionsOfOtherTabs() {
  const { held = [] } = await navigator.locks.query();
  const others = held.filter(({ name }) => name === presence).length - 1;
  if (others <= 0) return [];
  const question = `${me} ${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    /** @type {Session[]} */
    const found = [];
    let answers = 0;
    const finish = () => {
      listeners.delete(question);
      clearTimeout(timer);
      resolve(found);
    };
    const timer = setTimeout(finish, 5000);
    listeners.set(question, (session) => {
      if (session !== undefined) found.push(session);
      answers += 1;
      if (answers === others) finish();
    });
    channel.postMessage({ kind: 'question', from: question });
  });
}

/** Keeps the session here and in every other tab. @param {Session} session */
export function keepEverywhere(session) {
  sessions.keep(session);
  channel.postMessage({ kind: 'kept', session });
}

/** Ends the session here and in every other tab. @param {Session} session @param {EndReason} reason */
export function endEverywhere(session, reason) {
  over.add(session.chain);
  // Another sign-in may have happened meanwhile.
  if (sessions.current?.chain === session.chain) sessions.clear();
  channel.postMessage({ kind: 'ended', chain: session.chain, reason });
}

/** Copies the session of another open tab. */
export async function joinOtherTabs() {
  if (sessions.current !== undefined) return;
  const [session] = await sessionsOfOtherTabs();
  if (session !== undefined && sessions.current === undefined) sessions.keep(session);
}
