/**
 * The people one can sign in as. `uid` has the form of an Okta user id; `login` is what Okta puts into `sub` of an
 * access token, while `sub` of an ID token is the `uid`.
 *
 * @typedef {{ name: string, uid: string, login: string, fullName: string, groups: readonly string[], about: string }} User
 */

/** @type {readonly User[]} */
export const users = [
  {
    name: 'alice',
    uid: '00ualice000000000000',
    login: 'alice@example.com',
    fullName: 'Alice Example',
    groups: ['Everyone'],
    about: 'an ordinary user',
  },
  {
    name: 'bob',
    uid: '00ubob00000000000000',
    login: 'bob@example.com',
    fullName: 'Bob Example',
    groups: ['Everyone'],
    about: 'another ordinary user',
  },
  {
    name: 'ada',
    uid: '00uada00000000000000',
    login: 'ada@example.com',
    fullName: 'Ada Example',
    groups: ['Everyone', 'Admins'],
    about: 'an administrator',
  },
];

/** @param {unknown} name what the sign-in form sends */
export function userByName(name) {
  return users.find((user) => user.name === name);
}

/** @param {unknown} uid the account id, `uid` in access tokens and `sub` in ID tokens */
export function userByUid(uid) {
  return users.find((user) => user.uid === uid);
}

/**
 * The claims of ID tokens and of /userinfo; which of them are handed out depends on the scopes.
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
