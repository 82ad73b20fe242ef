/** The strength of a sign-in in Okta's terms: the `acr` values that Okta knows, and the factors that each value needs.
 * https://developer.okta.com/docs/guides/step-up-authentication/main/
 *
 * @type {ReadonlyMap<string, (user: import('./users.mjs').User) => readonly string[] | undefined>}
 */
const factorsByAcr = new Map([
  ['urn:okta:loa:1fa:any', () => ['pwd']],
  ['urn:okta:loa:1fa:pwd', () => ['pwd']],
  ['urn:okta:loa:2fa:any', ({ factors }) => (factors.length > 1 ? factors.slice(0, 2) : undefined)],
  ['urn:okta:loa:2fa:any:ifpossible', ({ factors }) => factors.slice(0, 2)],
  ['phr', withHardwareKey],
  ['phrh', withHardwareKey],
]);

/** @param {import('./users.mjs').User} user */
function withHardwareKey({ factors }) {
  return factors.includes('hwk') ? ['pwd', 'hwk'] : undefined;
}

/** The known values of a request, in its order of preference. Okta ignores others. @param {unknown} acrValues */
export function requestedAcr(acrValues) {
  return String(acrValues ?? '').split(' ').filter((acr) => factorsByAcr.has(acr));
}

/** The first requested value that a sign-in with these factors meets. It becomes the `acr` of the tokens.
 *
 * @param {unknown} acrValues
 * @param {import('./users.mjs').User} user
 * @param {readonly string[]} amr the factors of the session
 */
export function acrOf(acrValues, user, amr) {
  return requestedAcr(acrValues).find((acr) => factorsByAcr.get(acr)?.(user)?.every((factor) => amr.includes(factor)));
}

/**
 * The factors with which a user signs in for a request; undefined if the user has not enrolled the factors of any
 * requested value.
 *
 * @param {unknown} acrValues
 * @param {import('./users.mjs').User} user
 */
export function factorsFor(acrValues, user) {
  const requested = requestedAcr(acrValues);
  if (requested.length === 0) return ['pwd'];
  return requested.map((acr) => factorsByAcr.get(acr)?.(user)).find((factors) => factors !== undefined);
}

export const knownAcr = [...factorsByAcr.keys()];
