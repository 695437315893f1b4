/**
 * `npm run train -- [--out FILE] [--batches N] [--loads N] [--seed N] [--backend auto|native|wasm|cpu]
 *   [--traces DIR [--leave-out TRACE]…]`: makes the weights that come with the product, from made loads and, if it
 * is given any, from the traces in DIR, one folder each. Whoever scores on a trace leaves it out.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { NodeDisk } from '../core/disk/node.js';
import { BACKENDS } from '../core/forecast.js';
import { openBackend } from '../models/neural/backend.js';
import type { Subject } from '../models/neural/school.js';
import { madeSubject, teach, traceSubject } from '../models/neural/school.js';
import { encodeWeights } from '../models/neural/weights.js';
import { TraceFolder } from './inputs.js';

/** Of the product, seen from where it was compiled to. */
const SHIPPED = fileURLToPath(new URL('../../models/neural/shipped.weights', import.meta.url));
/** How often traces are drawn from, all together, for each time that a made load is. */
const TRACES_SHARE = 1;
const TOLD_BATCHES = 250;

const { values: given } = parseArgs({
  options: {
    out: { type: 'string', default: SHIPPED },
    batches: { type: 'string', default: '9000' },
    loads: { type: 'string', default: '8000' },
    seed: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'auto' },
    traces: { type: 'string' },
    'leave-out': { type: 'string', multiple: true, default: [] },
  },
});
const { batches, loads, seed, backend } = z
  .object({
    batches: z.coerce.number().int().min(1).max(1_000_000),
    loads: z.coerce.number().int().min(1).max(100_000),
    seed: z.coerce.number().int().min(0),
    backend: z.enum(['auto', ...BACKENDS]),
  })
  .parse(given);

const opened = await openBackend(backend);
const made = madeSubject(loads, { seed });
const names = await tracesIn(given.traces, given['leave-out']);
const recorded: Subject[] = [];
const traces = new TraceFolder(given.traces ?? '');
for (const name of names) {
  recorded.push(traceSubject(await traces.read(name), TRACES_SHARE / names.length));
}
tell(`on ${opened.backend}: ${loads} made loads, traces: ${names.join(' ') || 'none'}`);

const teaching = teach([made, ...recorded], { batches, seed });
let done = 0;
for (;;) {
  const step = teaching.next();
  if (step.done === true) {
    const out = resolve(given.out);
    const bytes = encodeWeights({ values: step.value, traces: names, batches, seed });
    await new NodeDisk(dirname(out)).replace(basename(out), bytes);
    tell(`${bytes.byteLength} bytes in ${out}`);
    break;
  }
  if (++done % TOLD_BATCHES === 0)
    tell(`${done} of ${batches} batches, loss ${step.value.toFixed(4)}`);
}

/** Folders that hold a trace of their own name, but those that are left out. */
async function tracesIn(folder: string | undefined, leftOut: readonly string[]): Promise<string[]> {
  if (folder === undefined) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.filter((name) => !leftOut.includes(name)).sort();
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
