import { crc32 } from 'node:zlib';
import type { ServerId } from '../../core/domain.js';
import type { Net } from '../../core/net/port.js';
import { fetchPage } from '../page.js';
import type { RatesOptions } from '../rates.js';
import { Rates } from '../rates.js';
import type { Capacity, ServerTarget } from '../server-harvest.js';
import { serverHarvest } from '../server-harvest.js';
import type { Harvest, Poll, Source } from '../source.js';
import { parseExposition } from './exposition.js';
import type { Mapping } from './mapping.js';

const OPENMETRICS = 'application/openmetrics-text';
const TYPES = ['text/plain', OPENMETRICS];

export interface PrometheusSourceOptions extends RatesOptions {
  readonly server: ServerId;
  readonly url: string;
  readonly mapping: Mapping;
  readonly pageBytesMax: number;
  readonly capacity?: Capacity;
}

/** A server's load from any exporter of Prometheus text. */
export class PrometheusSource implements Source {
  readonly #net: Net;
  readonly #options: PrometheusSourceOptions;
  readonly #target: ServerTarget;
  #before = '';

  constructor(net: Net, options: PrometheusSourceOptions) {
    this.#net = net;
    this.#options = options;
    const { server, mapping, capacity = {} } = options;
    const { dimensions } = mapping;
    this.#target = { server, dimensions, capacity, rates: new Rates(options) };
  }

  async poll(poll: Poll): Promise<Harvest> {
    const { url, mapping, pageBytesMax } = this.#options;
    const request = {
      url,
      accept: 'text/plain;version=0.0.4',
      types: TYPES,
      bytesMax: pageBytesMax,
    };
    const { type, body } = await fetchPage(this.#net, request, poll);
    if (this.#isRepeated(body)) return this.#stale();
    const page = parseExposition(body.toString('utf8'), {
      page: url,
      wanted: mapping.wanted,
      dialect: type === OPENMETRICS ? 'openmetrics' : 'text',
    });
    return serverHarvest(this.#target, mapping.read(page), poll);
  }

  /**
   * The page is that of the poll before, to the byte. Something of an exporter always moves, be it the processor time of its
   * own, so this one is stuck, or somebody on the way answers from a cache; a rate of zero made of it would be a lie.
   */
  #isRepeated(body: Buffer): boolean {
    const digest = `${body.length} ${crc32(body)}`;
    const isRepeated = digest === this.#before;
    this.#before = digest;
    return isRepeated;
  }

  #stale(): Harvest {
    const drops = this.#target.dimensions.map(
      (what) => ({ what, reason: 'stale', count: 1 }) as const,
    );
    return { samples: [], drops };
  }
}
