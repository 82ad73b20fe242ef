import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { main } from './judge.mjs';

// The method that jose documents for sets in which several keys fit.
async function verifyWithEach(candidates, token, options) {
  for await (const key of candidates) {
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (error?.code !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

await main(async ({ jwks, token, algorithms }, { now, issuer, audience, leeway }) => {
  const options = {
    algorithms, issuer, audience, clockTolerance: leeway, currentDate: new Date(now * 1000), typ: 'at+jwt',
    requiredClaims: ['exp', 'sub'],
  };
  try {
    await jwtVerify(token, createLocalJWKSet(JSON.parse(jwks)), options);
  } catch (error) {
    if (error?.code !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') throw error;
    await verifyWithEach(error, token, options);
  }
});
