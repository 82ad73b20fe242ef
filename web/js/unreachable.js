/**
 * Whether a request got no answer: the error is one of `fetch` or of `AbortSignal.timeout`. The other exceptions of the
 * browser, such as that of a full storage, have nothing to do with the network.
 *
 * @param {unknown} error
 */
export function isUnreachable(error) {
  return error instanceof TypeError || (error instanceof DOMException && ['AbortError', 'TimeoutError'].includes(error.name));
}
