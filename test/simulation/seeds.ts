import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

/**
 * A share of the seeds, in a process of their own: within jest they would take half as long again. Several files
 * take a share each, so that jest's workers run them on as many cores as there are.
 */
export function describeSeeds(from: number, to: number): void {
  describe(`simulation, seeds ${from} to ${to}`, () => {
    it('holds every rule, and does the same when run again', async () => {
      const script = fileURLToPath(new URL('./main.js', import.meta.url));
      // A larger nursery: what a seed makes lives no longer than the seed.
      const args = [
        '--max-semi-space-size=64',
        script,
        '--from',
        String(from),
        '--to',
        String(to),
        '--twice',
        '50',
      ];
      const output = await new Promise<string>((resolve) => {
        execFile(process.execPath, args, (_error, stdout, stderr) => {
          resolve(stdout + stderr);
        });
      });
      expect(output).toMatch(new RegExp(`^${to - from + 1} seeds, 0 failed`));
    }, 900_000);
  });
}
