import { json } from './http.mjs';
import { wholeNumber } from './settings.mjs';

/**
 * `POST /dev/…`: what an operator of Okta does in its console, and what tests need. Only on this machine, and never
 * for a web page: a request with an `Origin` is refused.
 *
 * - `/dev/rotate`: NEXT becomes ACTIVE; `?sudden`: an unpublished key; `?drop`: and the old one is removed
 * - `/dev/ttl?AccessToken=5`: how many seconds the next access tokens live
 * - `/dev/audience?value=api://other`: the audience of the next ones
 * - `/dev/age?seconds=7200`: how long ago the next ones were issued, so that they are expired when they come
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
    return json(res, 404, { error: 'there are /dev/rotate, /dev/ttl, /dev/age and /dev/audience' });
  }
}
