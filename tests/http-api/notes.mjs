/** The function of `examples/http-api` in JavaScript, over the Lambda Runtime API, so that its test needs no Python. */

const invocations = `http://${process.env['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation`;

for (;;) {
  const next = await fetch(`${invocations}/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const { requestContext, rawPath } = /** @type {any} */ (await next.json());
  const body = { call: `${requestContext.http.method} ${rawPath}`, principal: requestContext.authorizer.lambda.principal };
  const answer = { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  await fetch(`${invocations}/${id}/response`, { method: 'POST', body: JSON.stringify(answer) });
}
