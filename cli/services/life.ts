import type { Clock } from '../../core/clock/port.js';
import { ForeshiftError } from '../../core/errors.js';
import type { Startable } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import { Hangups, untilStopped } from './signals.js';
import { Supervisor } from './supervisor.js';

export interface LifeParts {
  readonly clock: Clock;
  readonly log: Log;
}

export interface Life {
  readonly service: Startable;
  /** It serves: says so. */
  readonly started: () => void;
  /** What a supervisor should know of it, now. */
  readonly status: () => string;
  /** Takes up what was written anew. @throws coded errors: nothing was changed */
  readonly reload: () => Promise<void>;
}

/** A service from its start to its stop, as whoever supervises it expects: SIGHUP reloads, SIGTERM stops, systemd is told. */
export async function live(
  { service, started, status, reload }: Life,
  parts: LifeParts,
): Promise<void> {
  const { log } = parts;
  const supervisor = new Supervisor({ ...parts, environment: process.env });
  const hangups = new Hangups(async () => {
    supervisor.reloading();
    try {
      await reload();
    } catch (err) {
      if (!(err instanceof ForeshiftError)) throw err;
      log.error({ err, remedy: err.remedy }, 'not reloaded, nothing changed');
    }
    supervisor.reloaded(status());
  });
  await service.start();
  started();
  supervisor.ready(status());
  hangups.open();
  await untilStopped();
  supervisor.stopping();
  await hangups.close();
  try {
    await service.stop();
  } finally {
    await supervisor.end();
  }
}
