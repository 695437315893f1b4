import { describe, expect, it } from '@jest/globals';
import { configSchema } from '../../../core/config/schema.js';
import type { StorageProtocol } from '../../../demo/storage-scene.js';
import {
  CAPACITY_HITS,
  VOLUMES,
  levelAt,
  pastDays,
  storageSettings,
} from '../../../demo/storage-scene.js';

const DAY_SECONDS = 60;

function sumAt(protocol: StorageProtocol, seconds: number): number {
  return VOLUMES.filter((volume) => volume.protocol === protocol).reduce(
    (sum, volume) => sum + levelAt(volume, 1000 * seconds).perSecond,
    0,
  );
}

describe('a day of the storage demo', () => {
  it.each(['iscsi', 'nfs'] as const)(
    'begins with room for all %s volumes on one server, and not so its afternoon, which two can bear',
    (protocol) => {
      const sums = Array.from({ length: DAY_SECONDS }, (_, second) => sumAt(protocol, second));
      expect(Math.max(...sums.slice(0, 30))).toBeLessThan(CAPACITY_HITS / 2);
      expect(Math.max(...sums)).toBeGreaterThan(CAPACITY_HITS);
      for (const volume of VOLUMES) {
        for (let second = 0; second < DAY_SECONDS; second++) {
          expect(levelAt(volume, 1000 * second).perSecond).toBeLessThan(0.9 * CAPACITY_HITS);
        }
      }
    },
  );

  it('says for how much longer a volume is as busy as it is', () => {
    const [, growing] = VOLUMES;
    if (growing === undefined) throw new Error('no volume');
    expect(levelAt(growing, 0)).toEqual({ seconds: 30, perSecond: 20 });
    expect(levelAt(growing, 31_500)).toEqual({ seconds: 2.5, perSecond: 60 });
    // As on the day before and the day after.
    for (const ms of [-60_000, 60_000, 600_000]) {
      expect(levelAt(growing, 31_500 + ms)).toEqual(levelAt(growing, 31_500));
    }
  });

  it('is what the days before were, up to where it begins', () => {
    const { loads, grid, resources } = pastDays();
    expect(resources).toEqual(VOLUMES.map(({ resource }) => resource));
    const { hits = new Float32Array(0) } = loads;
    for (const [row, volume] of VOLUMES.entries()) {
      const last = hits[(row + 1) * grid.steps - 1];
      expect(last).toBe(levelAt(volume, -grid.stepMs).perSecond);
    }
    expect(hits.every((value) => value > 0)).toBe(true);
  });

  it('is shown by a config that a user could write', () => {
    const paths = Object.fromEntries(VOLUMES.map(({ resource }) => [resource, `/d/${resource}`]));
    const ports = { api: 1, agents: 2, iscsi: 3, nfs: 4, mounts: { 'nfs-1': 5 }, paths };
    const config = configSchema.parse(storageSettings('auto', ports));
    expect(config.iscsi.targets.map(({ resource }) => resource)).toEqual(['disk-1', 'disk-2']);
    expect(config.nfs.exports.map(({ serverPath }) => serverPath)).toEqual([
      '/d/home-1',
      '/d/home-2',
    ]);
  });
});
