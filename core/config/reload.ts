import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema.js';
import { configJsonSchema } from './schema.js';

/** What a config that was read again changes in a process that runs by another one. */
export interface Reload {
  /** What it runs by from now on: the old one, with what it takes up by itself. */
  readonly config: Config;
  /** Keys that it takes up: `planner.target`. A list is taken up, or left, as a whole. */
  readonly changed: readonly string[];
  /** Keys that stay as they were until the process starts again. */
  readonly needRestart: readonly string[];
}

export function reloadOf(before: Config, read: Config): Reload {
  const root: Node = configJsonSchema();
  const found = differences(before, read, { node: root, path: [], isReloadable: false });
  const taken = found.filter(({ isReloadable }) => isReloadable);
  const left = found.filter(({ isReloadable }) => !isReloadable);
  return {
    config: taken.reduce((config, { path }) => replaced(config, read, path) as Config, before),
    changed: taken.map(({ path }) => path.join('.')),
    needRestart: left.map(({ path }) => path.join('.')),
  };
}

interface Node {
  readonly reloadable?: boolean;
  readonly properties?: Readonly<Record<string, Node>>;
}

type Section = Readonly<Record<string, unknown>>;

/** Somewhere in a config, and what the schema says of it. */
interface Place {
  readonly node: Node | undefined;
  readonly path: readonly string[];
  /** It, or something that it stands in, is marked so. */
  readonly isReloadable: boolean;
}

/** Where the values differ; sections of fixed keys are looked into. */
function differences(a: unknown, b: unknown, place: Place): Place[] {
  const { node, path, isReloadable } = place;
  if (isDeepStrictEqual(a, b)) return [];
  // A section that is left out, or was, is taken up or left as a whole.
  if (node?.properties === undefined || a === undefined || b === undefined) return [place];
  const [before, after] = [a as Section, b as Section];
  return Object.entries(node.properties).flatMap(([key, inner]) =>
    differences(before[key], after[key], {
      node: inner,
      path: [...path, key],
      isReloadable: isReloadable || inner.reloadable === true,
    }),
  );
}

function replaced(into: unknown, from: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return from;
  const { [key]: former, ...others } = into as Section;
  const value = replaced(former, (from as Section)[key], rest);
  // A key that is left out stays out.
  return value === undefined ? others : { ...others, [key]: value };
}
