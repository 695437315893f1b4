import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatAddress } from '../core/domain.js';
import type { PeerKind } from '../test/support/peer-proxy.js';
import { HAPROXY, PeerProxy } from '../test/support/peer-proxy.js';

/** Entries of a map that go in one command. */
const SLICE = 500;
const POLL_MS = 1;

/** Holds what a second map names; a Lua action can only sleep and look again. */
const HOLD_LUA = (file: string): string => `
local held = Map.new("${file}", Map._str)
core.register_action("hold", { "http-req" }, function(txn)
  while held:lookup(txn:get_var("txn.resource")) do core.msleep(2) end
end)
`;

/**
 * HAProxy as somebody runs it who has resources and no Foreshift: a map from resource to server, changed through its admin
 * socket. Alone it moves a resource while its server still works on it; with a hold in Lua and a count of what is in flight for
 * each resource, exactly one server works on it.
 */
export class MappedHaproxy {
  readonly #proxy: PeerProxy;
  readonly #admin: AdminSocket;
  readonly #folder: string;
  readonly #resources: number;

  private constructor(proxy: PeerProxy, admin: AdminSocket, folder: string, resources: number) {
    this.#proxy = proxy;
    this.#admin = admin;
    this.#folder = folder;
    this.#resources = resources;
  }

  /** @param backends two; all resources, `vol-0`, `vol-1`, …, begin at the first */
  static async start(
    backends: readonly number[],
    resources: number,
    core: number | undefined,
  ): Promise<MappedHaproxy> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-haproxy-maps-'));
    await writeFile(join(folder, 'owners.map'), namesOf(0, resources, ' s0').join('\n'));
    await writeFile(join(folder, 'held.map'), '');
    await writeFile(join(folder, 'hold.lua'), HOLD_LUA(join(folder, 'held.map')));
    const kind: PeerKind = {
      ...HAPROXY,
      configOf: (settings) => configOf(settings.listen, folder, backends),
    };
    const backend = { host: '127.0.0.1', port: backends[0] ?? 0 };
    const proxy = await PeerProxy.start(kind, backend, { core });
    const admin = await AdminSocket.open(join(folder, 'admin'));
    return new MappedHaproxy(proxy, admin, folder, resources);
  }

  get port(): number {
    return this.#proxy.address.port;
  }

  /** The last `count` resources to a server, entry by entry. @returns ms */
  async setMap(count: number, server: string): Promise<number> {
    const owners = join(this.#folder, 'owners.map');
    const names = namesOf(this.#resources - count, this.#resources);
    const startedMs = performance.now();
    for (const name of names) await this.#admin.say(`set map ${owners} ${name} ${server}`);
    const tookMs = performance.now() - startedMs;
    await this.#check(count, server);
    return tookMs;
  }

  /** The same as one change: held, drained, a new map made and committed, resumed. @returns ms */
  async hold(count: number, server: string): Promise<number> {
    const owners = join(this.#folder, 'owners.map');
    const held = join(this.#folder, 'held.map');
    const first = this.#resources - count;
    const names = namesOf(first, this.#resources);
    const startedMs = performance.now();
    const version = /version created: (\d+)/.exec(
      await this.#admin.say(`prepare map ${owners}`),
    )?.[1];
    // A map that is prepared begins empty: whoever stays is in it too.
    const stay = namesOf(0, first, ' s0');
    const go = namesOf(first, this.#resources, ` ${server}`);
    await this.#add(`@${version ?? ''} ${owners}`, [...stay, ...go]);
    await this.#add(
      held,
      names.map((name) => `${name} 1`),
    );
    await this.#drained();
    await this.#admin.say(`commit map @${version ?? ''} ${owners}`);
    await this.#admin.say(`clear map ${held}`);
    const tookMs = performance.now() - startedMs;
    await this.#check(count, server);
    return tookMs;
  }

  async dispose(): Promise<void> {
    this.#admin.close();
    await this.#proxy.dispose();
    await rm(this.#folder, { recursive: true });
  }

  async #add(map: string, entries: readonly string[]): Promise<void> {
    for (let at = 0; at < entries.length; at += SLICE) {
      const slice = entries.slice(at, at + SLICE);
      await this.#admin.say(`add map ${map} <<\n${slice.join('\n')}\n`);
    }
  }

  /** @throws if it did not do what it was told */
  async #check(count: number, server: string): Promise<void> {
    const owners = await this.#admin.say(`show map ${join(this.#folder, 'owners.map')}`);
    const there = owners.split('\n').filter((line) => line.endsWith(` ${server}`)).length;
    if (there !== count) throw new Error(`HAProxy: ${there} of ${count} are at ${server}`);
  }

  /** All resources that are asked for here are held, so that nobody else's work is waited for. */
  async #drained(): Promise<void> {
    for (;;) {
      const working = await this.#admin.say('show table working data.conn_cur gt 0');
      if (!working.includes('key=')) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function namesOf(from: number, to: number, suffix = ''): string[] {
  return Array.from({ length: to - from }, (_, at) => `vol-${from + at}${suffix}`);
}

function configOf(
  listen: { readonly host: string; readonly port: number },
  folder: string,
  backends: readonly number[],
): string {
  const servers = backends.map(
    (port, at) => `backend s${at}\n  server s ${formatAddress({ host: '127.0.0.1', port })}\n`,
  );
  return `global
  nbthread 1
  tune.bufsize 65536
  stats socket ${folder}/admin level admin
  lua-load ${folder}/hold.lua
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend clients
  bind ${formatAddress(listen)}
  http-request set-var(txn.resource) path,field(2,/)
  http-request lua.hold
  http-request track-sc0 var(txn.resource) table working
  use_backend %[var(txn.resource),map(${folder}/owners.map,s0)]
backend working
  stick-table type string len 32 size 200k store conn_cur
${servers.join('')}`;
}

/** HAProxy's runtime commands over one connection that stays. */
class AdminSocket {
  readonly #socket: Socket;
  #said = '';
  #whole: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#said += text;
      if (/(^|\n)> $/.test(this.#said)) this.#whole?.();
    });
  }

  static async open(path: string): Promise<AdminSocket> {
    const socket = connect(path);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const admin = new AdminSocket(socket);
    await admin.say('prompt');
    await admin.say('set timeout cli 1h');
    return admin;
  }

  /** One at a time. @throws with HAProxy's words, if it does not know the command */
  async say(command: string): Promise<string> {
    this.#said = '';
    const whole = new Promise<void>((resolve) => (this.#whole = resolve));
    this.#socket.write(`${command}\n`);
    await whole;
    const answer = this.#said.slice(0, -'> '.length);
    if (/unknown|invalid|error/i.test(answer))
      throw new Error(`HAProxy: ${command.slice(0, 80)}: ${answer}`);
    return answer;
  }

  close(): void {
    this.#socket.destroy();
  }
}
