import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTyped, stringify } from '../../js/json.js';

/** @param {string} text @param {string} [expected] */
function keeps(text, expected = text) {
  test(`keeps ${text}`, () => assert.equal(stringify(parseTyped(text)), expected));
}

for (const text of ['0', '-1', '9007199254740991', '9007199254740993', '12345678901234567890', '-9223372036854775808', '0.1', '1e-7', '"1e400"']) keeps(text);
keeps('[{"a":18446744073709551615},{"a":1}]');
keeps('1.50', '1.5');
keeps('1E3', '1000');
keeps('-0.0', '0');
keeps('1e22', '1e+22');
keeps('{"a":{"a":"{\\"a\\":1,"},"b":["a","a"]}');

for (const text of ['1e400', '-1e400', '3.14159265358979323846', '1e-400', '{"a":1,"a":2}', '[{"b":{"a":1,"\\u0061":2}}]']) {
  test(`rejects ${text}`, () => assert.throws(() => parseTyped(text), SyntaxError));
}
