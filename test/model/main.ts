import { BROKEN, LARGE_PROMISES, LIMITS_OF_DESIGN, PROMISES, REDUNDANT } from './checks.js';
import { search } from './spin.js';

/* `node dist/test/model/main.js`: all searches of the tests, with what each cost; `--large`: the larger ones too. */

const limits = { memoryMb: 12_000, timeoutMs: 3_600_000 };
const isLarge = process.argv.includes('--large');
const all = [PROMISES, BROKEN, LIMITS_OF_DESIGN, REDUNDANT, ...(isLarge ? [LARGE_PROMISES] : [])];
for (const variant of all.flat()) {
  const { violation, states, seconds, memoryMb } = await search(variant, limits);
  const cost = `${states} states, ${seconds} s, ${Math.round(memoryMb)} MB`;
  process.stdout.write(`${variant.model}: ${variant.name}: ${violation ?? 'holds'} (${cost})\n`);
}
