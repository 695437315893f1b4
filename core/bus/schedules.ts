import type { Cancel, Clock } from '../clock/port.js';
import type { When } from './port.js';
import type { Timetable } from './timetable.js';
import { timetableOf } from './timetable.js';

/** The wall clock is looked at this often: it may be put forward while one waits. Timers of a month do not exist either. */
const LOOK_MS = 60_000;

interface Armed {
  readonly table: Timetable;
  /** A period that has passed counts even if the wall clock was put back meanwhile. */
  readonly isPeriod: boolean;
  readonly dueMs: number;
  readonly dueAtMonotonicMs: number;
}

/** Calls back when schedules are due: by the wall clock, which may jump, without ever waiting on it. */
export class Schedules {
  readonly #clock: Clock;
  readonly #run: (name: string) => Promise<void>;
  readonly #cancels = new Map<string, Cancel>();

  constructor(clock: Clock, run: (name: string) => Promise<void>) {
    this.#clock = clock;
    this.#run = run;
  }

  /** @throws ERR_SCHEDULE_INVALID */
  check(when: When): void {
    timetableOf(when);
  }

  /** @throws ERR_SCHEDULE_INVALID */
  set(name: string, when: When): void {
    this.#arm(name, timetableOf(when), 'everyMs' in when);
  }

  remove(name: string): void {
    this.#cancels.get(name)?.();
    this.#cancels.delete(name);
  }

  clear(): void {
    for (const name of [...this.#cancels.keys()]) this.remove(name);
  }

  #arm(name: string, table: Timetable, isPeriod: boolean): void {
    this.remove(name);
    const nowMs = this.#clock.realtimeMs();
    const dueMs = table.nextMs(nowMs);
    if (dueMs === undefined) return;
    const dueAtMonotonicMs = this.#clock.monotonicMs() + dueMs - nowMs;
    this.#wait(name, { table, isPeriod, dueMs, dueAtMonotonicMs });
  }

  #wait(name: string, armed: Armed): void {
    const leftMs = armed.isPeriod
      ? armed.dueAtMonotonicMs - this.#clock.monotonicMs()
      : armed.dueMs - this.#clock.realtimeMs();
    const cancel = this.#clock.after(Math.min(Math.max(0, leftMs), LOOK_MS), () => {
      this.#look(name, armed);
    });
    this.#cancels.set(name, cancel);
  }

  #look(name: string, armed: Armed): void {
    const { table, isPeriod, dueMs, dueAtMonotonicMs } = armed;
    const isDue =
      this.#clock.realtimeMs() >= dueMs ||
      (isPeriod && this.#clock.monotonicMs() >= dueAtMonotonicMs);
    if (!isDue) {
      this.#wait(name, armed);
      return;
    }
    this.#arm(name, table, isPeriod);
    void this.#run(name);
  }
}
