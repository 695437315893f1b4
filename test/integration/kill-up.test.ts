import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import type { PlanView } from '../../api/contract/plans.js';
import type { ApiClient } from '../../cli/api-client.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeDisk } from '../../core/disk/node.js';
import { SILENT_LOG } from '../../core/log.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import { FORWARD_STATES, SWITCH } from '../../core/table-store/records/switch.js';
import { TableView } from '../../core/table-store/view.js';
import { freePort } from '../../demo/free-port.js';
import { RunningUp } from '../support/foreshift.js';
import type { Ran } from '../support/journaled-server.js';
import { JournaledServer, ranTwice, runsOf } from '../support/journaled-server.js';
import { Operator } from '../support/operator.js';
import { untilWithin } from '../support/until.js';

/*
 * `foreshift up` is killed at moments all over a switch, under traffic, and started again. In which state of the
 * switch it died is read from its own disk, so the test knows that it met them all.
 */

const RESOURCES = ['vol-1', 'vol-2', 'vol-3', 'vol-4'];
const SECRET = 'a secret for the test of kills';
const KILLS_MAX = 60;

const clock = new SystemClock();
const until = untilWithin(30_000);
const journal: Ran[] = [];
/** By id: what the client was told. */
const told = new Map<string, 'answered' | 'not-executed' | 'unknown' | 'broken'>();
let folder = '';
let up: RunningUp;
let servers: JournaledServer[] = [];
let proxyPort = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-kill-'));
  proxyPort = await freePort();
  const agentsPort = await freePort();
  await writeFile(
    join(folder, 'foreshift.yaml'),
    [
      'mode: propose',
      'log: { level: error }',
      'api: { listen: "127.0.0.1:0" }',
      'health: { listen: "127.0.0.1:0" }',
      `agents: { listen: "127.0.0.1:${agentsPort}", callTimeoutMs: 3000 }`,
      `listeners: [{ listen: "127.0.0.1:${proxyPort}" }]`,
      'redirector: { memberLeaseMs: 3000, healthCheckMs: 200, servingLeaseMs: 10000 }',
      '',
    ].join('\n'),
  );
  servers = await JournaledServer.startAll(['s1', 's2'], {
    resources: RESOURCES,
    registration: `http://127.0.0.1:${agentsPort}`,
    secret: SECRET,
    journal,
    diskMs: 15,
    workMs: 10,
  });
  up = await RunningUp.start(folder, { FORESHIFT_SECRET: SECRET });
  await operator().placed(RESOURCES.length);
});

afterAll(async () => {
  await up.stop();
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const operator = (): Operator => new Operator(up.ready.api, until);
const api = (): ApiClient => operator().api;

/** What the disk of the killed service says: the state of the open switch, and who serves what. */
async function onDisk() {
  const store = await EmbeddedTableStore.open({
    disk: new NodeDisk(join(folder, 'data')),
    log: SILENT_LOG,
  });
  const view = new TableView({ store, clock, log: SILENT_LOG });
  await view.sync();
  const open = view.get(SWITCH, 'open')?.value;
  const places = new Map([...view.table.entries()].map(([id, { server }]) => [id, server]));
  await store.close();
  return { open, places };
}

/** Looks at the journal of the table store until the open switch is in a state that is wanted. */
async function untilState(wanted: ReadonlySet<string>): Promise<void> {
  const table = join(folder, 'data', 'table');
  const endMs = clock.monotonicMs() + 10_000;
  while (clock.monotonicMs() < endMs) {
    const names = readdirSync(table).filter((name) => name.startsWith('journal-'));
    const newest = names.sort((a, b) => Number(a.slice(8)) - Number(b.slice(8))).at(-1);
    const text = readFileSync(join(table, newest ?? ''), 'latin1');
    const record = text.slice(text.lastIndexOf('{"key":"switch/open"'));
    const state = /^[^\0]*?"state":"(\w+)"/.exec(record)?.[1] ?? '';
    if (wanted.has(state)) return;
    await clock.sleep(1);
  }
}

/** Requests without end until told; what became of each is in `told`. */
async function traffic(isOver: () => boolean): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${proxyPort}`, { connections: 8, pipelining: 1 });
  const workers = Array.from({ length: 6 }, async (_, worker) => {
    for (let number = 0; !isOver(); number++) {
      const id = `${worker}-${number}`;
      const resource = RESOURCES[(worker + number) % RESOURCES.length] ?? '';
      try {
        const { statusCode, headers, body } = await pool.request({
          path: `/${resource}/x`,
          method: 'POST',
          headers: { 'x-id': id },
          body: 'hello',
        });
        const text = await body.text();
        const executed = headers['foreshift-executed'];
        if (statusCode === 200 && text === id) told.set(id, 'answered');
        else told.set(id, executed === 'no' ? 'not-executed' : 'unknown');
      } catch {
        told.set(id, 'broken');
        await clock.sleep(50);
      }
    }
  });
  await Promise.all(workers);
  await pool.close();
}

describe('kill -9 in the middle of a switch', () => {
  it('leaves whole batches only, and nothing that ran runs again', async () => {
    const left = new Set<string>(FORWARD_STATES);
    let isOver = false;
    const running = traffic(() => isOver);
    for (let kill = 0; kill < KILLS_MAX && left.size > 0; kill++) {
      const pair = kill % 2 === 0 ? RESOURCES.slice(0, 2) : RESOURCES.slice(2);
      await operator().settled();
      const before = await operator().places();
      for (const resource of pair) await operator().pinElsewhere(resource);
      await untilState(left);
      await up.kill();
      const { open, places } = await onDisk();
      if (open !== undefined) {
        left.delete(open.state);
        const isCommitted = open.state === 'committed' && open.returnGeneration === null;
        for (const { resource, source, target } of open.moves) {
          expect(places.get(resource)).toBe(isCommitted ? target : source);
        }
      }
      for (const [resource, server] of before) {
        if (!pair.includes(resource)) expect(places.get(resource as never)).toBe(server);
      }
      up = await RunningUp.start(folder, { FORESHIFT_SECRET: SECRET });
    }
    await operator().settled();
    isOver = true;
    await running;
    expect([...left]).toEqual([]);

    expect(ranTwice(journal)).toEqual([]);
    const runs = runsOf(journal);
    for (const [id, outcome] of told) {
      if (outcome === 'answered') expect([id, runs.get(id)]).toEqual([id, 1]);
      if (outcome === 'not-executed') expect([id, runs.get(id)]).toEqual([id, undefined]);
    }
    expect([...told.values()].filter((outcome) => outcome === 'answered').length).toBeGreaterThan(
      100,
    );
  }, 240_000);

  it('keeps drain states, modes and pauses', async () => {
    await api().post('/v1/servers/s2/state', { state: 'draining', by: 'ann', reason: 'disk swap' });
    await api().post('/v1/mode', { mode: 'observe', by: 'ann' });
    await api().post('/v1/pause', { by: 'ann', reason: 'audit' });
    await up.kill();
    up = await RunningUp.start(folder, { FORESHIFT_SECRET: SECRET });
    const { servers: known, mode, paused } = await operator().status();
    const drained = known.find(({ id }) => id === 's2');
    expect(drained).toMatchObject({
      state: 'draining',
      because: { by: 'ann', reason: 'disk swap' },
    });
    expect({ mode, by: paused?.by }).toEqual({ mode: 'observe', by: 'ann' });
    await api().post('/v1/resume', { by: 'ann' });
    await api().post('/v1/servers/s2/state', { state: 'ready', by: 'ann' });
  });

  it('forgets no plan that waits, nor how a plan ended', async () => {
    const history = await api().get<{ plans: { id: string; status: string }[] }>('/v1/history');
    await up.kill();
    up = await RunningUp.start(folder, { FORESHIFT_SECRET: SECRET });
    const after = await api().get<{ plans: { id: string; status: string }[] }>('/v1/history');
    expect(after.plans.map(({ id }) => id)).toEqual(
      expect.arrayContaining(history.plans.map(({ id }) => id)),
    );
    const [last] = after.plans;
    const plan = await api().get<PlanView>(`/v1/plans/${last?.id ?? ''}`);
    expect(plan.moves.length).toBeGreaterThan(0);
  });
});
