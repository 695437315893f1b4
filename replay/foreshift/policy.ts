import type { PlanId } from '../../core/domain.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Trigger } from '../../forecaster/triggers.js';
import { meanMap } from '../policies/static.js';
import type { Policy, PolicyAccount, TimedRelocation } from '../policy.js';
import { ServerLoads } from '../rules/server-loads.js';
import type { Scene } from '../scene.js';
import type { Service, ServiceParts } from './service.js';
import { ownParts, serviceOf } from './service.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Foreshift itself: rounds by schedule (and, if the scene allows, when its threshold trigger says so) in mode
 * `auto`, each plan carried out by the switch protocol.
 */
export class ForeshiftPolicy implements Policy {
  readonly name = 'foreshift';
  #scene: Scene;
  readonly #parts: ServiceParts;
  readonly #loads: ServerLoads;
  readonly #resources: ReadonlyMap<string, number>;
  readonly #servers: ReadonlyMap<string, number>;
  readonly #counted = new Set<PlanId>();
  #service: Service | undefined;
  #isOverThreshold = false;
  #holdMs = 0;
  #failedSwitches = 0;

  constructor(scene: Scene, parts: ServiceParts = ownParts(scene)) {
    this.#scene = scene;
    this.#parts = parts;
    this.#loads = new ServerLoads(scene);
    this.#resources = new Map(scene.resources.map((id, index) => [id, index]));
    this.#servers = new Map(scene.servers.map((id, index) => [id, index]));
  }

  firstMap(): Int32Array {
    return meanMap(this.#scene);
  }

  async relocations(step: number, map: Int32Array): Promise<readonly TimedRelocation[]> {
    const { startMs, stepMs } = this.#scene.recorded.grid;
    const isFirst = this.#service === undefined;
    this.#service ??= await serviceOf(this.#scene, map, this.#parts);
    const { recording, round, switching, view } = this.#service;
    await recording.resourcesUntil(step);
    if (!isFirst) await this.#recordServers(step - 1, map, recording);
    const trigger = await this.#triggerAt(step, round);
    if (trigger !== undefined) await round.run(trigger);
    const { revision } = view;
    await switching.advance(startMs + (step + 1) * stepMs);
    if (view.revision === revision) return [];
    this.#countOutcomes(view);
    return this.#moved(view, map);
  }

  /** From the next round on. */
  planFor(quantile: number): void {
    this.#scene = { ...this.#scene, planner: { ...this.#scene.planner, quantile } };
    this.#service?.planFor(quantile);
  }

  async account(): Promise<PolicyAccount> {
    return {
      coverage:
        this.#service === undefined ? null : await this.#coverage(this.#service.metricStore),
      holdMs: this.#holdMs,
      failedSwitches: this.#failedSwitches,
    };
  }

  async #recordServers(
    step: number,
    map: Int32Array,
    recording: Service['recording'],
  ): Promise<void> {
    this.#loads.begin(step);
    await recording.servers(step, this.#loads.end(map));
  }

  /** Why a round begins now; undefined: none does. */
  async #triggerAt(step: number, round: Service['round']): Promise<Trigger | undefined> {
    const { warmSteps, decisionSteps, recorded, hasTriggers } = this.#scene;
    if ((step - warmSteps) % decisionSteps === 0) {
      const minutes = Math.round((decisionSteps * recorded.grid.stepMs) / MINUTE_MS);
      return { kind: 'schedule', detail: `every ${minutes} minutes` };
    }
    if (!hasTriggers) return undefined;
    const trigger = await round.threshold();
    const isNew = trigger !== undefined && !this.#isOverThreshold;
    this.#isOverThreshold = trigger !== undefined;
    return isNew ? trigger : undefined;
  }

  /** What the table says now where it differs from the map. */
  #moved(view: TableView, map: Int32Array): TimedRelocation[] {
    const moves: TimedRelocation[] = [];
    for (const [id, { value }] of view.all(PLACEMENT)) {
      const resource = this.#resources.get(id);
      const target = this.#servers.get(value.server);
      if (resource === undefined || target === undefined || map[resource] === target) continue;
      moves.push({ resource, target, atMs: value.movedAtMs });
    }
    return moves.sort((a, b) => a.atMs - b.atMs || a.resource - b.resource);
  }

  /** Of plans that have ended: the store forgets them after a while. */
  #countOutcomes(view: TableView): void {
    for (const [id, { value }] of view.all(PLAN)) {
      if (value.finishedAtMs === null || this.#counted.has(id)) continue;
      this.#counted.add(id);
      for (const { result, holdMs } of value.outcomes) {
        if (result === 'applied') this.#holdMs += holdMs;
        else this.#failedSwitches++;
      }
    }
  }

  async #coverage(metricStore: MetricStore): Promise<number | null> {
    const { startMs, steps, stepMs } = this.#scene.recorded.grid;
    const endMs = startMs + steps * stepMs;
    let count = 0;
    let inBand = 0;
    for (let fromMs = startMs; fromMs < endMs; fromMs += DAY_MS) {
      for (const score of await metricStore.readScores(fromMs, Math.min(endMs, fromMs + DAY_MS))) {
        if (score.series.subject !== 'resource') continue;
        count++;
        inBand += score.inBand;
      }
    }
    return count === 0 ? null : inBand / count;
  }
}
