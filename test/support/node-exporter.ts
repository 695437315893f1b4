import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A real node_exporter on loopback. */
export class NodeExporter {
  static readonly program = 'prometheus-node-exporter';
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** @param port 0: a free one */
  static start(port = 0): Promise<NodeExporter> {
    const child = spawn(NodeExporter.program, [`--web.listen-address=127.0.0.1:${port}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(new Error(`node_exporter ended with ${code ?? 'a signal'}`));
      });
      createInterface(child.stderr).on('line', (line) => {
        const listening = /Listening on.*address=127\.0\.0\.1:([0-9]+)/.exec(line)?.[1];
        if (listening !== undefined) resolve(new NodeExporter(child, Number(listening)));
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/metrics`;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
  }
}
