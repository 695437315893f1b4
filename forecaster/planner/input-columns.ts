import { strict as assert } from 'node:assert';
import type { ResourceId, ServerId } from '../../core/domain.js';
import type { ForecastBlock } from '../../core/forecast.js';
import type { Generation } from '../../core/generation.js';
import { Indices } from '../../core/indices.js';
import type { Metric, SeriesKey } from '../../core/sample.js';
import type { Slices } from '../../core/threads/slices.js';
import { eachOf } from '../../core/threads/slices.js';
import type { PlanningInputs, PlanningResource } from './inputs.js';

/**
 * Planning inputs as they go to another thread: what there are tens of thousands of stands in columns of numbers and in one text
 * of names. Copying them as objects holds the event loop of whoever sends them ten times as long.
 */
export interface InputColumns {
  /** What is small. */
  readonly rest: Omit<PlanningInputs, keyof Outlooks | 'resources'>;
  /** Null: those that the reader has. */
  readonly outlooks: OutlookColumns | null;
  readonly resources: ResourceColumns;
}

/** What is expected and was measured: more than all else together, and the same from one forecast to the next. */
export type Outlooks = Pick<PlanningInputs, 'forecast' | 'last'>;

interface OutlookColumns {
  readonly last: Float32Array;
  readonly block: Omit<ForecastBlock, 'series'>;
  readonly series: SeriesColumns;
}

interface SeriesColumns {
  readonly subjects: readonly SeriesKey['subject'][];
  readonly metrics: readonly Metric[];
  readonly names: Names;
  /** Of each series where its subject, metric and name are: `3 · series + 0…2`. */
  readonly at: Int32Array;
}

/** A column has a value for each resource; −1 and NaN: none. */
interface ResourceColumns {
  readonly names: Names;
  readonly servers: readonly ServerId[];
  readonly server: Int32Array;
  readonly standby: Int32Array;
  readonly movingTo: Int32Array;
  readonly pinned: Int32Array;
  readonly wanted: Int32Array;
  /** Of `since`. */
  readonly incarnation: Float64Array;
  readonly epoch: Float64Array;
  readonly movedAtMs: Float64Array;
  readonly inFlight: Float64Array;
  /** Lists one after the other; where each begins, and at last where all end; which each resource has. */
  readonly listed: Int32Array;
  readonly listFrom: Int32Array;
  readonly list: Int32Array;
}

/** One after the other, with `BETWEEN` in between. */
interface Names {
  readonly text: string;
  readonly count: number;
}

const ITEMS_A_SLICE = 1000;
/** No name has it (`NAME` in core/domain.ts). */
const BETWEEN = '\n';

/** @param known what the reader has: if it is of these inputs, it is not said again */
export function* columnSlices(inputs: PlanningInputs, known?: Outlooks): Slices<InputColumns> {
  const { forecast, last, resources, ...rest } = inputs;
  const isKnown = known?.forecast === forecast && known.last === last;
  const outlooks = isKnown ? null : yield* outlookSlices({ forecast, last });
  yield;
  return { rest, outlooks, resources: yield* resourceSlices(resources) };
}

/**
 * What `columnSlices` made columns of. Lists that were one array are one again.
 * @param known what was read last
 */
export function inputsIn(
  { rest, outlooks, resources }: InputColumns,
  known?: Outlooks,
): PlanningInputs {
  const read = outlooks === null ? known : outlooksIn(outlooks);
  assert.ok(read !== undefined, 'what is not said again was said before');
  const { forecast, last } = read;
  return { ...rest, forecast, last, resources: resourcesIn(resources) };
}

function* outlookSlices({ forecast, last }: Outlooks): Slices<OutlookColumns> {
  const { series, ...block } = forecast;
  return { last, block, series: yield* seriesSlices(series) };
}

function outlooksIn({ last, block, series }: OutlookColumns): Outlooks {
  return { last, forecast: { ...block, series: seriesIn(series) } };
}

function* seriesSlices(keys: readonly SeriesKey[]): Slices<SeriesColumns> {
  const subjects = new Indices<SeriesKey['subject']>();
  const metrics = new Indices<Metric>();
  const names = new Indices<string>();
  const at = new Int32Array(3 * keys.length);
  yield* eachOf(keys, ITEMS_A_SLICE, ({ subject, metric, id }, row) => {
    at[3 * row] = subjects.give(subject);
    at[3 * row + 1] = metrics.give(metric);
    at[3 * row + 2] = names.give(id);
  });
  return { subjects: subjects.ids, metrics: metrics.ids, names: joined(names.ids), at };
}

function seriesIn({ subjects, metrics, names, at }: SeriesColumns): SeriesKey[] {
  const ids = parted(names);
  return Array.from({ length: at.length / 3 }, (_, row) => {
    const subject = subjects[at[3 * row]!]!;
    return { subject, id: ids[at[3 * row + 2]!]!, metric: metrics[at[3 * row + 1]!]! } as SeriesKey;
  });
}

function* resourceSlices(resources: readonly PlanningResource[]): Slices<ResourceColumns> {
  const servers = new Indices<ServerId>();
  const lists = new Indices<readonly ServerId[]>();
  const indexOf = (id: ServerId | null | undefined): number =>
    id === null || id === undefined ? -1 : servers.give(id);
  const server = new Int32Array(resources.length);
  const standby = new Int32Array(resources.length);
  const movingTo = new Int32Array(resources.length);
  const pinned = new Int32Array(resources.length);
  const wanted = new Int32Array(resources.length);
  const list = new Int32Array(resources.length);
  const incarnation = new Float64Array(resources.length);
  const epoch = new Float64Array(resources.length);
  const movedAtMs = new Float64Array(resources.length);
  const inFlight = new Float64Array(resources.length);
  yield* eachOf(resources, ITEMS_A_SLICE, (resource, at) => {
    server[at] = indexOf(resource.server);
    standby[at] = indexOf(resource.standby);
    movingTo[at] = indexOf(resource.movingTo);
    pinned[at] = indexOf(resource.pinned);
    wanted[at] = indexOf(resource.wanted);
    incarnation[at] = resource.since?.incarnation ?? NaN;
    epoch[at] = resource.since?.epoch ?? NaN;
    list[at] = lists.give(resource.eligible);
    movedAtMs[at] = resource.movedAtMs ?? NaN;
    inFlight[at] = resource.inFlight ?? NaN;
  });
  yield;
  const listFrom = new Int32Array(lists.ids.length + 1);
  for (const [at, ids] of lists.ids.entries()) listFrom[at + 1] = listFrom[at]! + ids.length;
  const listed = new Int32Array(listFrom.at(-1)!);
  yield* eachOf(lists.ids, ITEMS_A_SLICE, (ids, at) => {
    for (const [index, id] of ids.entries()) listed[listFrom[at]! + index] = servers.give(id);
  });
  return {
    names: joined(resources.map(({ id }) => id)),
    servers: servers.ids,
    ...{ server, standby, movingTo, pinned, wanted, incarnation, epoch, movedAtMs, inFlight },
    ...{ list, listFrom, listed },
  };
}

function resourcesIn(columns: ResourceColumns): PlanningResource[] {
  const { servers, listed, listFrom } = columns;
  const serverAt = (column: Int32Array, at: number): ServerId | null =>
    servers[column[at]!] ?? null;
  const lists = Array.from({ length: listFrom.length - 1 }, (_, at) =>
    Array.from(listed.subarray(listFrom[at], listFrom[at + 1]), (server) => servers[server]!),
  );
  return parted(columns.names).map((id, at): PlanningResource => {
    const wanted = serverAt(columns.wanted, at);
    const inFlight = columns.inFlight[at]!;
    const movedAtMs = columns.movedAtMs[at]!;
    return {
      id: id as ResourceId,
      ...(!Number.isNaN(inFlight) && { inFlight }),
      ...(wanted !== null && { wanted }),
      server: serverAt(columns.server, at),
      since: generationAt(columns, at),
      standby: serverAt(columns.standby, at),
      movedAtMs: Number.isNaN(movedAtMs) ? null : movedAtMs,
      movingTo: serverAt(columns.movingTo, at),
      pinned: serverAt(columns.pinned, at),
      eligible: lists[columns.list[at]!]!,
    };
  });
}

function generationAt({ incarnation, epoch }: ResourceColumns, at: number): Generation | null {
  if (Number.isNaN(epoch[at]!)) return null;
  return { incarnation: incarnation[at]!, epoch: epoch[at]! };
}

function joined(names: readonly string[]): Names {
  return { text: names.join(BETWEEN), count: names.length };
}

function parted({ text, count }: Names): string[] {
  const names = count === 0 ? [] : text.split(BETWEEN);
  assert.ok(names.length === count, 'no name has what stands between names');
  return names;
}
