import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../demo/free-port.js';
import type { Labels } from './grafana/prometheus-check.js';

export interface RuleHealth {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** A real Prometheus on loopback that scrapes one process every second, by rules of ours. */
export class PrometheusServer {
  static readonly program = 'prometheus';
  readonly #folder: string;
  readonly #url: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, url: string, child: ChildProcess) {
    this.#folder = folder;
    this.#url = url;
    this.#child = child;
  }

  static async start(target: string, rules: string): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-prometheus-'));
    return PrometheusServer.#over(folder, {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'foreshift', static_configs: [{ targets: [target] }] }],
    });
  }

  /** One that scrapes nothing, and has a history. @param samples as OpenMetrics: `load{volume="a"} 1 1700000000` a line */
  static async remembering(samples: readonly string[]): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-prometheus-'));
    const page = join(folder, 'samples');
    await writeFile(page, `${samples.join('\n')}\n# EOF\n`);
    const kept = ['tsdb', 'create-blocks-from', 'openmetrics', page, `${folder}/data`];
    const { status, stderr } = spawnSync('promtool', kept, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`promtool: ${stderr}`);
    return PrometheusServer.#over(folder, {});
  }

  static async #over(folder: string, config: object): Promise<PrometheusServer> {
    // JSON is YAML.
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const listen = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      PrometheusServer.program,
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=${listen}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    return new PrometheusServer(folder, `http://${listen}`, child);
  }

  get url(): string {
    return this.#url;
  }

  /** @throws what it has against the query, or that it is not there yet */
  async ask(query: string): Promise<Labels[]> {
    const { result } = await this.#get<{ readonly result: readonly { metric: Labels }[] }>(
      `/api/v1/query?query=${encodeURIComponent(query)}`,
    );
    return result.map(({ metric }) => metric);
  }

  async rules(): Promise<RuleHealth[]> {
    const { groups } = await this.#get<{ readonly groups: readonly { rules: RuleHealth[] }[] }>(
      '/api/v1/rules',
    );
    return groups.flatMap(({ rules }) => rules);
  }

  async dispose(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    await rm(this.#folder, { recursive: true });
  }

  async #get<Data>(path: string): Promise<Data> {
    const answer = await fetch(this.#url + path);
    const { data, error } = (await answer.json()) as { data?: Data; error?: string };
    if (data === undefined) throw new Error(error ?? 'no answer');
    return data;
  }
}
