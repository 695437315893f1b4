import { z } from 'zod';
import type { Resources } from '../../api/contract/outlook.js';
import { resourcesSchema } from '../../api/contract/outlook.js';
import type { ServerStatus, Status } from '../../api/contract/status.js';
import { statusSchema } from '../../api/contract/status.js';
import type { Style } from '../terminal.js';
import { textTable } from '../text-table.js';
import type { Verb } from '../verb.js';
import { clockTime, duration, percent, quantity } from '../words.js';

export const statusVerb: Verb = {
  usage: 'status',
  summary: 'How everything is: servers, load, forecast, and what the balancer does and why.',
  options: [['--resources', 'where every resource is, instead']],
  answer: z.union([statusSchema, resourcesSchema]),
  run: async (context, _args, options) => {
    const api = await context.api();
    if (options.resources === true) {
      const answer = await api.get<Resources>('/v1/resources');
      context.show(answer, () => resourcesText(answer, context.clock.realtimeMs()));
      return;
    }
    const status = await api.get<Status>('/v1/status');
    context.show(status, () => statusText(status, context.terminal.style));
  },
};

export function statusText(status: Status, style: Style): string {
  return [headline(status, style), serverTable(status, style), ...doingLines(status, style)].join(
    '\n',
  );
}

/** What is done, by what, and what is wrong: all but the servers. */
export function doingLines(status: Status, style: Style): string[] {
  return [
    `balancer: ${status.balancer.text}`,
    `policy: ${status.policy.text}`,
    ...(status.score === null ? [] : [`score: ${status.score.text}`]),
    ...backtestLine(status),
    ...neuralLine(status),
    ...openSwitchLine(status),
    ...status.addresses.map((address) => addressLine(address, status.atMs, style)),
    ...status.warnings.map((warning) => `${style.yellow('warning')} ${warning}`),
  ];
}

function backtestLine({ backtest, atMs }: Status): string[] {
  if (backtest === null) return [];
  return [`backtest: ${backtest.text} (${duration(atMs - backtest.atMs)} ago)`];
}

function neuralLine({ neural, atMs }: Status): string[] {
  if (neural === null) return [];
  const { backend, weights, training } = neural;
  if (backend === null) return ['neural forecaster: off'];
  const facts = [`on ${backend}`, `weights ${weights ?? 'unknown'}`];
  if (training !== null) {
    const { series, isTaken, before, after } = training;
    const gain = before === null || after === null ? undefined : percent(1 - after / before);
    const outcome =
      gain === undefined ? 'too little history' : isTaken ? `taken, ${gain} better` : 'not taken';
    facts.push(`trained ${duration(atMs - training.atMs)} ago on ${series} series: ${outcome}`);
  }
  return [`neural forecaster: ${facts.join(', ')}`];
}

export function headline(
  { cluster, generation, mode, paused, forecast, atMs }: Status,
  style: Style,
): string {
  const parts = [
    `cluster ${style.bold(cluster)}`,
    `generation ${generation}`,
    `mode ${mode.toUpperCase()}`,
  ];
  if (paused !== null) parts.push(style.yellow(`PAUSED by ${paused.by}`));
  if (forecast !== null) {
    const coverage = forecast.coverage === null ? 'not scored yet' : percent(forecast.coverage);
    const oldMs = atMs - forecast.madeAtMs;
    const age = oldMs < 0 ? `${duration(-oldMs)} ahead of the clock` : `${duration(oldMs)} old`;
    parts.push(`forecast ${age}, P10-P90 coverage ${coverage}`);
  }
  return parts.join('  ');
}

/** A line a server below that of the titles. */
export function serverTable({ servers, atMs, forecast }: Status, style: Style): string {
  if (servers.length === 0)
    return 'no server is known yet: declare one in the config, or start an agent beside it';
  const ahead = forecast === null ? 'PEAK' : `PEAK+${duration(forecast.horizonMs)}`;
  return textTable(
    [
      { title: 'SERVER' },
      { title: 'STATE' },
      { title: 'CPU', align: 'right' },
      { title: 'MEM', align: 'right' },
      { title: 'NET', align: 'right' },
      { title: 'HITS/s', align: 'right' },
      { title: ahead, align: 'right' },
      { title: 'AT', align: 'right' },
      { title: 'RES', align: 'right' },
      { title: 'NOTE' },
    ],
    servers.map((server) => [
      server.id,
      stateWord(server, style),
      percent(server.utilization.cpu),
      percent(server.utilization.memory),
      percent(server.utilization.network),
      quantity(server.hitsPerSecond),
      peakWord(server, style),
      server.predicted === null ? '-' : clockTime(server.predicted.peakAtMs, atMs),
      String(server.resources),
      noteOf(server, atMs),
    ]),
  );
}

function stateWord({ state, spare }: ServerStatus, style: Style): string {
  if (state === 'lost') return style.red('lost');
  if (state !== 'ready') return style.yellow(state);
  return spare ? 'spare' : 'ready';
}

function peakWord({ predicted }: ServerStatus, style: Style): string {
  if (predicted === null) return '-';
  const text = percent(predicted.p90);
  return predicted.overAtMs === null ? text : style.red(`${text} !`);
}

function noteOf({ predicted, note }: ServerStatus, nowMs: number): string {
  if (note !== '') return note;
  if (predicted?.overAtMs === null || predicted === null) return '';
  return `${predicted.dimension} full at ~${clockTime(predicted.overAtMs, nowMs)}`;
}

function openSwitchLine({ openSwitch, atMs }: Status): string[] {
  if (openSwitch === null) return [];
  const { plan, batch, state, resources, sinceMs } = openSwitch;
  const moved = resources.length === 1 ? resources[0] : `${resources.length} resources`;
  return [
    `switch of ${moved ?? ''} (plan ${plan}, batch ${batch + 1}): ${state}, ${duration(atMs - sinceMs)}`,
  ];
}

function addressLine(
  { ip, holder, sinceMs, standing }: Status['addresses'][number],
  nowMs: number,
  style: Style,
): string {
  if (holder === null) return `address ${ip}: ${style.red('no redirector has it')}`;
  const others = standing.filter((each) => each !== holder);
  const since = sinceMs === null ? '' : ` for ${duration(nowMs - sinceMs)}`;
  const ready = others.length === 0 ? 'nobody else stands ready' : `ready: ${others.join(', ')}`;
  return `address ${ip}: ${holder}${since} (${ready})`;
}

function resourcesText({ resources }: Resources, nowMs: number): string {
  if (resources.length === 0) return 'no resource is known yet';
  return textTable(
    [
      { title: 'RESOURCE' },
      { title: 'SERVER' },
      { title: 'SINCE' },
      { title: 'STANDBY' },
      { title: 'MOVED' },
      { title: 'BY' },
      { title: 'PIN' },
    ],
    resources.map(({ id, server, since, standby, movedAtMs, by, pin, eligible, isShared }) => [
      id,
      server ?? (isShared ? `shared by ${eligible}` : 'none'),
      since ?? '-',
      standby ?? '-',
      movedAtMs === null ? '-' : clockTime(movedAtMs, nowMs),
      by === null ? '-' : `plan ${by}`,
      pin ?? '',
    ]),
  );
}
