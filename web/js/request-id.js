/**
 * API Gateway's id of a call, with which an operator finds it. An HTTP API and a REST API send it in different headers.
 * The handler's errors have it in the body too.
 *
 * @param {{ headers: Headers, body: any }} made
 * @returns {string | undefined}
 */
export function requestIdOf({ headers, body }) {
  const inBody = typeof body?.requestId === 'string' ? body.requestId : undefined;
  return headers.get('apigw-requestid') ?? headers.get('x-amzn-requestid') ?? inBody;
}
