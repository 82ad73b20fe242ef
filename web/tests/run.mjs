/**
 * Runs the scenarios in a browser, on the pages of a running stack: `cargo test -p tests --test browser` starts both. With
 * an argument, it runs only scenarios with the argument in their name. SCENARIOS names another file of scenarios.
 */

import { close, launch, screenshot, Visitor } from './browser.mjs';

const { scenarios } = await import(process.env['SCENARIOS'] ?? './scenarios.mjs');
const wanted = process.argv[2] ?? '';
let failed = 0;
await launch();
try {
  for (const [name, play] of Object.entries(scenarios)) {
    if (!name.includes(wanted)) continue;
    const started = Date.now();
    /** @type {Visitor[]} */
    const visitors = [];
    const arrive = async () => {
      const visitor = await Visitor.arrive();
      visitors.push(visitor);
      return visitor;
    };
    /** @type {string[]} */
    const faults = [];
    try {
      await play({ visitor: await arrive(), second: arrive });
    } catch (error) {
      faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      const pages = visitors.flatMap(({ context }) => context.pages());
      for (const [index, page] of pages.entries()) await screenshot(page, `failed-${failed + 1}-${index}`).catch(() => {});
      faults.push(`the pages were: ${pages.map((page) => page.url()).join(', ')}`);
    }
    for (const visitor of visitors) {
      faults.push(...visitor.faults);
      await visitor.leave();
    }
    if (faults.length > 0) failed += 1;
    console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${Date.now() - started} ms)`);
    for (const fault of faults) console.log(`    ${fault.replaceAll('\n', '\n    ')}`);
  }
} finally {
  await close();
}
process.exitCode = failed === 0 ? 0 : 1;
