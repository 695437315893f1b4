import type { LoadFnOutput, LoadHookContext } from 'node:module';
import type { Mutant } from './mutant.js';
import { mutated } from './mutant.js';

/* Node's hooks for loading modules, in a thread of their own: one file is changed as it is read. */

type NextLoad = (url: string, context: LoadHookContext) => Promise<LoadFnOutput>;

let planted: Mutant | undefined;

export function initialize(mutant: Mutant): void {
  planted = mutant;
}

export async function load(
  url: string,
  context: LoadHookContext,
  nextLoad: NextLoad,
): Promise<LoadFnOutput> {
  const loaded = await nextLoad(url, context);
  if (planted === undefined || !url.endsWith(`/${planted.file}`)) return loaded;
  const source = Buffer.from(loaded.source as Uint8Array).toString();
  return { ...loaded, source: mutated(source, planted) };
}
