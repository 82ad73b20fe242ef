/**
 * The local OpenID provider. It prints one line of JSON to stdout when it is ready, and everything else to stderr. It ends
 * when its stdin ends, so that it never outlives the process that started it.
 */

// The library writes notices to stdout, where only the line with the issuer may be.
console.log = console.info = console.error;

// The library also warns about every runtime before Node 22. The tests beside this file pass on 20.12 and later, the
// versions in `engines`, so this process hides the warning.
const warn = console.warn;
console.warn = (text, ...rest) => String(text).includes('Unsupported runtime') || warn(text, ...rest);

const { settingsFrom } = await import('./settings.mjs');
const { startIssuer } = await import('./issuer.mjs');

/** Exit codes: 2 for wrong settings, 3 for a port in use, 1 for any other error. @param {any} error */
function fail(error) {
  if (error.code === 'EADDRINUSE') {
    console.error(`port ${error.port} on 127.0.0.1 is in use; choose another with ISSUER_PORT`);
    process.exit(3);
  }
  console.error(error.message);
  process.exit(1);
}

let settings;
try {
  settings = settingsFrom(process.env);
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exit(2);
}

const { issuer, close } = await startIssuer(settings).catch(fail);
process.stdout.write(`${JSON.stringify({ issuer })}\n`);

const end = () => void close().then(() => process.exit(0));
process.once('SIGTERM', end).once('SIGINT', end);
process.stdin.once('end', end).once('close', end).resume();
