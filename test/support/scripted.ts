import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Address } from '../../core/domain.js';

/*
 * Both ends of a proxy by script, step by step over real sockets, as HAProxy's and Varnish's VTest do: a client's or a server's
 * connection says, hears, closes, and waits for what another script has told. For faults that need an exact order of events.
 */

const STEP_TIMEOUT_MS = 5000;
const SILENCE_MS = 100;

type Step = (end: ScriptedEnd) => Promise<void> | void;
export type Script = readonly Step[];

export function says(text: string): Step {
  return (end) => {
    end.socket.write(text, 'latin1');
  };
}

/** Reads up to where this stands for the first time. */
export function hears(pattern: RegExp): Step {
  return (end) => end.hear(pattern);
}

/** Nothing comes for a while. */
export function hearsNothing(): Step {
  return async (end) => {
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    if (end.unread !== '') throw new Error(`hears ${JSON.stringify(end.unread)}`);
  };
}

/** The other side sends no more, and has said nothing that was not read. */
export function hearsEnd(): Step {
  return (end) => end.hearEnd();
}

export function closes(): Step {
  return (end) => {
    end.socket.end();
  };
}

export function resets(): Step {
  return (end) => {
    end.socket.resetAndDestroy();
  };
}

export function reads(isWanted: boolean): Step {
  return (end) => {
    if (isWanted) end.socket.resume();
    else end.socket.pause();
  };
}

/** What is no end's own: a switch, a look at counters. */
export function does(act: () => Promise<void> | void): Step {
  return act;
}

/** A word between scripts: told once, waited for by any. */
export class Signal {
  readonly #told: Promise<void>;
  #tell: () => void = () => undefined;

  constructor() {
    this.#told = new Promise((resolve) => (this.#tell = resolve));
  }

  readonly tell: Step = () => {
    this.#tell();
  };

  readonly wait: Step = () => this.#told;
}

/** A server whose first connection goes by the first script, and so on: one more than there are scripts is a fault. */
export class ScriptedServer {
  readonly address: Address;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scripts: readonly Script[];
  readonly #played: Promise<void>[] = [];
  #connections = 0;

  private constructor(server: Server, scripts: readonly Script[]) {
    this.#server = server;
    this.#scripts = scripts;
    this.address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      this.#play(socket);
    });
  }

  static async start(...scripts: readonly Script[]): Promise<ScriptedServer> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedServer(server, scripts);
  }

  /** @throws if a script was not played to its end, or somebody connected once more */
  async finished(): Promise<void> {
    await Promise.all(this.#played);
    if (this.#connections !== this.#scripts.length) {
      throw new Error(`${this.#connections} connections, scripts for ${this.#scripts.length}`);
    }
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #play(socket: Socket): void {
    const script = this.#scripts[this.#connections];
    this.#connections += 1;
    if (script === undefined) return;
    const played = play(`server's connection ${this.#connections}`, socket, script);
    // Heard by `finished`, which is called once the clients are done.
    played.catch(() => undefined);
    this.#played.push(played);
  }
}

/** A client's connection by script. @throws with the step that did not come true */
export async function playClient(to: Address, ...script: Script): Promise<void> {
  const socket = connect({ ...to, noDelay: true, allowHalfOpen: true });
  try {
    await play('client', socket, script);
  } finally {
    socket.destroy();
  }
}

async function play(who: string, socket: Socket, script: Script): Promise<void> {
  const end = new ScriptedEnd(socket);
  for (const [at, step] of script.entries()) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`waits in vain; unread: ${JSON.stringify(end.unread.slice(0, 300))}`));
      }, STEP_TIMEOUT_MS);
    });
    try {
      await Promise.race([step(end), late]);
    } catch (error) {
      throw new Error(`${who}, step ${at + 1}: ${(error as Error).message}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

class ScriptedEnd {
  readonly socket: Socket;
  unread = '';
  #hasEnded = false;
  #look: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket
      .on('data', (bytes) => {
        this.unread += bytes.toString('latin1');
        this.#look();
      })
      .on('error', () => undefined);
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.#hasEnded = true;
        this.#look();
      });
    }
  }

  async hear(pattern: RegExp): Promise<void> {
    await this.#until(() => pattern.test(this.unread));
    const found = pattern.exec(this.unread);
    if (found === null)
      throw new Error(`${String(pattern)} never came: ${JSON.stringify(this.unread)}`);
    this.unread = this.unread.slice(found.index + found[0].length);
  }

  async hearEnd(): Promise<void> {
    await this.#until(() => false);
    if (this.unread !== '') throw new Error(`hears ${JSON.stringify(this.unread)} before the end`);
  }

  /** It came true, or nothing more can come. */
  #until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (isMet() || this.#hasEnded) resolve();
      };
      this.#look();
    });
  }
}
