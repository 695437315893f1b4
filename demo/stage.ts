import { join } from 'node:path';
import type { z } from 'zod';
import type { SystemClock } from '../core/clock/system.js';
import { configSchema } from '../core/config/schema.js';
import type { Address } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import type { Log } from '../core/log.js';
import type { MetricStore } from '../core/metric-store/port.js';
import type { Rng } from '../core/rng.js';
import type { TableView } from '../core/table-store/view.js';
import { Services } from '../cli/services/services.js';
import { STEP_MS } from './scene.js';

/** The service that is shown. */
export interface Stage {
  /** Followed since the start. */
  readonly view: TableView;
  /** How long a step of the trace is here. */
  readonly stepMs: number;
  /** Nothing was served before: it has no history. */
  readonly isNew: boolean;
  /** Open before the start, so that a history can be written. */
  readonly metricStore: MetricStore;
  /** Where clients connect. */
  readonly proxies: readonly Address[];
  /** Where to look, in words. */
  readonly sights: readonly Sight[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Sight {
  readonly name: string;
  readonly url: string;
  /** If it is a process of its own. */
  readonly pid?: number;
}

export interface StageParts {
  readonly clock: SystemClock;
  readonly rng: Rng;
  readonly log: Log;
  readonly version: string;
}

export interface StageOptions {
  readonly settings: z.input<typeof configSchema>;
  readonly secret: string;
  readonly folder: string;
}

/** @param holds something of what the table store says */
export function untilSeen(view: TableView, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return;
      end();
      resolve();
    };
    const end = view.onChange(look);
    look();
  });
}

/** All of it in this process, on embedded engines. */
export class LocalStage implements Stage {
  readonly stepMs = STEP_MS;
  readonly isNew = true;
  readonly #up: Services;

  private constructor(up: Services) {
    this.#up = up;
  }

  static async open(
    parts: StageParts,
    { settings, secret, folder }: StageOptions,
  ): Promise<LocalStage> {
    const dataDir = join(folder, 'data');
    return new LocalStage(
      await Services.open(configSchema.parse(settings), { ...parts, secret, dataDir }),
    );
  }

  get view(): TableView {
    return this.#up.view;
  }

  get metricStore(): MetricStore {
    return this.#up.engines.metricStore;
  }

  get proxies(): readonly Address[] {
    return this.#up.listeners;
  }

  get sights(): readonly Sight[] {
    return [
      { name: 'page', url: `http://${formatAddress(this.#up.api.address)}` },
      ...this.proxies.map((proxy) => ({ name: 'clients', url: `http://${formatAddress(proxy)}` })),
      { name: 'metrics', url: `http://${formatAddress(this.#up.health.address)}/metrics` },
    ];
  }

  start(): Promise<void> {
    return this.#up.start();
  }

  stop(): Promise<void> {
    return this.#up.stop();
  }
}
