import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { foreshift } from '../support/foreshift.js';

describe('the command line', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-cli-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]) => foreshift(args, { cwd: folder });

  it('names file, line, key and what is allowed of a bad config, and starts nothing', async () => {
    await writeFile(join(folder, 'foreshift.yaml'), 'mode: auto\nplanner:\n  target: 7\n');
    for (const verb of ['up', 'config check']) {
      const { exit, stderr, stdout } = await run(...verb.split(' '));
      expect(exit).toBe(64);
      expect(stdout).toBe('');
      expect(stderr).toContain('ERR_CONFIG_INVALID: foreshift.yaml:3: planner.target');
      expect(stderr).toContain('fix:');
    }
  });

  it('refuses an unknown key and an unknown verb as wrong use', async () => {
    await writeFile(join(folder, 'foreshift.yaml'), 'modus: auto\n');
    expect(await run('config', 'check')).toMatchObject({ exit: 64 });
    expect(await run('fly')).toMatchObject({ exit: 64 });
    expect(await run('status', '--bogus')).toMatchObject({ exit: 64 });
  });

  it('says what answers no more when nothing runs', async () => {
    await writeFile(join(folder, 'foreshift.yaml'), 'api:\n  listen: 127.0.0.1:1\n');
    const { exit, stderr } = await run('status');
    expect(exit).toBe(1);
    expect(stderr).toContain('ERR_API_UNREACHABLE');
  });

  it('tells errors as one JSON value where JSON is asked for', async () => {
    const { exit, stdout } = await run('replay', 'nowhere.csv', '--json');
    expect(exit).not.toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_TRACE_UNREADABLE' } });
  });

  it('prints a config that it takes itself', async () => {
    const { stdout } = await run('config', 'print');
    await writeFile(join(folder, 'foreshift.yaml'), stdout);
    expect(await run('config', 'check')).toMatchObject({ exit: 0 });
  });

  it('prints the schema of the config in the draft that editors know', async () => {
    const { stdout } = await run('config', 'schema');
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      additionalProperties: false,
    });
  });

  it('replays a trace to the same bytes twice', async () => {
    const rows = ['timestamp,resource,cpu,memory,network,hits'];
    for (const resource of ['a', 'b', 'c', 'd']) {
      for (let step = 0; step < 600; step++) {
        const load = 1 + Math.sin((step / 48) * 2 * Math.PI + resource.charCodeAt(0));
        rows.push(`${step * 1_800_000},${resource},${load.toFixed(3)},,,`);
      }
    }
    await writeFile(join(folder, 'trace.csv'), `${rows.join('\n')}\n`);
    const reports: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const policies = 'static,reactive-50,oracle';
      const ran = await run('replay', 'trace.csv', '--policy', policies, '--servers', '2');
      expect(ran).toMatchObject({ exit: 0 });
      reports.push(
        await readFile(join(folder, 'report.json'), 'utf8'),
        await readFile(join(folder, 'report.html'), 'utf8'),
      );
    }
    expect(reports[2]).toBe(reports[0]);
    expect(reports[3]).toBe(reports[1]);
    const { policies } = JSON.parse(reports[0] ?? '{}') as { policies: { policy: string }[] };
    expect(policies.map(({ policy }) => policy)).toEqual(['static', 'reactive-50', 'oracle']);
  });
});
