import type { Problem, Session, Status } from './answers.js';
import { counted, duration, since } from './words.js';

/*
 * The sentences for everything that is not as one would wish: nothing there, still learning, a part that does not answer, not allowed.
 * All of them stand here, so that one state is told in one way on every page, and each says what to do.
 */

export interface Sentence {
  /** `calm`: it is so, and well. `warn`: look at it. `bad`: something does not work. */
  readonly tone: 'calm' | 'warn' | 'bad';
  readonly text: string;
  /** What to do; undefined: nothing. */
  readonly next?: string;
}

const calm = (text: string, next?: string): Sentence => said('calm', text, next);
const warn = (text: string, next?: string): Sentence => said('warn', text, next);
const bad = (text: string, next?: string): Sentence => said('bad', text, next);

function said(tone: Sentence['tone'], text: string, next: string | undefined): Sentence {
  return { tone, text, ...(next !== undefined && { next }) };
}

/* Empty */

export const NO_SERVERS = calm(
  'No server is known yet.',
  'Start an agent beside each server (foreshift agent), or declare servers in foreshift.yaml.',
);
export const NO_RESOURCES = calm(
  'No resource is known yet.',
  'Agents announce what their servers may serve; resources.names in foreshift.yaml declares it.',
);
export const NO_CAPACITY = calm(
  'No server has declared a capacity, so there is nothing to compare its load with.',
  'Write capacity (cpu, memory, network or hits) for each server in foreshift.yaml, or give it to the agent.',
);
export const NO_SWITCHES = calm('Nothing was switched yet.');
export const NO_ACTS = calm('Nobody has changed anything yet.');
export const NO_PINS = calm('No resource is pinned.', 'A pin keeps a resource on one server.');
export const NO_PLACEMENTS = calm('It has been nowhere yet.');
export const NO_RESIDENTS = calm('It serves nothing.');
export const NO_MOVERS = calm('No load is expected to rise.');
export const NOTHING_MEASURED = calm(
  'Nothing was measured in this time.',
  'Widen the window, or look under Servers whether it is polled.',
);
export const NO_MATCH = calm('Nothing fits the filter.');
export const NO_SAID = calm(
  'Nothing was said of this time so long before.',
  'What a forecast said is kept from its first round on.',
);
export const NO_SCORE = calm(
  'No forecast has been compared with what came yet.',
  'The first scores come one horizon after the first forecast.',
);

/** No plan waits: why stands in the words of the balancer. */
export function noPlan(status: Status | undefined): Sentence {
  return calm(
    'No plan waits for a decision.',
    status === undefined ? undefined : ended(status.balancer.text),
  );
}

/* Not enough yet */

const NOT_LEARNED = 'Until then nothing is planned, and forecasts are guesses from few values.';
/** Where the balancer says how far it is. */
export const LEARNING = calm(NOT_LEARNED);

export function learning({
  steps,
  stepsMin,
}: {
  readonly steps: number;
  readonly stepsMin: number;
}): Sentence {
  return calm(`Learning: ${steps} of ${stepsMin} steps of history are there.`, NOT_LEARNED);
}
export const NO_FORECAST = calm(
  'There is no forecast yet.',
  'The first one comes with the first round; the right half stays empty until then.',
);
export const NOT_FORECAST = calm('Nothing is expected of it: too little of it has been measured.');
export const ONE_SERVER = calm(
  'There is one server: nothing can be moved anywhere.',
  'Start a second one to let Foreshift balance.',
);

/* Plans */

export function planStale(why: string): Sentence {
  return warn(`This plan is stale: ${why}.`, 'It can no longer be applied; ask for a new one.');
}
export function planImpossible(resources: readonly string[]): Sentence {
  const what = resources.length === 1 ? 'One of its moves' : `${resources.length} of its moves`;
  return warn(`${what} cannot be made any more: ${resources.join(', ')}.`);
}
export const PLAN_EMPTY = calm('All moves are left out.', 'Tick some, or reject the plan.');
export function planOver(servers: readonly string[], isLeftOut: boolean): Sentence {
  return warn(
    `With these moves ${servers.join(', ')} would be over capacity.`,
    isLeftOut ? 'A move that was left out may have made the room.' : 'Ask for a new plan.',
  );
}

/* Drains */

export function drained(server: string): Sentence {
  return calm(`${server} is empty.`, 'It gets nothing until it is made ready again.');
}

/* Parts that do not answer */

export function notUpToDate(why: string): Sentence {
  return bad(`What you see is not up to date: ${why}.`, 'Trying again.');
}
export const API_AWAY = 'the API does not answer';

/** A question that was refused or failed. */
export function refused({ status, detail, remedy }: Problem): Sentence {
  return status >= 500 ? bad(ended(detail), remedy) : warn(ended(detail), remedy);
}

/* Who may what */

export function viewing({ name, role }: Session): Sentence | undefined {
  if (role === 'operator') return undefined;
  return calm(
    `You look as ${name}, a viewer.`,
    'Who may change things has a token of the role operator.',
  );
}
export const SESSION_OVER = 'The session is over: log in again.';

/** What is to be said of the whole, the worst first. What a status warns of is among it. */
export function statusSentences(status: Status): Sentence[] {
  const { servers, engines, forecast, collector, atMs, paused, balancer, unassigned } = status;
  const sentences: Sentence[] = [];
  for (const { name, processes, fault } of engines) {
    if (fault === null) continue;
    const { sinceMs, message, code } = fault;
    const who = status.processes.length > 1 ? `, says ${listed(processes)}` : '';
    sentences.push(
      bad(
        `The ${name} is away or refuses since ${duration(atMs - sinceMs)}${who}: ${message} (${code}).`,
        'Traffic goes on from the last table; what needs the store waits for it.',
      ),
    );
  }
  const failing = collector.filter((target) => target.failing !== null);
  if (failing.length > 0) {
    const names = failing.map(({ target }) => target);
    sentences.push(
      warn(
        `${counted(failing.length, 'target')} cannot be polled: ${listed(names)}.`,
        'What is not measured is not moved for its load; its half of the picture has holes.',
      ),
    );
  }
  if (paused !== null) {
    const why = paused.reason === '' ? '' : ` (${paused.reason})`;
    sentences.push(
      warn(
        `Paused by ${paused.by} ${since(paused.sinceMs, atMs)}${why}.`,
        'Failover and first placements go on; nothing is moved for load.',
      ),
    );
  }
  if (servers.length === 0) sentences.push(NO_SERVERS);
  if (servers.length === 1) sentences.push(ONE_SERVER);
  if (unassigned > 0) {
    sentences.push(
      warn(`${counted(unassigned, 'resource')} without a server.`, 'The next round places them.'),
    );
  }
  if (servers.length > 0 && forecast === null) sentences.push(NO_FORECAST);
  if (balancer.kind === 'learning') sentences.push(LEARNING);
  sentences.push(...status.warnings.filter(isNew(sentences)).map((text) => warn(ended(text))));
  return sentences.sort((a, b) => RANK[a.tone] - RANK[b.tone]);
}

const RANK = { bad: 0, warn: 1, calm: 2 } as const;

/** The status says some things twice: in its facts and as a warning. */
function isNew(sentences: readonly Sentence[]): (warning: string) => boolean {
  const isPolled = sentences.some(({ text }) => text.includes('cannot be polled'));
  const isAway = sentences.some(({ tone }) => tone === 'bad');
  return (warning) =>
    !(isPolled && warning.includes('cannot be polled')) &&
    !(isAway && warning.includes('is away or refuses'));
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** What the API says, with its full stop; its first word may be a name, and a name stays as it is. */
export function ended(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
