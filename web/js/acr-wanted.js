/**
 * The `acr` values that the API accepts, separated by spaces; undefined if a stronger sign-in would not help. AWS does not
 * document what API Gateway writes if there is no value.
 *
 * @param {{ status: number, byHandler: boolean, body: any }} made
 * @returns {string | undefined}
 */
export function acrWanted({ status, byHandler, body }) {
  const values = status === 403 && !byHandler && typeof body?.stepUp === 'string' ? body.stepUp : '';
  return values === '' || values === '-' || values.startsWith('$') ? undefined : values;
}
