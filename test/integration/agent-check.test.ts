import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { AgentCheck } from '../../api/agent-check.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import { OUTBOUND_DEFAULTS, OutboundGuard } from '../../core/net/guard.js';
import { Draft } from '../../core/table-store/draft.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import { HEADROOM } from '../../core/table-store/records/headroom.js';
import { LOST, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { TableView } from '../../core/table-store/view.js';
import { SERVER_RECORD } from '../support/control-plane.js';
import { itWith } from '../support/installed.js';
import { s } from '../support/names.js';
import { untilWithin } from '../support/until.js';

const clock = new SystemClock();
const until = untilWithin(10_000);
const STAND = { by: 'test', reason: '', sinceMs: 0 };

let folder: string;
let check: AgentCheck;
let haproxy: ChildProcess | undefined;
let store: MemoryTableStore;
let view: TableView;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-agent-check-'));
  store = new MemoryTableStore();
  view = new TableView({ store, clock, log: SILENT_LOG });
  await write(new Draft().put(SERVER, s('s1'), SERVER_RECORD).put(SERVER, s('s2'), SERVER_RECORD));
  check = new AgentCheck(
    { net: new NodeNet(clock, new OutboundGuard(OUTBOUND_DEFAULTS)), clock, view },
    {
      listen: { host: '127.0.0.1', port: 0 },
      from: ['127.0.0.0/8'],
      connectionsMax: 100,
      timeoutMs: 2000,
    },
  );
  await check.start();
});

afterEach(async () => {
  if (haproxy !== undefined) {
    const ended = once(haproxy, 'exit');
    haproxy.kill('SIGKILL');
    await ended;
    haproxy = undefined;
  }
  await check.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function write(draft: Draft): Promise<void> {
  await store.transact(draft.transaction);
  await view.sync();
}

/** A real HAProxy with three servers that it asks us about, and does not check itself; one of them we do not know. */
async function startHaproxy(): Promise<void> {
  const agent = (name: string): string =>
    `agent-check agent-inter 50ms agent-addr 127.0.0.1 agent-port ${check.address.port} agent-send "${name}\\n"`;
  const config = `
global
  stats socket ${folder}/stats mode 600 level admin
defaults
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout check 1s
backend all
  server s1 127.0.0.1:1 weight 100 ${agent('s1')}
  server s2 127.0.0.1:1 weight 100 ${agent('s2')}
  server s9 127.0.0.1:1 weight 100 ${agent('s9')}
`;
  await writeFile(join(folder, 'haproxy.cfg'), config);
  const started = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
  haproxy = started;
}

/** `status/weight` of each server, as HAProxy has it. */
async function standings(): Promise<Record<string, string>> {
  const socket = connect(join(folder, 'stats'));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write('show stat\n');
  await once(socket, 'end');
  const [head = '', ...rows] = Buffer.concat(chunks).toString().trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const found: Record<string, string> = {};
  for (const row of rows.map((line) => line.split(','))) {
    const at = (column: string): string => row[columns.indexOf(column)] ?? '';
    if (at('svname') !== 'BACKEND') found[at('svname')] = `${at('status')}/${at('weight')}`;
  }
  return found;
}

async function standsAt(wanted: Readonly<Record<string, RegExp>>): Promise<void> {
  let last: Record<string, string> = {};
  const describesAll = async (): Promise<boolean> => {
    // It may not listen yet.
    last = await standings().catch(() => ({}));
    return Object.entries(wanted).every(([server, pattern]) => pattern.test(last[server] ?? ''));
  };
  await until('HAProxy has taken it over', describesAll).catch((cause: unknown) => {
    throw new Error(`HAProxy has ${JSON.stringify(last)}`, { cause });
  });
}

itWith('haproxy')(
  'a real HAProxy takes weights, drains and losses over, and takes them back',
  async () => {
    const madeAtMs = clock.realtimeMs();
    const shares = { [s('s1')]: 0.62, [s('s2')]: 0.2 };
    await write(
      new Draft().put(HEADROOM, 'forecast', { madeAtMs, untilMs: madeAtMs + 600_000, shares }),
    );
    await startHaproxy();
    await standsAt({ s1: /\/62$/, s2: /\/20$/, s9: /\/100$/ });
    await write(
      new Draft()
        .put(SERVER_STATE, s('s1'), { state: 'draining', ...STAND })
        .put(SERVER_STATE, s('s2'), { state: 'maintenance', ...STAND }),
    );
    await standsAt({ s1: /^DRAIN/, s2: /^MAINT/, s9: /\/100$/ });
    await write(
      new Draft()
        .remove(SERVER_STATE, s('s1'))
        .remove(SERVER_STATE, s('s2'))
        .put(LOST, s('s1'), { loss: '1', evidence: 'silent', how: 'test', sinceMs: 0 }),
    );
    await standsAt({ s1: /^DOWN/, s2: /^(no check|UP)\/20$/ });
    await write(new Draft().remove(LOST, s('s1')));
    await standsAt({ s1: /^(no check|UP)\/62$/, s2: /^(no check|UP)\/20$/ });
  },
);
