import { describe, expect, it } from '@jest/globals';
import { dashboards, textOf } from '../../../grafana/all.js';
import {
  dashboardTexts,
  parseDashboard,
  structureFaults,
} from '../../support/grafana/dashboard.js';

const texts = await dashboardTexts();
const names = [...texts.keys()];

/** A copy of a dashboard, as it comes from its file, to be spoilt. */
function copyOf(name: string) {
  return parseDashboard(texts.get(name) ?? '');
}

describe('the dashboards', () => {
  it('in the files are those that are made: `npm run dashboards` writes them', () => {
    const made = [...dashboards()].map(([name, dashboard]) => [name, textOf(dashboard)]);
    expect(Object.fromEntries(texts)).toEqual(Object.fromEntries(made));
  });

  it('keep their uids, by which links and bookmarks find them', () => {
    expect(names.map((name) => copyOf(name).uid)).toEqual([
      'foreshift-cluster',
      'foreshift-forecast',
      'foreshift-plans',
      'foreshift-resource',
      'foreshift-service',
    ]);
  });

  it.each(names)('have the structure that Grafana reads: %s', (name) => {
    expect(structureFaults(copyOf(name))).toEqual([]);
  });

  it.each(names)('leave no panel over another: %s', (name) => {
    const taken = new Set<string>();
    for (const { gridPos, title } of copyOf(name).panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.has(`${x} ${y}`)]).toEqual([title, false]);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it.each(['cluster.json', 'forecast.json', 'resource.json'])('show the future: %s', (name) => {
    expect(copyOf(name).time.to).toBe('now+1h');
  });
});

/** What somebody might spoil, and where it is found. */
const SPOILT: readonly (readonly [
  what: string,
  spoil: (dashboard: ReturnType<typeof copyOf>) => void,
  where: string,
])[] = [
  ['a height', (board) => (board.panels[0]!.gridPos.h = 0), 'panels.0.gridPos.h: '],
  ['a width', (board) => (board.panels[1]!.gridPos.w = 20), 'panels.1.gridPos: '],
  ['a time', (board) => (board.time.to = 'tomorrow'), 'time.to: '],
  ['a tooltip', (board) => (board.graphTooltip = 7 as never), 'graphTooltip: '],
  [
    'a mode of thresholds',
    (board) => (board.panels[0]!.fieldConfig.defaults.thresholds.mode = 'relative' as never),
    'panels.0.fieldConfig.defaults.thresholds.mode: ',
  ],
  [
    'the first threshold',
    (board) => (board.panels[0]!.fieldConfig.defaults.thresholds.steps[0]!.value = 0),
    'panels.0.fieldConfig.defaults.thresholds.steps: ',
  ],
  ['a kind of panel', (board) => (board.panels[0]!.type = 'graph' as never), 'panels.0.type: '],
  ['an id', (board) => (board.panels[1]!.id = board.panels[0]!.id), 'panels: two panels'],
  [
    'a unit',
    (board) => delete (board.panels[2]!.fieldConfig.defaults as { unit?: string }).unit,
    'panels.2.fieldConfig.defaults.unit: no unit',
  ],
  [
    'a datasource',
    (board) => (board.panels[3]!.datasource.uid = 'P951FEA4DE68E13C5'),
    'panels.3.datasource.uid: a hard-coded datasource',
  ],
  [
    'the datasource of an annotation',
    (board) => (board.annotations.list[0]!.datasource.uid = 'mine'),
    'annotations.list.0.datasource.uid: a hard-coded datasource',
  ],
  ['a uid', (board) => (board.uid = 'a b'), 'uid: '],
];

describe('the check of structure', () => {
  it.each(SPOILT)('finds %s that is wrong, and nothing else', (_, spoil, where) => {
    const board = copyOf('cluster.json');
    spoil(board);
    const faults = structureFaults(board);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(where);
  });
});
