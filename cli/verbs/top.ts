import { z } from 'zod';
import type { HeatMap } from '../../api/contract/heat-map.js';
import { heatMapSchema } from '../../api/contract/heat-map.js';
import type { Status } from '../../api/contract/status.js';
import { statusSchema } from '../../api/contract/status.js';
import { ForeshiftError } from '../../core/errors.js';
import { every } from '../../core/every.js';
import type { ApiClient } from '../api-client.js';
import { ApiRefusal } from '../api-client.js';
import type { Context } from '../context.js';
import { failureLines } from '../exit.js';
import type { Screen } from '../screen.js';
import type { TopFrame, TopOrder, TopView } from '../top-text.js';
import { TOP_ORDERS, afterKey, inOrder, topLines, topText } from '../top-text.js';
import type { Verb } from '../verb.js';
import { choiceOption, numberOption } from '../verb.js';

/** What rises most stands in the answer for the picture; of the past as little as can be asked for. */
const MOVERS_PATH = '/v1/heat-map?pastSteps=1&columnsMax=12';

export const topVerb: Verb = {
  usage: 'top',
  summary: 'The servers live: load now, forecast peak and when, what rises most, what is done.',
  options: [
    ['--sort <by>', TOP_ORDERS.join(', '), TOP_ORDERS[0]],
    ['--interval <seconds>', 'between two looks', '2'],
    ['--once', 'one look, printed'],
  ],
  choices: { '--sort': TOP_ORDERS },
  notes: [
    'Keys: q ends it, s sorts by something else, up and down (k, j) go through the servers.',
    'Where nobody watches it prints one look and ends; with --json one a line, until it is stopped.',
  ],
  answer: z.object({ status: statusSchema, movers: heatMapSchema.shape.movers }),
  run: async (context, _args, options) => {
    const order = choiceOption(options, 'sort', TOP_ORDERS) ?? TOP_ORDERS[0];
    const seconds = numberOption(options, 'interval', { min: 0.2, max: 3600 }) ?? 2;
    const api = await context.api();
    const { terminal, clock, isJson } = context;
    const first = await look(api);
    const print = (frame: TopFrame): void => {
      const sorted = inOrder(frame, order);
      context.show(sorted, () => topText(sorted, terminal.style));
    };
    const screen = options.once === true || isJson ? undefined : terminal.screen();
    if (screen !== undefined) {
      await new Watch(screen, context, order).run(first, 1000 * seconds, api);
      return;
    }
    print(first);
    if (options.once === true || !isJson) return;
    // A signal ends it between two lines: nothing is left to be put away.
    const { signal } = new AbortController();
    await every(clock, { everyMs: 1000 * seconds, signal }, async () => {
      print(await look(api));
    });
  },
};

async function look(api: ApiClient, signal?: AbortSignal): Promise<TopFrame> {
  const [status, { movers }] = await Promise.all([
    api.get<Status>('/v1/status', signal),
    api.get<HeatMap>(MOVERS_PATH, signal),
  ]);
  return { status, movers };
}

/** Somebody watches: a new look each interval, and at once what a key asks for. */
class Watch {
  readonly #screen: Screen;
  readonly #context: Context;
  readonly #end = new AbortController();
  #view: TopView;
  #frame: TopFrame | undefined;
  #fault: readonly string[] = [];

  constructor(screen: Screen, context: Context, order: TopOrder) {
    this.#screen = screen;
    this.#context = context;
    this.#view = { order, skipped: 0 };
  }

  /** Resolves when who watches has seen enough. */
  async run(first: TopFrame, everyMs: number, api: ApiClient): Promise<void> {
    const { signal } = this.#end;
    this.#screen.onResize(() => {
      this.#draw();
    });
    this.#screen.onKey((key) => {
      if (key === 'q' || key === 'quit') this.#end.abort();
      else {
        this.#view = afterKey(this.#view, key, this.#frame?.status.servers.length ?? 0);
        this.#draw();
      }
    });
    try {
      this.#frame = first;
      this.#draw();
      await every(this.#context.clock, { everyMs, signal }, () => this.#renew(api));
    } finally {
      this.#screen.close();
    }
  }

  /** An API that does not answer is told below what was known last; the next look may reach it. */
  async #renew(api: ApiClient): Promise<void> {
    const { signal } = this.#end;
    try {
      this.#frame = await look(api, signal);
      this.#fault = [];
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ForeshiftError || error instanceof ApiRefusal)) throw error;
      this.#fault = failureLines(error, this.#context.terminal.style);
    }
    this.#draw();
  }

  #draw(): void {
    if (this.#frame === undefined) return;
    const { style } = this.#context.terminal;
    const { rows } = this.#screen;
    const frame = inOrder(this.#frame, this.#view.order);
    const { lines, view } = topLines(frame, this.#view, { rows, style, fault: this.#fault });
    this.#view = view;
    this.#screen.draw(lines);
  }
}
