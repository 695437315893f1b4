import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Spool } from '../../collector/spool.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeDisk } from '../../core/disk/node.js';
import { SILENT_LOG } from '../../core/log.js';
import { valuesOf } from '../support/samples.js';

const WRITER = fileURLToPath(new URL('../support/spool-writer.js', import.meta.url));

describe('the spool on a real disk', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foreshift-spool-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Lets a process append from `first` on and kills it at an acknowledgement; what was acknowledged last. */
  function writeAndKill(first: number, count: number): Promise<number> {
    const writer = spawn(process.execPath, [WRITER, folder, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let last = NaN;
    createInterface(writer.stdout).on('line', (line) => {
      last = Number(line);
      if (last >= first + count) writer.kill('SIGKILL');
    });
    return new Promise((resolve) => {
      writer.once('close', () => {
        resolve(last);
      });
    });
  }

  it('loses nothing acknowledged to kill -9, again and again, and keeps the order', async () => {
    let acknowledged = -1;
    for (const count of [0, 3, 40, 7, 90])
      acknowledged = await writeAndKill(acknowledged + 1, count);
    const parts = { disk: new NodeDisk(folder), clock: new SystemClock(), log: SILENT_LOG };
    const spool = await Spool.open(parts);
    const kept: number[] = [];
    for (let batch = await spool.peek(); batch !== undefined; batch = await spool.peek()) {
      kept.push(...valuesOf(batch));
      spool.shift(batch);
    }
    await spool.close();
    expect(acknowledged).toBeGreaterThanOrEqual(140);
    // One more may have been written and not acknowledged at each kill; the next life wrote it again.
    const distinct = [...new Set(kept)];
    expect(distinct.slice(0, acknowledged + 1)).toEqual([...Array(acknowledged + 1).keys()]);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  });
});
