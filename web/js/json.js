/**
 * JSON without loss. `JSON.parse` rounds numbers that a double cannot represent (the API keeps integers of 64 bits) and
 * drops the first of two members with the same name. These functions keep such integers and reject such members.
 */

/**
 * @param {string} text
 * @returns {any} integers that a double cannot represent are `bigint`
 * @throws {SyntaxError} also for any other number that would be rounded
 */
export function parse(text) {
  const rounded = JSON.parse(text);
  const mark = crypto.randomUUID();
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => {
    if (token.startsWith('"') || isExact(token)) return token;
    if (!/^-?\d+$/.test(token)) throw new SyntaxError(`${token} would be rounded; write it as a string, in quotes`);
    return `"${mark}${token}"`;
  });
  if (marked === text) return rounded;
  return JSON.parse(marked, (_, value) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/**
 * Parses what a user has typed.
 *
 * @param {string} text
 * @returns {any}
 * @throws {SyntaxError} also for a repeated member
 */
export function parseTyped(text) {
  const value = parse(text);
  rejectRepeatedMembers(text);
  return value;
}

/** @param {unknown} value @param {number} [indent] @returns {string} */
export function stringify(value, indent) {
  const mark = crypto.randomUUID();
  const marked = JSON.stringify(value, (_, value) => (typeof value === 'bigint' ? `${mark}${value}` : value), indent) ?? '';
  return marked.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
}

/** Whether a double represents the number exactly. @param {string} token */
function isExact(token) {
  // A double represents fifteen digits.
  return (token.length < 16 && !/e/i.test(token)) || sameDigits(token, String(Number(token)));
}

/** Whether two spellings are the same decimal number. @param {string} a @param {string} b */
function sameDigits(a, b) {
  const [one, other] = [digits(a), digits(b)];
  return one !== undefined && one === other;
}

/** A number in normal form: significant digits and a power of ten. @param {string} text */
function digits(text) {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const all = (whole + fraction).replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + all.length - significant.length}`;
}

/** @param {string} text valid JSON */
function rejectRepeatedMembers(text) {
  /** The names in each open object; undefined for an array. @type {(Set<string> | undefined)[]} */
  const open = [];
  for (const [token, name] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (name !== undefined) {
      const names = open.at(-1);
      const member = JSON.parse(name);
      if (names?.has(member)) throw new SyntaxError(`the member ${name} is repeated`);
      names?.add(member);
    }
  }
}
