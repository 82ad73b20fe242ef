import { readFile } from 'node:fs/promises';
import * as oauth from '../../../web/node_modules/oauth4webapi/build/index.js';

// Judges requests with oauth4webapi's checks for resource servers: for each of the file's cases, whether it is accepted.
const { now, issuer, audience, keys, cases } = JSON.parse(await readFile(process.argv[2], 'utf8'));
Date.now = () => now * 1000;

const server = { issuer, jwks_uri: `${issuer}/v1/keys` };
const options = { [oauth.customFetch]: async () => Response.json({ keys }) };

const verdicts = [];
for (const { method, url, authorization, proofs } of cases) {
  const headers = new Headers({ authorization });
  for (const proof of proofs) headers.append('dpop', proof);
  const request = new Request(url, { method, headers });
  verdicts.push(await oauth.validateJwtAccessToken(server, request, audience, options).then(() => true, () => false));
}
console.log(JSON.stringify(verdicts));
