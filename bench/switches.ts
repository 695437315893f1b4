import { parseArgs } from 'node:util';
import { Switches } from '../test/rig/switches.js';

/*
 * b5 of the data plane's figures: no failed request and no two servers at work on one resource, whatever clients do while resources
 * move and servers die. `npm run bench -- switches [--requests 1000000] [--switches 500] [--seed 1] [--clients 16]`
 */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    switches: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string', default: '16' },
  },
});

const startedMs = performance.now();
const result = await Switches.run({
  requestsMin: Number(values.requests),
  switchesMin: Number(values.switches),
  seed: Number(values.seed),
  clients: Number(values.clients),
  say: (line) => {
    console.log(line);
  },
});
const { failures, ...counted } = result;
console.log(JSON.stringify({ seconds: (performance.now() - startedMs) / 1000, ...counted }));
console.log(`failures: ${failures.join(' | ') || 'none'}`);
process.exitCode = failures.length > 0 ? 1 : 0;
