import * as oauth from '/vendor/oauth4webapi.js';
import { client } from './issuer.js';
import { sessions } from './session.js';
import { settings } from './settings.js';

/**
 * The key that this browser's tokens are bound to (DPoP, RFC 9449), if the settings turn this on. Without the key the
 * tokens are useless. The key cannot be exported, so no script can copy it. All tabs use the same key, from IndexedDB.
 */

const database = 'binding-key';
const store = 'keys';
const name = 'current';

/** Signs proofs with the key. Remembers the nonces that the issuer asks for. @type {Promise<oauth.DPoPHandle> | undefined} */
let handle;
/** The sign-in that the handle belongs to. Another tab may have signed out, which destroys the key, and in again. @type {string | undefined} */
let chain;

/** The options of a token request; empty if tokens are not bound. @returns {Promise<{ DPoP?: oauth.DPoPHandle }>} */
export async function binding() {
  if (!settings.dpop) return {};
  if (chain !== sessions.current?.chain) handle = undefined;
  chain = sessions.current?.chain;
  handle ??= currentKey()
    .then((key) => oauth.DPoP(client, key))
    .catch((error) => {
      handle = undefined;
      throw error;
    });
  return { DPoP: await handle };
}

/**
 * Sends a token request, and once more if the issuer asks for a nonce (RFC 9449, section 8). Throws if tokens should be
 * bound and the issuer sent an unbound token.
 *
 * @param {() => Promise<Response>} send
 * @param {(response: Response) => Promise<oauth.TokenEndpointResponse>} process
 * @returns {Promise<{ answer: oauth.TokenEndpointResponse, response: Response }>}
 */
export async function withNonce(send, process) {
  let response = await send();
  const answer = await process(response).catch(async (error) => {
    if (!oauth.isDPoPNonceError(error)) throw error;
    response = await send();
    return process(response);
  });
  if (settings.dpop && answer.token_type !== 'dpop') throw new Error('the issuer sent a token that is not bound to the key of this browser');
  return { answer, response };
}

/** Ends all use of the key: no token bound to it can be used again. */
export async function destroyBindingKey() {
  handle = undefined;
  if (!settings.dpop) return;
  await transaction('readwrite', (keys) => keys.delete(name));
}

/** @returns {Promise<CryptoKeyPair>} */
async function currentKey() {
  // The key is generated before the transaction, because a transaction does not wait for another task. If two tabs do this
  // at the same time, both use the key of the first.
  const made = await oauth.generateKeyPair('ES256', { extractable: false });
  let key = made;
  await transaction('readwrite', (keys) => {
    const found = keys.get(name);
    found.onsuccess = () => {
      if (found.result === undefined) keys.add(made, name);
      else key = found.result;
    };
    return found;
  });
  return key;
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(keys: IDBObjectStore) => IDBRequest} use
 * @returns {Promise<void>}
 */
function transaction(mode, use) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(store);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const opened = opening.result;
      const finish = (/** @type {() => void} */ settle) => {
        opened.close();
        settle();
      };
      const turn = opened.transaction(store, mode);
      turn.oncomplete = () => finish(resolve);
      turn.onabort = () => finish(() => reject(turn.error));
      use(turn.objectStore(store));
    };
  });
}
