import { readFileSync } from 'node:fs';

/**
 * The users of the local issuer, from the file that `cargo local` reads too. `uid` has the form of an Okta user id. At
 * Okta, `sub` of an access token is the `login` and `sub` of an ID token is the `uid`. `factors` are the authenticators
 * that the user has enrolled (RFC 8176).
 *
 * @typedef {{ name: string, uid: string, login: string, fullName: string, groups: readonly string[], factors: readonly string[], about: string }} User
 */

/** @type {readonly User[]} */
export const users = JSON.parse(readFileSync(new URL('users.json', import.meta.url), 'utf8'));

/** @param {unknown} name the value of the sign-in form */
export function userByName(name) {
  return users.find((user) => user.name === name);
}

/** @param {unknown} uid the account id, `uid` in access tokens and `sub` in ID tokens */
export function userByUid(uid) {
  return users.find((user) => user.uid === uid);
}

/** The claims of ID tokens and of /userinfo. The scopes decide which claims a client gets.
 *
 * @param {User} user
 */
export function identityClaims(user) {
  return {
    sub: user.uid,
    ver: 1,
    idp: '00oidp00000000000000',
    name: user.fullName,
    preferred_username: user.login,
    email: user.login,
    email_verified: true,
    groups: user.groups,
  };
}
