import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestIdOf } from '../../js/request-id.js';

test('the id of a request is in a header of API Gateway, or else in the body', () => {
  for (const [headers, body, expected] of /** @type {[Record<string, string>, any, string | undefined][]} */ ([
    [{ 'apigw-requestid': 'http' }, { requestId: 'body' }, 'http'],
    [{ 'x-amzn-RequestId': 'rest' }, { requestId: 'body' }, 'rest'],
    [{}, { requestId: 'body' }, 'body'],
    [{}, { requestId: 5 }, undefined],
    [{}, 'text', undefined],
    [{}, undefined, undefined],
  ])) {
    assert.equal(requestIdOf({ headers: new Headers(headers), body }), expected);
  }
});
