/**
 * Loaded into the issuer's process (`node --import`). It appends each request with its response to the file
 * `RECORDED_EXCHANGES`, one line of JSON each, so that a test knows every secret of the run.
 */
import { appendFileSync } from 'node:fs';
import { Server } from 'node:http';

const file = process.env.RECORDED_EXCHANGES;
const { emit } = Server.prototype;

/** Forwards the calls of a method, and keeps the bytes of each. */
const tap = (target, name, kept) => {
  const method = target[name];
  target[name] = function (chunk, ...rest) {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) kept.push(Buffer.from(chunk));
    return method.call(this, chunk, ...rest);
  };
};

Server.prototype.emit = function (event, request, response) {
  if (event === 'request' && file) {
    const [sent, answered] = [[], []];
    tap(request, 'push', sent);
    tap(response, 'write', answered);
    tap(response, 'end', answered);
    response.once('finish', () => {
      const { url, rawHeaders } = request;
      const [body, answer] = [sent, answered].map((bytes) => Buffer.concat(bytes).toString());
      const line = { url, headers: rawHeaders, body, head: response._header, answer };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    });
  }
  return emit.apply(this, arguments);
};
