/**
 * A place that one or both users changed.
 *
 * @typedef {object} Change
 * @property {string} pointer JSON Pointer (RFC 6901)
 * @property {unknown} before undefined: missing
 * @property {unknown} mine undefined: removed
 * @property {unknown} theirs
 * @property {boolean} conflict both changed it, in different ways
 */

/** @typedef {'mine' | 'theirs'} Side */

/**
 * Merges two descendants of one JSON value. Members of objects are merged one by one. Arrays and scalars are taken whole,
 * because the elements of two arrays cannot be matched. Where both sides changed the same place, `choices` decides, and
 * theirs is the default.
 *
 * @param {unknown} before
 * @param {unknown} mine
 * @param {unknown} theirs
 * @param {ReadonlyMap<string, Side>} [choices] by pointer
 * @returns {{ value: unknown, changes: Change[] }}
 */
export function merge(before, mine, theirs, choices = new Map()) {
  /** @type {Change[]} */
  const changes = [];

  /** @type {(pointer: string, before: unknown, mine: unknown, theirs: unknown) => unknown} */
  const at = (pointer, before, mine, theirs) => {
    if (same(mine, theirs) && same(before, mine)) return mine;
    if (isObject(mine) && isObject(theirs)) {
      const old = isObject(before) ? before : {};
      const names = new Set([...Object.keys(theirs), ...Object.keys(mine)]);
      const members = [...names].map((name) => [
        name,
        at(`${pointer}/${escaped(name)}`, own(old, name), own(mine, name), own(theirs, name)),
      ]);
      // `fromEntries` creates own members, also for `__proto__`.
      return Object.fromEntries(members.filter(([, value]) => value !== undefined));
    }
    const conflict = !same(mine, theirs) && !same(before, mine) && !same(before, theirs);
    changes.push({ pointer, before, mine, theirs, conflict });
    if (conflict) return choices.get(pointer) === 'mine' ? mine : theirs;
    return same(before, mine) ? theirs : mine;
  };

  return { value: at('', before, mine, theirs), changes };
}

/** Whether two JSON values are equal; the order of members is ignored. @param {unknown} a @param {unknown} b @returns {boolean} */
export function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
  }
  return a === b;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {Record<string, unknown>} object @param {string} name */
function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** @param {string} name */
function escaped(name) {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
