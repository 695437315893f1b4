import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  AnnotationQueryBuilder,
  CustomVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { InfluxQuery } from './influx-query.js';
import { INFLUX } from './sources.js';
import { of } from './statements.js';

/* What all dashboards share: sources, annotations, links, and that panels have ids which links can name. */

export interface Board {
  /** For ever the same: links of others name it. */
  readonly uid: string;
  readonly title: string;
  readonly says: string;
  /** How far back and ahead it looks. */
  readonly from: string;
  readonly to: 'now' | 'now+1h';
  readonly variables?: readonly Builder<VariableModel>[];
  readonly panels: readonly (Builder<Panel> & { id(id: number): unknown })[];
}

const TAG = 'foreshift';

export type ProvisionedDashboard = ReturnType<typeof dashboardOf>;

export function dashboardOf(board: Board) {
  const { uid, title, says, from, to, variables = [], panels } = board;
  // The SDK would rather have dashboards of version 2. Those that Grafana is given as files are of version 1, which every Grafana
  // since the eighth reads.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const dashboard = new DashboardBuilder(`Foreshift / ${title}`)
    .uid(uid)
    .description(says)
    .tags([TAG])
    .timezone('browser')
    .time({ from, to })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...sources(), ...variables])
    .annotations(annotations())
    .links(links());
  for (const [index, panel] of panels.entries()) {
    panel.id(index + 1);
    dashboard.withPanel(panel);
  }
  return dashboard.build();
}

function sources(): Builder<VariableModel>[] {
  return [
    new DatasourceVariableBuilder('datasource').label('InfluxDB').type('influxdb'),
    new DatasourceVariableBuilder('prometheus').label('Prometheus').type('prometheus'),
    new CustomVariableBuilder('samples')
      .label('Samples')
      .description('Loads as they came, or the means that are kept of what is older')
      .values('raw,means')
      .current({ text: 'raw', value: 'raw' }),
    new TextBoxVariableBuilder('console')
      .label('Console')
      .defaultValue('http://127.0.0.1:7700')
      .current({ text: 'http://127.0.0.1:7700', value: 'http://127.0.0.1:7700' }),
  ];
}

/** The values that a tag has, such as the servers that there are. */
export function tagVariable(
  name: string,
  label: string,
  {
    from,
    tag,
    isMulti,
  }: { readonly from: string; readonly tag: string; readonly isMulti: boolean },
): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(INFLUX)
    .query(`SHOW TAG VALUES FROM ${from} WITH KEY = "${tag}"`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(isMulti)
    .includeAll(isMulti);
  return isMulti ? variable.current({ text: ['All'], value: ['$__all'] }) : variable;
}

function annotations(): AnnotationQueryBuilder[] {
  const annotation = (name: string, color: string, query: InfluxQuery): AnnotationQueryBuilder =>
    new AnnotationQueryBuilder()
      .name(name)
      .datasource(INFLUX)
      .enable(true)
      .iconColor(color)
      .target(query);
  return [
    annotation(
      'Switches',
      'purple',
      new InfluxQuery(
        `SELECT "end_ms", "text", "result" FROM ${of('switch_region')} WHERE $timeFilter`,
      ).annotation({ text: 'text', tags: 'result', timeEnd: 'end_ms' }),
    ),
    annotation(
      'Forecast',
      'blue',
      new InfluxQuery(
        `SELECT last("end_ms") AS "end_ms", "text" FROM ${of('forecast_run')} WHERE $timeFilter`,
      ).annotation({ text: 'text', timeEnd: 'end_ms' }),
    ),
    annotation(
      'Pauses and modes',
      'orange',
      new InfluxQuery(`SELECT "text" FROM ${of('note')} WHERE $timeFilter`).annotation({
        text: 'text',
      }),
    ),
  ];
}

function links(): DashboardLinkBuilder[] {
  return [
    new DashboardLinkBuilder('Console')
      .type(DashboardLinkType.Link)
      .url('${console}/?from=${__from}&to=${__to}')
      .targetBlank(true),
    new DashboardLinkBuilder('Foreshift')
      .type(DashboardLinkType.Dashboards)
      .tags([TAG])
      .asDropdown(true)
      .keepTime(true)
      .includeVars(true),
  ];
}
