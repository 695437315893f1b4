#!/usr/bin/env node
import { productVersion } from './product.js';
import { runProgram } from './program.js';
import { verbsFor } from './verbs/found.js';

const args = process.argv.slice(2);
process.exitCode = await runProgram(args, {
  version: await productVersion(),
  verbs: await verbsFor(args),
});
