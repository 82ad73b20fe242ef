/** The maximum difference between the clocks of this device and the issuer, in seconds. With a larger one a clock is wrong. */
const tolerance = 60;

/**
 * How far this device's clock is off, if a token that was just issued fails the check of its times. Undefined if the
 * clocks agree: then the token is at fault. @param {unknown} cause the details of the library's error: the token's
 * claims, and the time by this device's clock @returns {string | undefined} such as `2 hours ahead`
 */
export function clockFault(cause) {
  const { claims, now } = /** @type {any} */ (cause ?? {});
  const seconds = Number(now) - Number(claims?.iat);
  if (!(Math.abs(seconds) > tolerance)) return undefined;
  return `${span(Math.abs(seconds))} ${seconds > 0 ? 'ahead' : 'behind'}`;
}

/** @param {number} seconds */
function span(seconds) {
  /** @type {[string, number][]} */
  const units = [['day', 86400], ['hour', 3600], ['minute', 60]];
  const [unit, length] = units.find(([, length]) => Math.round(seconds / length) >= 1) ?? ['minute', 60];
  const count = Math.round(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
