import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnreachable } from '../../js/unreachable.js';

test('only failed requests mean that the sign-in service cannot be reached', async () => {
  const failed = await fetch('http://127.0.0.1:9').catch((error) => error);
  for (const [name, error, expected] of /** @type {[string, unknown, boolean][]} */ ([
    ['no connection', failed, true],
    ['too late', new DOMException('late', 'TimeoutError'), true],
    ['a full storage', new DOMException('full', 'QuotaExceededError'), false],
    ['a browser without a database', new DOMException('no', 'InvalidStateError'), false],
    ['another error', new Error('x'), false],
  ])) {
    assert.equal(isUnreachable(error), expected, name);
  }
});
