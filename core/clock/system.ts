import type { Cancel, Clock } from './port.js';
import { sleepOn } from './sleep.js';

/** The machine's clocks and timers. */
export class SystemClock implements Clock {
  realtimeMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(ms: number, run: () => void): Cancel {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}
