import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

/**
 * The signing keys in Okta's three states: ACTIVE signs, NEXT is published before its use, EXPIRED still verifies its
 * signatures. Okta signs only with RS256.
 */
export class Keys {
  /** @type {{ active: import('jose').JWK, next?: import('jose').JWK, expired?: import('jose').JWK }} */
  #ring;
  /** @type {string | undefined} */
  #file;

  /**
   * @param {{ active: import('jose').JWK, next?: import('jose').JWK, expired?: import('jose').JWK }} ring
   * @param {string | undefined} file
   */
  constructor(ring, file) {
    this.#ring = ring;
    this.#file = file;
    this.#save();
  }

  /** The keys in the folder, or new ones.
   *
   * @param {string | undefined} folder
   */
  static async open(folder) {
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
    const file = folder && join(folder, 'keys.json');
    const kept = file && read(file);
    return new Keys(kept ?? { active: await newKey(), next: await newKey() }, file);
  }

  /** All keys with their private parts. The first key signs. */
  get all() {
    return [this.#ring.active, this.#ring.next, this.#ring.expired].filter((key) => key !== undefined);
  }

  /** A planned rotation: a client that has fetched the keys recently already knows the new key. */
  async rotate() {
    this.#ring = { active: this.#ring.next ?? (await newKey()), next: await newKey(), expired: this.#ring.active };
    this.#save();
  }

  /** Signs with an unpublished key from now on, as after a leak; the old key stays published. */
  async rotateSuddenly() {
    this.#ring = { active: await newKey(), next: await newKey(), expired: this.#ring.active };
    this.#save();
  }

  /** The same, and also removes the old key at once: its signatures no longer verify. */
  async rotateAndDrop() {
    this.#ring = { active: await newKey(), next: await newKey() };
    this.#save();
  }

  #save() {
    if (this.#file !== undefined) writeFileSync(this.#file, JSON.stringify(this.#ring), { mode: 0o600 });
  }
}

async function newKey() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, kid: await calculateJwkThumbprint(key), alg: 'RS256', use: 'sig' };
}

/** @param {string} file */
function read(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const ring = JSON.parse(text);
    if (typeof ring.active?.kid === 'string') return ring;
  } catch {
    // Reported below, as for JSON of another form.
  }
  throw new Error(`${file} has no signing keys; delete it to create new ones`);
}
