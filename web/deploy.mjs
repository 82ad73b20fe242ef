/**
 * Uploads the pages: `node web/deploy.mjs STACK [--client-id ID] [--region REGION]`.
 *
 * Reads the stack's outputs and parameters, writes `config.js` from them, and brings the bucket to what stands here.
 * Needs the AWS command line, and the packages of `web/` (`npm ci --prefix web`).
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const web = fileURLToPath(new URL('.', import.meta.url));

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'client-id': { type: 'string' }, region: { type: 'string' } },
});
const [stackName] = positionals;
if (stackName === undefined) fail('usage: node web/deploy.mjs STACK [--client-id ID] [--region REGION]');

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** @param {...string} command */
function aws(...command) {
  const region = values.region === undefined ? [] : ['--region', values.region];
  try {
    return execFileSync('aws', [...command, ...region], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    return fail(/** @type {any} */ (error).code === 'ENOENT' ? 'the AWS command line is not installed' : `aws ${command.join(' ')} failed`);
  }
}

const [stack] = JSON.parse(aws('cloudformation', 'describe-stacks', '--stack-name', stackName, '--output', 'json')).Stacks;
/** @type {Record<string, string>} */
const outputs = Object.fromEntries((stack.Outputs ?? []).map((/** @type {any} */ { OutputKey, OutputValue }) => [OutputKey, OutputValue]));
/** @type {Record<string, string>} */
const parameters = Object.fromEntries(
  (stack.Parameters ?? []).map((/** @type {any} */ { ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
);
const { WebBucketName, WebDistributionId, WebUrl, ApiUrl } = outputs;
if (!WebBucketName || !WebDistributionId || !WebUrl || !ApiUrl) fail(`${stackName} hosts no pages; deploy it with WebHosting=on`);

const clientIds = (parameters['ClientIds'] ?? '').split(',').filter((id) => id !== '');
const clientId = values['client-id'] ?? (clientIds.length === 1 ? clientIds[0] : undefined);
if (clientId === undefined) fail('which client are the pages? ClientIds does not name exactly one; say --client-id ID');

// The API answers to one origin alone. CloudFront's own domain is known only once it exists, so a stack without a domain
// of its own is deployed twice.
if (!parameters['WebCertificate'] && parameters['WebOrigin'] !== WebUrl) {
  fail(`WebOrigin is ${parameters['WebOrigin']}, but the pages are at ${WebUrl}; deploy the stack again with WebOrigin=${WebUrl}`);
}

const config = {
  origin: parameters['WebOrigin'],
  issuer: parameters['Issuer'],
  clientId,
  apiBase: ApiUrl,
  scopes: { signIn: 'openid profile offline_access', write: 'state:write' },
};

const site = mkdtempSync(join(tmpdir(), 'web-'));
try {
  for (const name of readdirSync(web)) if (/\.(html|css|svg)$/.test(name)) cpSync(join(web, name), join(site, name));
  cpSync(join(web, 'js'), join(site, 'js'), { recursive: true });
  mkdirSync(join(site, 'vendor'));
  cpSync(join(web, 'node_modules/oauth4webapi/build/index.js'), join(site, 'vendor/oauth4webapi.js'));
  writeFileSync(join(site, 'config.js'), `export default ${JSON.stringify(config, null, 2)};\n`);
  aws('s3', 'sync', site, `s3://${WebBucketName}`, '--delete', '--only-show-errors');
} finally {
  rmSync(site, { recursive: true });
}
aws('cloudfront', 'create-invalidation', '--distribution-id', WebDistributionId, '--paths', '/*');
console.log(`${config.origin} is up to date.
Registered at the issuer it must be with these, exactly:
  sign-in redirect URI   ${config.origin}/callback.html
  sign-out redirect URI  ${config.origin}/signed-out.html
  trusted origin (CORS)  ${config.origin}`);
