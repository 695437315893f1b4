import { Child } from '../../demo/child.js';
import type { HostArguments, HostReady, ToHost } from './messages.js';
import type { Victim } from './services.js';

/** A machine with servers on it. */
export class Host implements Victim {
  readonly args: HostArguments;
  #child: Child<HostReady> | undefined;

  private constructor(args: HostArguments) {
    this.args = args;
  }

  static async start(args: HostArguments): Promise<Host> {
    const host = new Host(args);
    await host.start();
    return host;
  }

  has(server: string): boolean {
    return this.args.servers.some(({ id }) => id === server);
  }

  async start(): Promise<void> {
    const child = new Child<HostReady>(new URL('./host-process.js', import.meta.url), []);
    this.#child = child;
    // Thousands of names are too long for a command line.
    child.tell(this.args);
    await child.hear((_said): _said is HostReady => true);
  }

  async kill(): Promise<void> {
    this.#child?.kill();
    await this.#child?.end();
  }

  pause(): void {
    this.#child?.signal('SIGSTOP');
  }

  goOn(): void {
    this.#child?.signal('SIGCONT');
  }

  drop(): void {
    this.#tell({ kind: 'faults', faults: { isBlackHole: true } });
  }

  heal(): void {
    this.#tell({ kind: 'faults', faults: {} });
  }

  reset(): void {
    this.#tell({ kind: 'reset' });
  }

  async stop(): Promise<void> {
    this.goOn();
    await this.#child?.end();
  }

  #tell(message: ToHost): void {
    this.#child?.tell(message);
  }
}
