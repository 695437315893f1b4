/**
 * The tables of docs/FORECASTING.md, of what `bench -- forecast --out` wrote: ours beside every peer.
 * `npm run bench -- forecast-tables --baselines FILE.json --result RESULT.json [--into docs/FORECASTING.md]`
 * `--into`: put between the lines `<!-- forecast tables -->` and `<!-- end of tables -->` of that file; else printed.
 * Exit 2 if a file that it needs is not there or cannot be used.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Baselines } from './forecast-baselines.js';
import { BASELINES_FILE, OURS, baselinesSchema } from './forecast-baselines.js';
import { markdownTable, numberColumns } from './markdown-table.js';
import { InputFault, readJson, withInputs } from './inputs.js';

const BEGIN = '<!-- forecast tables -->';
const END = '<!-- end of tables -->';

const { values: args } = parseArgs({
  options: {
    baselines: { type: 'string', default: BASELINES_FILE },
    result: { type: 'string', default: 'forecast.json' },
    into: { type: 'string' },
  },
});

async function main(): Promise<void> {
  const peers = await readJson(args.baselines, baselinesSchema);
  const ours = await readJson(args.result, baselinesSchema);
  const text = [
    aggregates(peers, ours),
    ...(['MASE', 'sQL90', 'peakMASE', 'peakQL90'] as const).map((metric) =>
      byTask(peers, ours, metric),
    ),
    coverage(ours),
  ].join('\n\n');
  if (args.into === undefined) {
    console.log(text);
    return;
  }
  const page = await readFile(args.into, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new InputFault(`${args.into} has no lines ${BEGIN} and ${END}`);
  await writeFile(args.into, `${before ?? ''}${BEGIN}\n\n${text}\n\n${END}${after}`);
}

const COLUMNS = ['MASE', 'sQL90', 'peakMASE', 'peakQL90'].flatMap((metric) =>
  ['h12', 'h24'].map((horizon) => [`${metric} ${horizon}`, `${horizon}_rel_${metric}`] as const),
);

function aggregates(peers: Baselines, ours: Baselines): string {
  const all = { ...peers.aggregate_relative_to_base, ...ours.aggregate_relative_to_base };
  const rows = Object.entries(all)
    .sort(([, a], [, b]) => (a.h12_rel_MASE ?? 0) - (b.h12_rel_MASE ?? 0))
    .map(([name, of]) => [
      shownName(name),
      ...COLUMNS.map(([, key]) => shown(of[key])),
      String(of.tasks ?? ''),
    ]);
  return section('Relative to seasonal naive, geometric mean over the tasks', [
    ['model', ...COLUMNS.map(([title]) => title), 'tasks'],
    ...rows,
  ]);
}

/** Of the first 12 steps. */
function byTask(peers: Baselines, ours: Baselines, metric: string): string {
  const tasks = ours.tasks.map(({ task }) => task);
  const resultsOf = (file: Baselines, task: string) =>
    file.tasks.find((of) => of.task === task)?.results ?? {};
  const models = new Set(peers.tasks.flatMap(({ results }) => Object.keys(results)));
  const row = (file: Baselines, model: string): string[] => [
    shownName(model),
    ...tasks.map((task) => shown(resultsOf(file, task)[model]?.h12[metric])),
  ];
  return section(`${metric}, steps 1 to 12, by task`, [
    ['model', ...tasks],
    row(ours, OURS),
    ...[...models].map((model) => row(peers, model)),
  ]);
}

function coverage({ tasks }: Baselines): string {
  const rows = (['h12', 'h24'] as const).map((horizon) => [
    horizon,
    ...tasks.map(({ results }) => shown(results[OURS]?.[horizon].cov90)),
  ]);
  return section('Share of what came below our P90; 0.9 is right', [
    ['', ...tasks.map(({ task }) => task)],
    ...rows,
  ]);
}

function section(title: string, [head = [], ...rows]: readonly (readonly string[])[]): string {
  const [first = '', ...rest] = head;
  return [`### ${title}`, '', markdownTable(numberColumns(first, ...rest), rows)].join('\n');
}

function shownName(name: string): string {
  return name === OURS ? `**${name}**` : name;
}

function shown(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '';
  return value > 100 ? '>100' : value.toPrecision(3);
}

await withInputs(main);
