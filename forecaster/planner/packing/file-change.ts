import type { z } from 'zod';
import { fail } from '../../../core/errors.js';
import { clip } from '../../../core/text.js';
import type { ProblemFile } from './problem-file.js';
import { problemFileSchema } from './problem-file.js';

type FileServer = ProblemFile['servers'][number];
type Loads = FileServer['capacity'];

/** A change of a problem file, written as one of a running cluster is; dimensions and zones are the file's own. */
export interface FileChange {
  readonly changed: ProblemFile;
  /** "s1 were lost": goes on after "if". */
  readonly words: string;
}

/** @throws ERR_CHANGE_INVALID — names the change and what is wrong with it */
export function fileChange(file: ProblemFile, text: string): FileChange {
  return new Change(file, text).made();
}

/** What `limit` may set: limits of `moves` and the target, each one number. */
const LIMITS = [
  'target',
  'max',
  'weightMax',
  'perServerMax',
  'weightPerServerMax',
  'perHourMax',
  'weightPerHourMax',
] as const;

class Change {
  readonly #file: ProblemFile;
  readonly #text: string;
  readonly #verb: string;
  readonly #words: readonly string[];

  constructor(file: ProblemFile, text: string) {
    const [verb = '', ...words] = text.trim().split(/\s+/);
    this.#file = file;
    this.#text = text;
    this.#verb = verb;
    this.#words = words;
  }

  made(): FileChange {
    const [name = '', ...rest] = this.#words;
    switch (this.#verb) {
      case 'lose':
      case 'remove': {
        if (rest.length > 0) return this.#refuse('it takes one name');
        const isLost = this.#verb === 'lose';
        const state = isLost ? 'lost' : 'draining';
        return {
          changed: this.#withServer({ ...this.#server(name), state }),
          words: `${name} were ${isLost ? 'lost' : 'removed'}`,
        };
      }
      case 'resize': {
        const loads = this.#loads(rest, this.#dimensions());
        if (rest.length === 0) return this.#refuse('it says no capacity');
        return {
          changed: this.#withServer(resized(this.#server(name), loads)),
          words: `${name} had ${rest.join(', ')}`,
        };
      }
      case 'add':
        return this.#added(name, rest);
      case 'move':
        return this.#moved(name, rest);
      case 'limit':
        return this.#limited(name, rest);
      default:
        return this.#refuse('it is none of lose, remove, resize, add, move, limit');
    }
  }

  #added(name: string, words: readonly string[]): FileChange {
    const { servers, resources, moves } = this.#file;
    if (name === '') return this.#refuse('it takes a name');
    if (servers.some((server) => server.name === name)) {
      return this.#refuse('there is such a server');
    }
    const [like, model = ''] = words;
    const hasModel = like === 'like';
    const settings = hasModel ? words.slice(2) : words;
    const kinds = [...new Set(servers.flatMap(({ zones }) => Object.keys(zones)))];
    const isZone = (word: string): boolean => kinds.includes(word.split('=')[0] ?? '');
    const zones = Object.fromEntries(
      settings.filter(isZone).map((word) => word.split('=') as [string, string]),
    );
    const sizes = settings.filter((word) => !isZone(word));
    const loads = this.#loads(sizes, this.#dimensions());
    if (!hasModel && sizes.length === 0) {
      return this.#refuse('it says no capacity, nor which server it is like');
    }
    const from = hasModel ? this.#server(model) : { capacity: {}, soft: {}, zones: {} };
    const plain: FileServer = { ...from, name, base: {}, state: 'ready' };
    const server = resized({ ...plain, zones: { ...from.zones, ...zones } }, loads);
    const changed = {
      ...this.#file,
      servers: [...servers, server],
      resources: resources.map((resource) => {
        const { allowed } = resource;
        return hasModel && allowed?.includes(model) === true
          ? { ...resource, allowed: [...allowed, name] }
          : resource;
      }),
      moves: { ...moves, distances: this.#distances(hasModel ? model : undefined) },
    };
    return { changed, words: [`${name} were added`, ...words].join(' ') };
  }

  /** As far from all as the one that it is like, and not from that itself. */
  #distances(model: string | undefined): ProblemFile['moves']['distances'] {
    const { servers, moves } = this.#file;
    if (moves.distances === null) return null;
    const at = servers.findIndex(({ name }) => name === model);
    const own = moves.distances[at];
    if (own === undefined) return this.#refuse('the file has distances: say which it is like');
    return [...moves.distances.map((row) => [...row, row[at] ?? 0]), [...own, 0]];
  }

  #moved(name: string, [target, ...more]: readonly string[]): FileChange {
    if (target === undefined || more.length > 0) return this.#refuse('it takes two names');
    const { name: server } = this.#server(target);
    const { resources } = this.#file;
    if (!resources.some((resource) => resource.name === name)) {
      return this.#refuse(`there is no resource ${name}`);
    }
    const changed = {
      ...this.#file,
      resources: resources.map((resource) =>
        resource.name === name ? { ...resource, server, allowed: null, pinned: server } : resource,
      ),
    };
    return { changed, words: `${name} were on ${server}` };
  }

  #limited(setting: string, more: readonly string[]): FileChange {
    const [key = '', value = ''] = setting.split('=');
    const limit = LIMITS.find((known) => known === key);
    const amount = Number(value);
    if (limit === undefined || value === '' || more.length > 0) {
      return this.#refuse(`the limits are ${LIMITS.join(', ')}`);
    }
    const { shape } = problemFileSchema;
    const words = `${key} were ${amount}`;
    if (limit === 'target') {
      const objective = { ...this.#file.objective, target: amount };
      return {
        changed: { ...this.#file, objective: this.#valid(shape.objective, objective) },
        words,
      };
    }
    const moves = { ...this.#file.moves, [limit]: amount };
    return { changed: { ...this.#file, moves: this.#valid(shape.moves, moves) }, words };
  }

  #valid<Value>(schema: z.ZodType<Value>, value: unknown): Value {
    const parsed = schema.safeParse(value);
    return parsed.success
      ? parsed.data
      : this.#refuse(parsed.error.issues[0]?.message ?? 'no such value');
  }

  #dimensions(): string[] {
    return this.#file.dimensions.map(({ name }) => name);
  }

  #loads(words: readonly string[], keys: readonly string[]): Loads {
    return Object.fromEntries(
      words.map((word) => {
        const [key = '', value = ''] = word.split('=');
        const amount = Number(value);
        const isLoad = keys.includes(key) && value !== '' && amount >= 0 && amount < Infinity;
        return isLoad
          ? [key, amount]
          : this.#refuse(`"${word}" is no amount of ${keys.join(', ')}`);
      }),
    );
  }

  #server(name: string): FileServer {
    const { servers } = this.#file;
    return (
      servers.find((server) => server.name === name) ?? this.#refuse(`there is no server ${name}`)
    );
  }

  #withServer(changed: FileServer): ProblemFile {
    const servers = this.#file.servers.map((server) =>
      server.name === changed.name ? changed : server,
    );
    return { ...this.#file, servers };
  }

  #refuse(why: string): never {
    return fail('ERR_CHANGE_INVALID', { change: clip(this.#text), why: clip(why) });
  }
}

/** What it should not pass in these dimensions is the target's share again. */
function resized(server: FileServer, loads: Loads): FileServer {
  const soft = Object.fromEntries(Object.entries(server.soft).filter(([key]) => !(key in loads)));
  return { ...server, capacity: { ...server.capacity, ...loads }, soft };
}
