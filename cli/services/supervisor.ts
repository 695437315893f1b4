import { spawn } from 'node:child_process';
import type { Clock } from '../../core/clock/port.js';
import { every } from '../../core/every.js';
import type { Log } from '../../core/log.js';

export interface SupervisorParts {
  readonly clock: Clock;
  readonly log: Log;
  /** What systemd gives a service: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const PROGRAM = 'systemd-notify';

/**
 * Tells systemd (sd_notify(3)) how this process is; without one that asks for it – no NOTIFY_SOCKET – it does nothing. Node
 * has no datagram sockets of the file system, so `systemd-notify` sends. It waits until systemd has read the message, since
 * systemd must find the sender alive to know whose it is; where that wait fails, messages are sent without it.
 */
export class Supervisor {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isAsked: boolean;
  readonly #watchdogMs: number | undefined;
  readonly #stopping = new AbortController();
  /** One message after the other: they are told in their order. */
  #telling: Promise<void> = Promise.resolve();
  #isAbsent = false;
  #isWaitedFor = true;

  constructor({ clock, log, environment }: SupervisorParts) {
    this.#clock = clock;
    this.#log = log;
    this.#isAsked = (environment.NOTIFY_SOCKET ?? '') !== '';
    this.#watchdogMs = watchdogMsOf(environment);
  }

  /** It serves. From now on systemd hears that the event loop turns, twice as often as it asks to. */
  ready(status: string): void {
    this.reloaded(status);
    const { signal } = this.#stopping;
    if (this.#watchdogMs === undefined) return;
    void every(this.#clock, { everyMs: this.#watchdogMs / 2, signal }, () => {
      this.#tell('WATCHDOG=1');
      return this.#telling;
    });
  }

  /** `reloaded` ends it. */
  reloading(): void {
    this.#tell('RELOADING=1', 'STATUS=reading the config');
  }

  reloaded(status: string): void {
    this.#tell('READY=1', `STATUS=${status}`);
  }

  /** What it still answers may take longer than the watchdog waits: that goes on until the end. */
  stopping(): void {
    this.#tell('STOPPING=1', 'STATUS=answering what is under way');
  }

  /** Resolves when everything was told. */
  async end(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#telling;
  }

  #tell(...assignments: readonly string[]): void {
    if (!this.#isAsked) return;
    this.#telling = this.#telling.then(() => this.#send(assignments));
  }

  async #send(assignments: readonly string[]): Promise<void> {
    if (this.#isAbsent) return;
    const args = [`--pid=${process.pid}`, ...assignments];
    if (this.#isWaitedFor) {
      const end = await this.#run(args);
      if (end !== 'failed') return;
      this.#isWaitedFor = false;
      this.#log.debug({}, 'supervisor confirms nothing');
    }
    const end = await this.#run(['--no-block', ...args]);
    if (end === 'failed') this.#log.warn({ assignments }, 'supervisor not told');
  }

  /** A program that is not there is said to be so once: the service itself is well. */
  #run(args: readonly string[]): Promise<'told' | 'failed' | 'absent'> {
    return new Promise((resolve) => {
      const child = spawn(PROGRAM, args, { stdio: 'ignore' });
      child.once('error', (err) => {
        this.#isAbsent = true;
        this.#log.warn({ err, program: PROGRAM }, 'supervisor cannot be told');
        resolve('absent');
      });
      child.once('exit', (code) => {
        resolve(code === 0 ? 'told' : 'failed');
      });
    });
  }
}

/** Undefined: nobody watches this process. */
function watchdogMsOf({
  WATCHDOG_USEC: text,
  WATCHDOG_PID: pid,
}: SupervisorParts['environment']): number | undefined {
  const us = Number(text);
  const isOurs = pid === undefined || Number(pid) === process.pid;
  return isOurs && us >= 1000 ? us / 1000 : undefined;
}
