import type { Dimension, ServerId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { Kept } from '../../core/kept.js';
import type { Panel, Range } from '../../core/panel.js';
import { lastIn } from '../../core/panel.js';
import type { SeriesKey } from '../../core/sample.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Fleet } from './kept/fleet.js';

/** Which series say how the fleet is loaded, and where in the list each server's are. */
export interface FleetLayout {
  readonly series: readonly SeriesKey[];
  /** Of each server the first of its own series, one a dimension in the order of `DIMENSIONS`. */
  readonly ownRows: ReadonlyMap<ServerId, number>;
  /** Of each server what redirectors count of its resources, for servers that do not say it themselves. */
  readonly hitsRows: ReadonlyMap<ServerId, Range>;
}

/** The list is made once for each table: of ten thousand resources it takes longer than to read it. */
export class FleetSeries {
  readonly #view: TableView;
  readonly #fleet: Fleet;
  readonly #layout = new Kept<FleetLayout>();

  constructor(view: TableView, fleet: Fleet) {
    this.#view = view;
    this.#fleet = fleet;
  }

  now(): FleetLayout {
    const facts = [this.#fleet.placements, this.#fleet.stampOf([SERVER])];
    return this.#layout.of(facts, () =>
      layoutOf([...this.#view.all(SERVER).keys()], this.#fleet.residents),
    );
  }
}

function layoutOf(servers: readonly ServerId[], residents: Fleet['residents']): FleetLayout {
  const series: SeriesKey[] = [];
  const ownRows = new Map<ServerId, number>();
  const hitsRows = new Map<ServerId, Range>();
  for (const id of servers) {
    ownRows.set(id, series.length);
    for (const metric of DIMENSIONS) series.push({ subject: 'server', id, metric });
  }
  for (const [server, resources] of residents) {
    const from = series.length;
    for (const id of resources) series.push({ subject: 'resource', id, metric: 'hits' });
    hitsRows.set(server, { from, to: series.length });
  }
  return { series, ownRows, hitsRows };
}

/** What was last measured of servers, and of what they serve. */
export class FleetLoads {
  readonly #layout: FleetLayout;
  readonly #panel: Panel | undefined;

  /** @param panel of the layout's series; undefined: there is none */
  constructor(layout: FleetLayout, panel: Panel | undefined) {
    this.#layout = layout;
    this.#panel = panel;
  }

  /** Of the server itself; NaN: it was not measured. */
  lastOf({
    id,
    metric,
  }: {
    readonly subject: 'server';
    readonly id: ServerId;
    readonly metric: Dimension;
  }): number {
    const row = this.#layout.ownRows.get(id);
    return row === undefined ? NaN : this.#lastIn(row + DIMENSIONS.indexOf(metric));
  }

  /** What the redirectors counted of its resources together; null: of none of them anything. */
  countedHits(server: ServerId): number | null {
    const { from, to } = this.#layout.hitsRows.get(server) ?? { from: 0, to: 0 };
    let sum = 0;
    let measured = 0;
    for (let row = from; row < to; row++) {
      const value = this.#lastIn(row);
      if (!Number.isFinite(value)) continue;
      sum += value;
      measured++;
    }
    return measured === 0 ? null : sum;
  }

  #lastIn(row: number): number {
    return this.#panel === undefined ? NaN : lastIn(this.#panel, row);
  }
}
