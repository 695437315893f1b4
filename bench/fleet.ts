import { parseArgs } from 'node:util';
import type { FleetOptions } from '../test/rig/fleet.js';
import { faultsOf, runFleet } from '../test/rig/fleet.js';

/*
 * Three redirectors as processes, a real Redis, 10,000 resources on 60 light servers: the whole table is moved in batches
 * under load until there were enough requests. `npm run bench -- fleet [--requests 1000000] [--batch 100] [--pause 0]`
 */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    resources: { type: 'string', default: '10000' },
    servers: { type: 'string', default: '60' },
    batch: { type: 'string', default: '100' },
    clients: { type: 'string', default: '8' },
    pause: { type: 'string', default: '0' },
  },
});

const options: FleetOptions = {
  resources: Number(values.resources),
  servers: Number(values.servers),
  hosts: 1,
  requestsMin: Number(values.requests),
  batchMovesMax: Number(values.batch),
  clientsEach: Number(values.clients),
  pauseMs: Number(values.pause),
  say: (line) => {
    console.log(line);
  },
};
const result = await runFleet(options);

const sorted = [...result.resumedMs].sort((a, b) => a - b);
const at = (share: number): string =>
  (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);
const { requests, answered, moved, batches, seconds } = result;
console.log(`${requests} requests in ${seconds.toFixed(0)} s, ${answered} answered`);
console.log(`${moved} moves in ${batches} batches`);
console.log(`commit until the last redirector goes on: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
const faults = faultsOf(result, options);
console.log(`faults: ${faults.join(' | ') || 'none'}`);
process.exitCode = faults.length > 0 ? 1 : 0;
