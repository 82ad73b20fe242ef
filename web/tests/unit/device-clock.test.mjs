import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockFault } from '../../js/device-clock.js';

for (const [seconds, expected] of /** @type {[number, string | undefined][]} */ ([
  [7200, '2 hours ahead'],
  [-3600, '1 hour behind'],
  [61, '1 minute ahead'],
  [-1700, '28 minutes behind'],
  [3 * 86400, '3 days ahead'],
  [86400 * 365, '365 days ahead'],
  [30, undefined],
  [-60, undefined],
])) {
  test(`a clock that is off by ${seconds} s`, () => {
    assert.equal(clockFault({ now: 1800000000 + seconds, claims: { iat: 1800000000 }, claim: 'exp' }), expected);
  });
}

for (const cause of [undefined, null, 'x', {}, { now: 1800000000 }, { now: 1800000000, claims: {} }]) {
  test(`a cause without both times: ${JSON.stringify(cause)}`, () => assert.equal(clockFault(cause), undefined));
}
