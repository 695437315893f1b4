import type { Dimension, ServerId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import { JSON_LIMITS, parseJson } from '../core/json.js';
import type { Net } from '../core/net/port.js';
import { clip } from '../core/text.js';
import { fetchPage } from './page.js';
import type { Reading, RatesOptions } from './rates.js';
import { Rates } from './rates.js';
import type { Capacity, Readings, ServerTarget } from './server-harvest.js';
import { serverHarvest } from './server-harvest.js';
import type { Harvest, Poll, Source } from './source.js';

export type JsonPaths = Readonly<Partial<Record<Dimension, string | undefined>>>;

export interface HttpJsonSourceOptions extends RatesOptions {
  readonly server: ServerId;
  readonly url: string;
  readonly paths: JsonPaths;
  readonly pageBytesMax: number;
  readonly capacity?: Capacity;
}

/** A server's load from a JSON page: numbers at paths, each the load of that moment in the dimension's unit. */
export class HttpJsonSource implements Source {
  readonly #net: Net;
  readonly #options: HttpJsonSourceOptions;
  readonly #target: ServerTarget;

  constructor(net: Net, options: HttpJsonSourceOptions) {
    this.#net = net;
    this.#options = options;
    const { server, paths, capacity = {} } = options;
    const dimensions = DIMENSIONS.filter((dimension) => paths[dimension] !== undefined);
    this.#target = { server, dimensions, capacity, rates: new Rates(options) };
  }

  async poll(poll: Poll): Promise<Harvest> {
    const { url, paths, pageBytesMax } = this.#options;
    const types = ['application/json', '+json'];
    const request = { url, accept: 'application/json', types, bytesMax: pageBytesMax };
    const { body } = await fetchPage(this.#net, request, poll);
    return serverHarvest(this.#target, jsonReadings(pageOf(body, url, pageBytesMax), paths), poll);
  }
}

/** What stands at the paths; a dimension without a number there is absent. */
function jsonReadings(page: Json, paths: JsonPaths): Readings {
  const readings = new Map<Dimension, Reading>();
  for (const dimension of DIMENSIONS) {
    const path = paths[dimension];
    const value = path === undefined ? undefined : valueAt(page, path.split('.'));
    if (typeof value !== 'number') continue;
    const values = Float64Array.of(value);
    readings.set(dimension, { kind: 'gauge', values, parts: '', ownMs: undefined, max: Infinity });
  }
  return readings;
}

function pageOf(body: Buffer, url: string, bytesMax: number): Json {
  try {
    return parseJson(body.toString('utf8'), 'the page', { ...JSON_LIMITS, bytesMax });
  } catch (cause) {
    const why = cause instanceof Error ? clip(cause.message) : '';
    return fail('ERR_PAGE_INVALID', { page: clip(url), where: 'JSON', why }, { cause });
  }
}

/** Steps are keys of objects and indices of lists. */
function valueAt(page: Json | undefined, steps: readonly string[]): Json | undefined {
  let value = page;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined;
    const isStep = Array.isArray(value) ? /^[0-9]+$/.test(step) : Object.hasOwn(value, step);
    value = isStep ? (value as JsonObject)[step] : undefined;
  }
  return value;
}
