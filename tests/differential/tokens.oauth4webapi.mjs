import * as oauth from 'oauth4webapi';
import { main, stopClock } from './judge.mjs';

// Tokens and proofs: the checks of a resource server.
await main(async ({ jwks, token, algorithms, method = 'GET', url = 'https://api.example.com/', authorization, proofs = [] }, { now, issuer, audience, leeway }) => {
  stopClock(now);
  // A separate server for each input, because keys are cached per server.
  const server = { issuer, jwks_uri: `${issuer}/v1/keys` };
  const headers = new Headers({ authorization: authorization ?? `Bearer ${token}` });
  for (const proof of proofs) headers.append('dpop', proof);
  await oauth.validateJwtAccessToken(server, new Request(url, { method, headers }), audience, {
    [oauth.customFetch]: async () => new Response(jwks, { headers: { 'content-type': 'application/json' } }),
    [oauth.clockTolerance]: leeway,
    signingAlgorithms: algorithms,
  });
});
