import { serverSchema } from '../../core/config/fleet-section.js';
import { plannerSchema } from '../../core/config/planning-section.js';
import type { Dimension } from '../../core/domain.js';
import { DIMENSIONS, resourceId, serverId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { clip } from '../../core/text.js';
import type { Change } from './changed.js';
import type { PlannerOptions } from './inputs.js';
import { amountWords } from './words.js';

/* Changes as people write them: the same at the command line and in the API. */

/** What a limit may be named: what the planner goes by, one value each. */
export type LimitKey = Exclude<
  keyof PlannerOptions,
  'groups' | 'workUnits' | 'planLifeMs' | 'countsTail'
>;

/** With what a change begins. */
export const CHANGE_VERBS = ['lose', 'remove', 'add', 'resize', 'limit', 'move'] as const;

/**
 * `lose s1`, `add s9 like s1`, `limit target=0.7`.
 * @throws ERR_CHANGE_INVALID — names the change and how it is written
 */
export function parseChange(text: string): Change {
  const [verb = '', ...words] = text.trim().split(/\s+/);
  switch (verb) {
    case 'add':
      return added(text, words);
    case 'remove':
      return { kind: 'drain-server', server: serverId(only(text, words)) };
    case 'lose':
      return { kind: 'lose-server', server: serverId(only(text, words)) };
    case 'resize': {
      const [server, ...settings] = words;
      const { capacity } = settingsOf(text, settings, DIMENSIONS);
      if (settings.length === 0) return refuse(text, 'it says no capacity');
      return { kind: 'resize-server', server: serverId(server), capacity };
    }
    case 'move': {
      const [resource, server, ...rest] = words;
      if (server === undefined || rest.length > 0) return refuse(text, 'it takes two names');
      return { kind: 'move-resource', resource: resourceId(resource), server: serverId(server) };
    }
    case 'limit':
      return { kind: 'set-options', options: optionOf(text, only(text, words)) };
    default:
      return refuse(text, 'it is none of them');
  }
}

function only(text: string, [word, ...rest]: readonly string[]): string {
  return word !== undefined && rest.length === 0 ? word : refuse(text, 'it takes one name');
}

function added(text: string, [name, ...words]: readonly string[]): Change {
  const [like, model] = words;
  const settings = like === 'like' ? words.slice(2) : words;
  const { capacity, zone } = settingsOf(text, settings, [...DIMENSIONS, 'zone']);
  const server = { id: serverId(name), state: 'ready', spare: false, zone, capacity } as const;
  if (like === 'like') return { kind: 'add-server', server, like: serverId(model) };
  if (Object.keys(capacity).length > 0) return { kind: 'add-server', server };
  return refuse(text, 'it says no capacity, nor which server it is like');
}

interface Settings {
  readonly capacity: Partial<Record<Dimension, number>>;
  readonly zone: string | null;
}

function settingsOf(text: string, words: readonly string[], keys: readonly string[]): Settings {
  const { zone = null, ...loads } = Object.fromEntries(
    words.map((word): [string, string] => {
      const [key = '', value = '', ...more] = word.split('=');
      const isKnown = keys.includes(key) && value !== '' && more.length === 0;
      return isKnown ? [key, value] : refuse(text, `"${word}" is none of ${keys.join(', ')}`);
    }),
  );
  const asWritten = Object.entries(loads).map(([key, value]) => [key, valueOf(value)]);
  const parsed = serverSchema.shape.capacity.safeParse(Object.fromEntries(asWritten));
  if (!parsed.success) return refuse(text, parsed.error.issues[0]?.message ?? 'no capacity');
  const known = Object.entries(parsed.data).filter(([, value]) => value !== undefined);
  return { capacity: Object.fromEntries(known), zone };
}

function optionOf(text: string, setting: string): Partial<PlannerOptions> {
  const [key = '', value = '', ...more] = setting.split('=');
  const limit = LIMIT_KEYS.find((known) => known === key);
  if (limit === undefined || value === '' || more.length > 0) {
    return refuse(text, `the limits are ${LIMIT_KEYS.join(', ')}`);
  }
  const schema = plannerSchema.shape[limit];
  const parsed = schema.safeParse(valueOf(value));
  if (!parsed.success) return refuse(text, parsed.error.issues[0]?.message ?? 'no such value');
  return { [limit]: parsed.data };
}

const NOT_A_LIMIT: ReadonlySet<string> = new Set(['groups', 'workUnits', 'planLifeMs']);
const LIMIT_KEYS = Object.keys(plannerSchema.shape).filter(
  (key): key is LimitKey => !NOT_A_LIMIT.has(key),
);

/** A number where it is one: sizes such as `16GiB` are text. */
function valueOf(text: string): number | string {
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function refuse(text: string, why: string): never {
  return fail('ERR_CHANGE_INVALID', { change: clip(text), why: clip(why) });
}

/** "s1 were lost": goes on after "if". */
export function changeWords(change: Change): string {
  switch (change.kind) {
    case 'add-server': {
      const { id, zone, capacity } = change.server;
      const like = change.like === undefined ? '' : ` like ${change.like}`;
      const size = capacityWords(capacity);
      const where = zone === null ? '' : ` in zone ${zone}`;
      return `${id} were added${like}${size === '' ? '' : ` with ${size}`}${where}`;
    }
    case 'drain-server':
      return `${change.server} were removed`;
    case 'lose-server':
      return `${change.server} were lost`;
    case 'resize-server':
      return `${change.server} had ${capacityWords(change.capacity)}`;
    case 'move-resource':
      return `${change.resource} were on ${change.server}`;
    case 'set-options':
      return Object.entries(change.options)
        .map(
          ([key, value]) =>
            `planner.${key} were ${typeof value === 'string' ? value : JSON.stringify(value)}`,
        )
        .join(' and ');
  }
}

function capacityWords(capacity: Partial<Record<Dimension, number>>): string {
  const known = DIMENSIONS.flatMap((dimension) => {
    const amount = capacity[dimension];
    return amount === undefined ? [] : [amountWords(dimension, amount)];
  });
  return known.join(', ');
}
