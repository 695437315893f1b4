#!/usr/bin/env node
import { productVersion } from './product.js';
import { runProgram } from './program.js';
import { VERBS } from './verbs/all.js';

process.exitCode = await runProgram(process.argv.slice(2), {
  version: await productVersion(),
  verbs: VERBS,
});
