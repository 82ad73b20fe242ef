/**
 * The provider's codes, grants, sessions and refresh tokens, in memory. The library's own memory adapter is emptied
 * whenever a `Provider` is built, which happens at every key rotation. This one keeps its entries.
 */
export class Memory {
  /** @type {Map<string, { payload: any, expiresAt: number }>} */
  #entries = new Map();

  /** The grant of each signed access token, which the token does not name: the token must end with its grant.
   *
   * @type {Map<string, { grantId: string, clientId: string, expiresAt: number }>}
   */
  accessTokens = new Map();

  /** The values that a test requested with its authorization request, by grant.
   *
   * @type {Map<string, { audience?: string, ttl?: number, age?: number }>}
   */
  wishes = new Map();

  /** The adapter of one model, in the form that the library requires. @param {string} model */
  adapter(model) {
    const entries = this.#entries;
    /** @param {string} id */
    const key = (id) => `${model}:${id}`;
    /** @param {(payload: any) => boolean} matches */
    const first = (matches) => {
      for (const [name, { payload }] of entries) {
        if (name.startsWith(`${model}:`) && matches(payload)) return payload;
      }
      return undefined;
    };
    return {
      /** @param {string} id @param {any} payload @param {number} expiresIn */
      upsert: async (id, payload, expiresIn) => {
        this.#forgetExpired();
        entries.set(key(id), { payload, expiresAt: Date.now() + expiresIn * 1000 });
      },
      /** @param {string} id */
      find: async (id) => entries.get(key(id))?.payload,
      /** @param {string} uid */
      findByUid: async (uid) => first((payload) => payload.uid === uid),
      /** @param {string} code */
      findByUserCode: async (code) => first((payload) => payload.userCode === code),
      /** @param {string} id */
      consume: async (id) => {
        const entry = entries.get(key(id));
        if (entry) entry.payload.consumed = Math.floor(Date.now() / 1000);
      },
      /** @param {string} id */
      destroy: async (id) => void entries.delete(key(id)),
      /** @param {string} grantId */
      revokeByGrantId: async (grantId) => {
        for (const [name, { payload }] of entries) {
          if (name.startsWith(`${model}:`) && payload.grantId === grantId) entries.delete(name);
        }
      },
    };
  }

  #forgetExpired() {
    const now = Date.now();
    for (const map of [this.#entries, this.accessTokens]) {
      if (map.size < 1000) continue;
      for (const [name, { expiresAt }] of map) if (expiresAt < now) map.delete(name);
    }
  }
}
