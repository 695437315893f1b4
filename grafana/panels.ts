import { PanelBuilder as BarGaugePanel } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue, Threshold } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelinePanel } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as StatusHistoryPanel } from '@grafana/grafana-foundation-sdk/statushistory';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Data } from './sources.js';

/* The few kinds of panels there are, all of one look. Colours are Grafana's own names, which follow its theme. */

export interface PanelOptions {
  readonly title: string;
  /** What one cannot see: what counts, and where it ends. */
  readonly says: string;
  readonly unit: string;
  readonly data: Data;
  /** Of 24 columns. */
  readonly width: number;
  readonly height?: number;
  /** From below: a value and the colour from there on. The first begins at the bottom. */
  readonly levels?: readonly (readonly [from: number | null, color: string])[];
}

/** Shares of a capacity: what a plan keeps below by default, and what is too much. */
export const UTILIZATION_LEVELS = [
  [null, 'green'],
  [0.6, 'yellow'],
  [0.8, 'orange'],
  [0.95, 'red'],
] as const;

const HEIGHT = 8;

/** What all kinds of panels can. */
interface AnyPanel<Panel> {
  title(title: string): Panel;
  description(text: string): Panel;
  datasource(source: { type: string; uid: string }): Panel;
  targets(queries: PanelOptions['data']['queries'][number][]): Panel;
  unit(unit: string): Panel;
  span(columns: number): Panel;
  height(rows: number): Panel;
  thresholds(config: ThresholdsConfigBuilder): Panel;
}

function common<Panel extends AnyPanel<Panel>>(panel: Panel, options: PanelOptions): Panel {
  const { title, says, unit, data, width, height = HEIGHT, levels = [[null, 'blue']] } = options;
  return panel
    .title(title)
    .description(says)
    .datasource({ ...data.source })
    .targets([...data.queries])
    .unit(unit)
    .span(width)
    .height(height)
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(levels)));
}

function stepsOf(levels: NonNullable<PanelOptions['levels']>): Threshold[] {
  return levels.map(([value, color]) => ({ value, color }));
}

export function lines(options: PanelOptions): TimeSeriesPanel {
  return common(new TimeSeriesPanel(), options)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

/** Amounts of days or steps, one on the other. */
export function bars(options: PanelOptions): TimeSeriesPanel {
  return lines(options)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(60)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
}

/** A measured line, and what is or was expected: P50, and the band from P10 to P90. Series have these names. */
export function band(options: PanelOptions): TimeSeriesPanel {
  const style = (id: string, value: unknown): DynamicConfigValue => ({ id, value });
  const color = (fixedColor: string): DynamicConfigValue =>
    style('color', { mode: 'fixed', fixedColor });
  return lines(options)
    .overrideByName('measured', [color('text'), style('custom.lineWidth', 2)])
    .overrideByName('p50', [
      color('blue'),
      style('custom.lineStyle', { fill: 'dash', dash: [6, 4] }),
    ])
    .overrideByName('p10', [color('light-blue'), style('custom.lineWidth', 0)])
    .overrideByName('p90', [
      color('light-blue'),
      style('custom.fillBelowTo', 'p10'),
      style('custom.fillOpacity', 20),
    ]);
}

export function number(options: PanelOptions): StatPanel {
  return common(new StatPanel(), options)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
}

/** Rows of cells over time, by colour; a number in each where there is room. */
export function cells(options: PanelOptions): StatusHistoryPanel {
  return common(new StatusHistoryPanel(), options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.9);
}

/** Which of several states was when. */
export function states(options: PanelOptions): StateTimelinePanel {
  return common(new StateTimelinePanel(), options)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .mergeValues(true)
    .showValue(VisibilityMode.Auto);
}

export function table(options: PanelOptions): TablePanel {
  return common(new TablePanel(), options);
}

/** The largest of several, as bars. */
export function ranking(options: PanelOptions): BarGaugePanel {
  return common(new BarGaugePanel(), options)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().values(true));
}
