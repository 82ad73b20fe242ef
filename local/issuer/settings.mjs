/**
 * @typedef {{ id: string, redirectUris: string[], postLogoutRedirectUris: string[], origins: string[] }} Client
 * @typedef {{ port: number, clients: Client[], audience: string, ttlSeconds: number, data: string | undefined }} Settings
 */

/**
 * Reads the environment; throws one error that lists every wrong variable.
 *
 * @param {Record<string, string | undefined>} environment
 * @returns {Settings}
 */
export function settingsFrom(environment) {
  /** @type {string[]} */
  const faults = [];

  /** @type {<T>(name: string, fallback: string, expected: string, parse: (text: string) => T | undefined) => T} */
  const read = (name, fallback, expected, parse) => {
    const text = environment[name] || fallback;
    const value = parse(text);
    if (value === undefined) faults.push(`${name} is ${JSON.stringify(text)}, expected ${expected}`);
    return /** @type {any} */ (value);
  };

  const settings = {
    port: read('ISSUER_PORT', '9000', 'a port, or 0 for any free port', wholeNumber(0, 65535)),
    clients: read(
      'ISSUER_CLIENTS',
      '[]',
      'a JSON array of {"id", "redirectUris", "postLogoutRedirectUris", "origins"}',
      clients,
    ),
    audience: read('ISSUER_AUDIENCE', 'api://default', 'one audience', (text) => text),
    ttlSeconds: read('ISSUER_TTL_SECONDS', '3600', 'seconds, 1 to 86400', wholeNumber(1, 86400)),
    data: environment.ISSUER_DATA || undefined,
  };
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return settings;
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {(text: string | null) => number | undefined}
 */
export function wholeNumber(least, most) {
  return (text) => {
    const number = /^\d+$/.test(text ?? '') ? Number(text) : NaN;
    return number >= least && number <= most ? number : undefined;
  };
}

/** @param {string} text @returns {Client[] | undefined} */
function clients(text) {
  const members = ['redirectUris', 'postLogoutRedirectUris', 'origins'];
  /** @param {any} client */
  const complete = (client) =>
    typeof client?.id === 'string' &&
    members.every((name) => Array.isArray(client[name]) && client[name].every((/** @type {any} */ uri) => URL.canParse(uri)));
  try {
    const list = JSON.parse(text);
    return Array.isArray(list) && list.every(complete) ? list : undefined;
  } catch {
    return undefined;
  }
}
