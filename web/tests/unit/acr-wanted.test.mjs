import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acrWanted } from '../../js/acr-wanted.js';

test('only a 403 of API Gateway with acr values asks for a stronger sign-in', () => {
  const denied = { status: 403, byHandler: false, body: { Message: 'no', stepUp: 'phr urn:okta:loa:2fa:any' } };
  assert.equal(acrWanted(denied), 'phr urn:okta:loa:2fa:any');
  for (const [name, changes] of /** @type {[string, object][]} */ ([
    ['the rules need something else', { body: { stepUp: '' } }],
    ['a gateway that writes a dash for a missing value', { body: { stepUp: '-' } }],
    ['a gateway that leaves the variable in place', { body: { stepUp: '$context.authorizer.stepUp' } }],
    ['a gateway response without it', { body: { Message: 'no' } }],
    ['another type', { body: { stepUp: ['phr'] } }],
    ['a body that is not JSON', { body: 'Forbidden' }],
    ['no body', { body: undefined }],
    ['the handler', { byHandler: true }],
    ['another status', { status: 401 }],
  ])) {
    assert.equal(acrWanted({ ...denied, ...changes }), undefined, name);
  }
});
