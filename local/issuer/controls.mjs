import { json } from './http.mjs';
import { wholeNumber } from './settings.mjs';

/**
 * `POST /dev/…`: actions that an operator of Okta does in its console, and that tests need. They are available only on
 * this machine and not to web pages: a request with an `Origin` is refused.
 *
 * - `/dev/rotate`: the key NEXT becomes ACTIVE; `?sudden`: an unpublished key does; `?drop`: also removes the old key
 * - `/dev/ttl?AccessToken=5`: the lifetime of the next access tokens in seconds
 * - `/dev/audience?value=api://other`: the audience of the next access tokens
 * - `/dev/age?seconds=7200`: the age of the next access tokens when they are issued, so that they are expired at once
 */
export class Controls {
  #keys;
  #dials;
  #rebuild;

  /**
   * @param {import('./keys.mjs').Keys} keys
   * @param {{ audience: string, ttlSeconds: number, ageSeconds: number }} dials
   * @param {() => void} rebuild called when the keys have changed
   */
  constructor(keys, dials, rebuild) {
    this.#keys = keys;
    this.#dials = dials;
    this.#rebuild = rebuild;
  }

  /** @param {import('./http.mjs').Request} req @param {import('./http.mjs').Response} res @param {URL} url */
  async serve(req, res, url) {
    if (req.headers.origin !== undefined) return json(res, 403, { error: 'not for web pages' });
    if (req.method !== 'POST') return json(res, 405, { error: 'expected POST' });
    const query = url.searchParams;
    if (url.pathname === '/dev/rotate') {
      if (query.has('drop')) await this.#keys.rotateAndDrop();
      else if (query.has('sudden')) await this.#keys.rotateSuddenly();
      else await this.#keys.rotate();
      this.#rebuild();
      return json(res, 200, { keys: this.#keys.all.map(({ kid }) => kid) });
    }
    if (url.pathname === '/dev/ttl') {
      const ttlSeconds = wholeNumber(1, 86400)(query.get('AccessToken'));
      if (ttlSeconds === undefined) return json(res, 400, { error: 'AccessToken: expected seconds, 1 to 86400' });
      this.#dials.ttlSeconds = ttlSeconds;
      return json(res, 200, this.#dials);
    }
    if (url.pathname === '/dev/age') {
      const ageSeconds = wholeNumber(0, 86400)(query.get('seconds'));
      if (ageSeconds === undefined) return json(res, 400, { error: 'seconds: expected 0 to 86400' });
      this.#dials.ageSeconds = ageSeconds;
      return json(res, 200, this.#dials);
    }
    if (url.pathname === '/dev/audience') {
      const audience = query.get('value');
      if (!audience) return json(res, 400, { error: 'value: expected an audience' });
      this.#dials.audience = audience;
      return json(res, 200, this.#dials);
    }
    return json(res, 404, { error: 'expected /dev/rotate, /dev/ttl, /dev/age or /dev/audience' });
  }
}
