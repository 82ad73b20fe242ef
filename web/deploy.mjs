/**
 * Hosts the pages of a deployed API: `node web/deploy.mjs STACK [--client-id ID] [--certificate ARN] [--region REGION]`.
 *
 * Deploys `web/template.yaml` as the stack `STACK-web`, checks that the API allows the origin of the pages, and uploads the
 * pages with a `config.js` for that API. Needs the AWS CLI, and the packages of `web/` (`npm ci --prefix web`). Exit status:
 * 0 hosted, 1 failed, 2 wrong usage.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const web = fileURLToPath(new URL('.', import.meta.url));
const usage = 'usage: node web/deploy.mjs STACK [--client-id ID] [--certificate ARN] [--web-stack NAME] [--region REGION]';

const { apiStackName, values } = options();
const webStackName = values['web-stack'] ?? `${apiStackName}-web`;

// Checked before the stack is deployed, which takes minutes.
const library = join(web, 'node_modules/oauth4webapi/build/index.js');
if (!existsSync(library)) fail(`the packages of the pages are missing: run \`npm ci --prefix ${web}\``);

function options() {
  const string = /** @type {const} */ ({ type: 'string' });
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { 'client-id': string, certificate: string, 'web-stack': string, region: string },
    });
    const [apiStackName, ...others] = positionals;
    return apiStackName === undefined || others.length > 0 ? fail(usage, 2) : { apiStackName, values };
  } catch (error) {
    return fail(`${/** @type {Error} */ (error).message}\n${usage}`, 2);
  }
}

/** @param {string} message @param {number} [status] @returns {never} */
function fail(message, status = 1) {
  console.error(message);
  process.exit(status);
}

/** @param {...string} command */
function aws(...command) {
  const region = values.region === undefined ? [] : ['--region', values.region];
  try {
    return execFileSync('aws', [...command, ...region], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    return fail(/** @type {any} */ (error).code === 'ENOENT' ? 'the AWS CLI is not installed' : `aws ${command.join(' ')} failed`);
  }
}

/**
 * @param {string} name
 * @returns {{ outputs: Record<string, string>, parameters: Record<string, string> }}
 */
function describe(name) {
  const [stack] = JSON.parse(aws('cloudformation', 'describe-stacks', '--stack-name', name, '--output', 'json')).Stacks;
  const pairs = (/** @type {any[]} */ list = [], /** @type {string} */ kind) =>
    Object.fromEntries(list.map((item) => [item[`${kind}Key`], item[`${kind}Value`]]));
  return { outputs: pairs(stack.Outputs, 'Output'), parameters: pairs(stack.Parameters, 'Parameter') };
}

const api = describe(apiStackName);
const { ApiUrl } = api.outputs;
const { Issuer, WebOrigin } = api.parameters;
if (!ApiUrl || !Issuer || !WebOrigin) fail(`${apiStackName} is not a stack of this project's template.yaml: ApiUrl, Issuer or WebOrigin is missing`);

const clientIds = (api.parameters['ClientIds'] ?? '').split(',').filter((id) => id !== '');
const clientId = values['client-id'] ?? (clientIds.length === 1 ? clientIds[0] : undefined);
if (clientId === undefined) fail('ClientIds does not name exactly one client; name the client of the pages with --client-id ID');
if (clientIds.length > 0 && !clientIds.includes(clientId)) fail(`${apiStackName} accepts tokens only of ${clientIds.join(', ')}: expected one of them as --client-id`);

const certificate = values.certificate === undefined ? [] : [`WebCertificate=${values.certificate}`];
aws(
  'cloudformation', 'deploy', '--stack-name', webStackName, '--template-file', join(web, 'template.yaml'),
  '--no-fail-on-empty-changeset', '--parameter-overrides', `ApiUrl=${ApiUrl}`, `Issuer=${Issuer}`, `WebOrigin=${WebOrigin}`, ...certificate,
);
const pages = describe(webStackName);
const { WebBucketName, WebDistributionId, WebUrl } = pages.outputs;
if (!WebBucketName || !WebDistributionId || !WebUrl) fail(`${webStackName} is not a stack of web/template.yaml`);

// CloudFront's own domain is known only after the distribution exists, so without a certificate the API is deployed twice.
if (!pages.parameters['WebCertificate'] && WebOrigin !== WebUrl) {
  fail(`The pages are at ${WebUrl}, but the API allows the origin ${WebOrigin}. Deploy the API once more, then run this again:
  sam deploy --stack-name ${apiStackName} --parameter-overrides WebOrigin=${WebUrl}`);
}
await checkPreflight();

/** Checks that the API allows the pages' origin now, whatever its parameters are. */
async function checkPreflight() {
  const url = `${ApiUrl}/state`;
  const headers = { Origin: String(WebOrigin), 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' };
  const answer = await fetch(url, { method: 'OPTIONS', headers, signal: AbortSignal.timeout(30_000) }).catch((error) =>
    fail(`the API does not answer at ${url}: ${error.cause?.message ?? error.message}`),
  );
  const allowed = answer.headers.get('Access-Control-Allow-Origin');
  if (answer.ok && allowed === WebOrigin) return;
  fail(`The API does not allow the pages' origin: a preflight from ${WebOrigin} to ${url} expects a 2xx status and
Access-Control-Allow-Origin: ${WebOrigin}; found status ${answer.status} and ${allowed ?? 'no such header'}. Deploy the API again.`);
}

const config = {
  origin: WebOrigin,
  issuer: Issuer,
  clientId,
  apiBase: ApiUrl,
  scopes: { signIn: 'openid profile offline_access', write: 'state:write' },
  // The pages bind their tokens to a key if the API accepts such tokens.
  dpop: ['accept', 'require'].includes(api.parameters['Dpop'] ?? 'off'),
};

const site = mkdtempSync(join(tmpdir(), 'web-'));
try {
  for (const name of readdirSync(web)) if (/\.(html|css|svg)$/.test(name)) cpSync(join(web, name), join(site, name));
  cpSync(join(web, 'js'), join(site, 'js'), { recursive: true });
  mkdirSync(join(site, 'vendor'));
  cpSync(library, join(site, 'vendor/oauth4webapi.js'));
  writeFileSync(join(site, 'config.js'), `export default ${JSON.stringify(config, null, 2)};\n`);
  aws('s3', 'sync', site, `s3://${WebBucketName}`, '--delete', '--only-show-errors');
} finally {
  rmSync(site, { recursive: true });
}
aws('cloudfront', 'create-invalidation', '--distribution-id', WebDistributionId, '--paths', '/*');
console.log(`${config.origin} is up to date. Register exactly these at the issuer:
  sign-in redirect URI   ${config.origin}/callback.html
  sign-out redirect URI  ${config.origin}/signed-out.html
  trusted origin (CORS)  ${config.origin}`);
if (WebOrigin !== WebUrl) console.log(`In DNS, ${new URL(WebOrigin).hostname} must be an alias (CNAME) of ${new URL(WebUrl).hostname}.`);
