import { createRequire } from 'node:module';
import { main } from './judge.mjs';
import { normal } from './normal.mjs';

const { apply } = createRequire(import.meta.url)('json-merge-patch');

await main(({ document, patch }) => ({ outcome: normal(apply(document, patch)), reason: 'applied' }));
