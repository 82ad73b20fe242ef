import patches from 'fast-json-patch';
import { main } from './judge.mjs';
import { normal } from './normal.mjs';

await main(({ document, patch }) => {
  const { newDocument } = patches.applyPatch(document, patch, true, false);
  return { outcome: normal(newDocument), reason: 'applied' };
});
