/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

const longestForm = 64 * 1024;

/** Reads a form; undefined if it is longer than any form of this server. @param {Request} req */
export async function formOf(req) {
  let text = '';
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk;
    if (text.length > longestForm) return undefined;
  }
  return new URLSearchParams(text);
}

/** @param {Response} res @param {number} status @param {unknown} body */
export function json(res, status, body) {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  res.end(JSON.stringify(body));
}

/** @param {Response} res @param {string} location */
export function redirect(res, location) {
  res.writeHead(303, { Location: location, 'Cache-Control': 'no-store' });
  res.end();
}
