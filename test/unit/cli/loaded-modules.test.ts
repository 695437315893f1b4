import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { productFolder } from '../../../cli/product.js';

const DIST = resolve(productFolder, 'dist');
const IMPORT = /^(?:import|export)\s(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;

/** What is loaded with a module, whatever is asked of it: our own as paths from the root, packages by their names. */
function loadedWith(entry: string): Set<string> {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    const name = relative(DIST, file);
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (target.startsWith('.')) load(resolve(dirname(file), target));
      else if (!target.startsWith('node:')) loaded.add(target);
    }
  };
  load(resolve(DIST, entry));
  return loaded;
}

describe('what the command line loads before it knows what is asked of it', () => {
  const loaded = loadedWith('cli/verbs/all.js');

  it('has all verbs and the data plane', () => {
    expect([...loaded]).toEqual(
      expect.arrayContaining(['cli/verbs/up.js', 'redirector/gate.js', 'pino', 'zod']),
    );
  });

  // A process that only carries traffic had them in its memory, 60 MB in all.
  it.each(['fastify', 'bullmq', 'influx', '@tensorflow/tfjs-core', 'undici'])(
    'is not the package %s',
    (name) => {
      expect(loaded).not.toContain(name);
    },
  );

  it.each(['api/server.js', 'forecaster/round.js', 'collector/collector.js', 'replay/replay.js'])(
    'is not %s',
    (name) => {
      expect(loaded).not.toContain(name);
    },
  );
});
