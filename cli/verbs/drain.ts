import { z } from 'zod';
import type { Status } from '../../api/contract/status.js';
import { fail } from '../../core/errors.js';
import { countSchema } from '../../core/schema.js';
import { serverStateSchema } from '../../core/table-store/records/server.js';
import { counted } from '../../core/text.js';
import { REASON, actorOf } from '../acting.js';
import type { ApiClient } from '../api-client.js';
import type { Context } from '../context.js';
import { EXIT, Ended } from '../exit.js';
import type { Verb } from '../verb.js';
import { numberOption } from '../verb.js';
import { duration } from '../words.js';

const TICK_MS = 1000;

const watchedSchema = z.object({
  server: z.string(),
  empty: z.boolean(),
  /** Resources that it still serves. */
  left: countSchema,
  /** How long it was watched. */
  ms: z.number(),
});
type Watched = Readonly<z.output<typeof watchedSchema>>;

export const drainVerb: Verb = {
  usage: 'drain <server>',
  summary: 'Move everything off a server and keep it empty until `undrain`. It survives restarts.',
  options: [
    REASON,
    ['--timeout <seconds>', 'stop waiting after this; the server stays draining', '300'],
    ['--no-wait', 'say it and return'],
    ['--maintenance', 'for maintenance: the same, and shown as such'],
  ],
  answer: z.union([watchedSchema, serverStateSchema]),
  run: async (context, [server = ''], options) => {
    // Before anything is done.
    const timeoutMs = 1000 * (numberOption(options, 'timeout', { min: 1, max: 86_400 }) ?? 300);
    const api = await context.api();
    const state = options.maintenance === true ? 'maintenance' : 'draining';
    const body = { state, ...actorOf(context, options) };
    const answer = await api.post(`/v1/servers/${encodeURIComponent(server)}/state`, body);
    if (options.wait === false) {
      context.show(
        answer,
        () => `${server} is ${state}; \`foreshift undrain ${server}\` takes it back`,
      );
      return;
    }
    await watchDrain(server, timeoutMs, api, context);
  },
};

export const undrainVerb: Verb = {
  usage: 'undrain <server>',
  summary: 'Let a drained server take resources again.',
  options: [REASON],
  answer: serverStateSchema,
  run: async (context, [server = ''], options) => {
    const api = await context.api();
    const body = { state: 'ready', ...actorOf(context, options) };
    const answer = await api.post(`/v1/servers/${encodeURIComponent(server)}/state`, body);
    context.show(answer, () => `${server} is ready`);
  },
};

/** Says what is left until nothing is; an interrupt or the timeout leaves the server draining, and says so. */
async function watchDrain(
  server: string,
  timeoutMs: number,
  api: ApiClient,
  context: Context,
): Promise<void> {
  const { terminal, clock } = context;
  let last: Watched | undefined;
  /** To people and programs: how it is when it is no longer watched. */
  const end = (words: string): void => {
    if (context.isJson && last !== undefined) terminal.print(JSON.stringify(last));
    else terminal.say(words);
  };
  const startedAtMs = clock.monotonicMs();
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    interrupt.abort(new Error('interrupted'));
  };
  process.once('SIGINT', onInterrupt);
  try {
    for (;;) {
      const status = await api.get<Status>('/v1/status');
      const found = status.servers.find(({ id }) => id === server);
      const left = found?.resources ?? fail('ERR_SERVER_UNKNOWN', { server });
      const ranMs = clock.monotonicMs() - startedAtMs;
      last = { server, empty: left === 0, left, ms: ranMs };
      if (left === 0) {
        context.show(last, () => `${server} is empty after ${duration(ranMs)}`);
        return;
      }
      const doing =
        status.openSwitch === null ? status.balancer.text : `switch: ${status.openSwitch.state}`;
      terminal.progress(`${server}: ${counted(left, 'resource')} left, ${doing}`);
      if (ranMs > timeoutMs) {
        end(
          `${server} is still draining: ${counted(left, 'resource')} left. ${status.balancer.text}`,
        );
        throw new Ended(EXIT.undone);
      }
      await clock.sleep(TICK_MS, interrupt.signal);
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    end(`${server} goes on draining; \`foreshift undrain ${server}\` takes that back`);
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}
