#!/usr/bin/env node
import { keepYoungSpaceSmall } from '../core/threads/young-space.js';
import { productVersion } from './product.js';

// What carries traffic has little that is new and long needed; what plans and trains has much.
if (process.argv.includes('redirector')) keepYoungSpaceSmall();

const { runProgram } = await import('./program.js');
const { VERBS } = await import('./verbs/all.js');
process.exitCode = await runProgram(process.argv.slice(2), {
  version: await productVersion(),
  verbs: VERBS,
});
