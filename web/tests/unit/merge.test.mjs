import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merge } from '../../js/merge.js';

/**
 * @param {string} name
 * @param {[unknown, unknown, unknown]} versions before, mine, theirs
 * @param {unknown} expected
 * @param {{ conflicts?: string[], choices?: [string, 'mine' | 'theirs'][] }} [more]
 */
function check(name, [before, mine, theirs], expected, { conflicts = [], choices = [] } = {}) {
  test(name, () => {
    const { value, changes } = merge(before, mine, theirs, new Map(choices));
    assert.deepEqual(value, expected);
    assert.deepEqual(changes.filter(({ conflict }) => conflict).map(({ pointer }) => pointer), conflicts);
  });
}

check('nothing changed', [{ a: 1 }, { a: 1 }, { a: 1 }], { a: 1 });
check('both changed it the same way', [1, 2, 2], 2);
check('only I changed it', [1, 2, 1], 2);
check('only they changed it', [1, 1, 2], 2);
check('different members', [{ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }], { a: 2, b: 2 });
check('deeper members', [{ x: { a: 1, b: 1 } }, { x: { a: 2, b: 1 } }, { x: { a: 1, b: 2 } }], { x: { a: 2, b: 2 } });
check('I added, they removed another', [{ a: 1 }, { a: 1, b: 2 }, {}], { b: 2 });
check('both added the same member with different values', [{}, { a: 1 }, { a: 2 }], { a: 2 }, { conflicts: ['/a'] });
check('I removed what they changed', [{ a: 1 }, {}, { a: 2 }], { a: 2 }, { conflicts: ['/a'] });
check('I removed what they changed, and chose mine', [{ a: 1 }, {}, { a: 2 }], {}, { conflicts: ['/a'], choices: [['/a', 'mine']] });
check('arrays are taken whole', [[1, 2], [1, 2, 3], [0, 2]], [0, 2], { conflicts: [''] });
check('arrays are taken whole, mine', [[1, 2], [1, 2, 3], [0, 2]], [1, 2, 3], { conflicts: [''], choices: [['', 'mine']] });
check('an object against a scalar', [{ a: 1 }, 5, { a: 2 }], { a: 2 }, { conflicts: [''] });
check('null is a value', [{ a: 1 }, { a: null }, { a: 1 }], { a: null });
check('one choice does not decide another place', [{ a: 1, b: 1 }, { a: 2, b: 2 }, { a: 3, b: 3 }], { a: 2, b: 3 }, {
  conflicts: ['/a', '/b'],
  choices: [['/a', 'mine']],
});
check('names with slashes and tildes', [{}, { 'a/~': 1 }, { 'a/~': 2 }], { 'a/~': 2 }, { conflicts: ['/a~1~0'] });
check('the order of members is not a change', [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1, b: 3 }], { a: 1, b: 3 });

test('a member called __proto__ is a member', () => {
  const theirs = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}');
  const { value } = merge({}, {}, theirs);
  assert.equal(JSON.stringify(value), JSON.stringify(theirs));
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
});
