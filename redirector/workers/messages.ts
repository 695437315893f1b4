import type { ResourceId, ServerId } from '../../core/domain.js';
import type { SharedListener } from '../../core/net/shared-listeners.js';
import type { VacateHow } from '../adapters/adapter.js';
import type { PackedBatch } from './packed-batch.js';
import type { PackedTable } from './packed-table.js';
import type { WorkerStats } from './worker-stats.js';

/*
 * What the main thread of a redirector and its workers say to each other. Messages arrive in their order, or the worker is no
 * more: so what is told needs no answer, and what is asked is carried out after all that was told before.
 */

/** Of a kind that workers follow; null: it is gone. */
export type ToldRecord = readonly [kind: string, id: string, value: unknown];

/** `Settings`: what the config says, and the files that it names, to those who build a worker. */
export type Told<Settings> =
  | { readonly tell: 'records'; readonly records: readonly ToldRecord[] }
  /** What is asked from now on is asked of it. */
  | { readonly tell: 'batch'; readonly batch: PackedBatch }
  | { readonly tell: 'table'; readonly table: PackedTable }
  /** Monotonic, as the main thread counts. */
  | { readonly tell: 'lease'; readonly untilMs: number }
  | { readonly tell: 'unreachable'; readonly servers: readonly ServerId[] }
  | { readonly tell: 'reachable'; readonly server: ServerId }
  | { readonly tell: 'misdirected'; readonly resource: ResourceId; readonly owner: string }
  | { readonly tell: 'leave' }
  | { readonly tell: 'abort'; readonly id: number }
  | { readonly tell: 'ask'; readonly id: number; readonly ask: Asked<Settings> };

/** Of the batch that was told last. */
export type StepAsked =
  | { readonly what: 'prepare' | 'hold' | 'drain' | 'attach' }
  | { readonly what: 'resume'; readonly isCommitted: boolean };

export type Asked<Settings> =
  | { readonly what: 'listen'; readonly shared: readonly SharedListener[] }
  | {
      readonly what: 'reconfigure';
      readonly settings: Settings;
      readonly shared: readonly SharedListener[];
    }
  | StepAsked
  | { readonly what: 'vacate'; readonly ip: string; readonly how: VacateHow }
  | { readonly what: 'stop'; readonly graceMs: number };

export type Said =
  /** It can be told things; nothing listens yet. */
  | { readonly say: 'ready' }
  /** Again and again: it lives. */
  | { readonly say: 'alive'; readonly stats: WorkerStats }
  | { readonly say: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly say: 'failed'; readonly id: number; readonly why: string }
  /** Those that its gate counts from that row on. */
  | { readonly say: 'names'; readonly from: number; readonly names: readonly ResourceId[] }
  | { readonly say: 'suspect'; readonly servers: readonly ServerId[] }
  | {
      readonly say: 'misdirected';
      readonly owners: readonly (readonly [resource: ResourceId, owner: string])[];
    };

/** One worker, as a host runs it. */
export interface WorkerThread<Settings> {
  tell(message: Told<Settings>): void;
  /** At once, whatever it does. */
  end(): void;
}

export interface WorkerBirth<Settings> {
  /** Its place in what threads have in common; the main thread's is 0. */
  readonly thread: number;
  /** Counts all workers that this process ever began. */
  readonly life: number;
  readonly settings: Settings;
  readonly counts: SharedArrayBuffer;
  readonly limits: SharedArrayBuffer;
  readonly threads: number;
}

/** Where workers run: threads, or something like them in a test. */
export interface WorkerHost<Settings> {
  /**
   * `said` hears it. `ended` is called once, last: the worker is no more, and all that it had open is closed.
   */
  begin(
    birth: WorkerBirth<Settings>,
    said: (message: Said) => void,
    ended: (why: string) => void,
  ): WorkerThread<Settings>;
}
