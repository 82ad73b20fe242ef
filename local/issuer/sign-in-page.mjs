import { createHash } from 'node:crypto';
import { users } from './users.mjs';

const style = `
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #fff; --ink: #1c2530; --soft: #5b6775; --line: #d9dee5; --accent: #2456c7 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #12161c; --card: #1b2129; --ink: #e8ecf1; --soft: #a3afbd; --line: #323b47; --accent: #8fb4ff }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: min(24rem, 100%); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 .25rem; font-size: 1.35rem }
p { margin: 0 0 1.25rem; color: var(--soft) }
form { display: grid; gap: .6rem; margin: 0 }
button { padding: .7rem .9rem; font: inherit; text-align: left; color: inherit; background: none;
  border: 1px solid var(--line); border-radius: .5rem; cursor: pointer }
button:hover, button:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 1px }
button span { display: block; color: var(--soft); font-size: .875rem }
button.quiet { margin-top: .4rem; text-align: center; border-color: transparent; color: var(--soft) }
dt { font-weight: 600 } dd { margin: 0 0 .5rem; overflow-wrap: anywhere }
`;

// The only script. Okta asks no question at sign-out if the ID token hint is good, so the form is submitted at once.
const submit = 'document.forms[0].submit()';

/** @param {string} text */
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

// `form-action` is left out, because it also applies to the redirects after a form, which lead to the client's origin.
const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(submit)}; base-uri 'none'; frame-ancestors 'none'`;

/** @param {unknown} text */
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** @param {string} title @param {string} body */
const page = (title, body) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>${style}</style>
<main>
<h1>${escape(title)}</h1>
${body}
</main>
</html>
`;

/**
 * The users as buttons of one plain form. So a program can sign in too: it posts `user=alice` and follows the redirects
 * with its cookies. A login hint puts the focus on its user.
 *
 * @param {import('node:http').ServerResponse} res
 * @param {{ client: string, hint: unknown, asked: readonly string[], action: string }} request `asked`: the requested `acr`
 */
export function signInPage(res, { client, hint, asked, action }) {
  const buttons = users.map(
    ({ name, login, fullName, about }) =>
      `<button name="user" value="${name}"${hint === name || hint === login ? ' autofocus' : ''}>` +
      `${escape(fullName)}<span>${escape(name)}, ${escape(about)}</span></button>`,
  );
  res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy, 'Cache-Control': 'no-store' });
  res.end(
    page(
      'Sign in',
      `<p>to <strong>${escape(client)}</strong>. This provider runs on your machine and knows no passwords: choose a user.</p>
${asked.length > 0 ? `<p>It requires a sign-in as strong as <strong>${escape(asked.join(' or '))}</strong>.</p>` : ''}
<form method="post" action="${escape(action)}">
${buttons.join('\n')}
<button class="quiet" name="cancel" value="yes">Cancel</button>
</form>`,
    ),
  );
}

/** The answer for a page that was used before or belongs to another session. @param {import('node:http').ServerResponse} res */
export function usedPage(res) {
  res.writeHead(400, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy, 'Cache-Control': 'no-store' });
  res.end(page('This sign-in is over', '<p>It was completed, took too long, or was started in another browser. Go back to the application and start again.</p>'));
}

/** @type {NonNullable<import('oidc-provider').Configuration['renderError']>} */
export function errorPage(ctx, out) {
  const rows = Object.entries(out).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`);
  html(ctx, page('This request cannot be served', `<dl>${rows.join('')}</dl>`));
}

/** @param {import('oidc-provider').KoaContextWithOIDC} ctx @param {string} form */
export function signOutPage(ctx, form) {
  const asked = ctx.oidc.entities.IdTokenHint === undefined;
  // The library's form is not changed; the button refers to it by its id.
  const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out</button>';
  const hidden = form.replace('</form>', '<input type="hidden" name="logout" value="yes"></form>');
  html(ctx, page('Sign out', asked ? `${form}${button}` : `${hidden}${button}<script>${submit}</script>`));
}

/** @param {import('oidc-provider').KoaContextWithOIDC} ctx */
export function signedOutPage(ctx) {
  html(ctx, page('Signed out', '<p>You can close this page.</p>'));
}

/** @param {any} ctx @param {string} body */
function html(ctx, body) {
  ctx.type = 'html';
  ctx.set('Content-Security-Policy', policy);
  ctx.body = body;
}
