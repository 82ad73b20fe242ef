// An MCP client that knows only the URL of its server finds the issuer with both methods of discovery, by the functions of
// the official SDK. A proxy in front of the API acts as the custom domain, with the stage as its root.

import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';

import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  selectResourceURL,
  startAuthorization,
} from '@modelcontextprotocol/sdk/client/auth.js';

const { API_URL, DOMAIN_PORT, ISSUER, TOKEN } = process.env;
const api = new URL(API_URL);
const domain = `http://127.0.0.1:${DOMAIN_PORT}`;
/** The URL that a user types into an MCP client. */
const server = `${domain}/state/mcp`;

/** The requested paths, in their order. */
let asked = [];
const proxy = createServer((incoming, outgoing) => {
  asked.push(`${incoming.method} ${incoming.url}`);
  const { host: _, ...headers } = incoming.headers;
  const onward = request(
    { host: api.hostname, port: api.port, path: api.pathname + incoming.url, method: incoming.method, headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    },
  );
  incoming.pipe(onward);
});
await new Promise((listening) => proxy.listen(Number(DOMAIN_PORT), '127.0.0.1', listening));

const call = (token) =>
  fetch(server, {
    method: 'PUT',
    body: JSON.stringify({ value: 1 }),
    headers: {
      'Content-Type': 'application/json',
      'If-None-Match': '*',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
  });

/** The next steps of a client that has the metadata of the resource: the issuer, and the page where the user signs in. */
async function findIssuer(metadata) {
  assert.deepEqual(metadata, {
    resource: domain,
    authorization_servers: [ISSUER],
    scopes_supported: ['state:write'],
    bearer_methods_supported: ['header'],
  });
  // The client compares the resource with the URL of its server.
  assert.equal((await selectResourceURL(server, {}, metadata)).href, `${domain}/`);
  const issuer = await discoverAuthorizationServerMetadata(metadata.authorization_servers[0]);
  assert.equal(issuer.issuer, ISSUER);
  const { authorizationUrl, codeVerifier } = await startAuthorization(metadata.authorization_servers[0], {
    metadata: issuer,
    clientInformation: { client_id: 'web' },
    redirectUrl: 'http://127.0.0.1:8080/callback.html',
    scope: metadata.scopes_supported.join(' '),
    resource: new URL(domain),
  });
  assert.ok(authorizationUrl.href.startsWith(`${ISSUER}/v1/authorize?`), authorizationUrl.href);
  assert.equal(authorizationUrl.searchParams.get('code_challenge_method'), 'S256');
  assert.ok(codeVerifier.length >= 43);
}

try {
  const refused = await call();
  assert.equal(refused.status, 401);

  // From the challenge: the client fetches exactly the URL in it.
  const { resourceMetadataUrl } = extractWWWAuthenticateParams(refused);
  assert.equal(resourceMetadataUrl.href, `${domain}/.well-known/oauth-protected-resource`);
  asked = [];
  await findIssuer(await discoverOAuthProtectedResourceMetadata(server, { resourceMetadataUrl }));
  assert.deepEqual(asked, ['GET /.well-known/oauth-protected-resource']);

  // From the well-known URLs: first with the path of the server, then at the root of the domain.
  asked = [];
  await findIssuer(await discoverOAuthProtectedResourceMetadata(server));
  assert.deepEqual(asked, [
    'GET /.well-known/oauth-protected-resource/state/mcp',
    'GET /.well-known/oauth-protected-resource',
  ]);

  // With a token of that issuer the call is allowed.
  assert.equal((await call(TOKEN)).status, 201);
} finally {
  proxy.closeAllConnections();
  proxy.close();
}
