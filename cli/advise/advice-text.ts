import { counted } from '../../core/text.js';
import type { Advice, AdviceDay, AdviceMove, AdvicePolicy, Overload } from '../../replay/advice.js';
import { ADVICE_POLICIES } from '../../replay/advice.js';
import type { Style } from '../terminal.js';
import { textTable } from '../text-table.js';
import { bar, duration, percent, quantity } from '../words.js';

export interface AdviceTextOptions {
  readonly style: Style;
  /** All days, overloads and moves. */
  readonly isWhole: boolean;
}

const TITLES: Readonly<Record<AdvicePolicy, string>> = {
  static: 'if nothing is done',
  'reactive-50': 'reacting to imbalance',
  foreshift: 'Foreshift',
};
const SHOWN = 10;
const DAYS_SHOWN = 31;
const BAR_CELLS = 24;

/** An advice as a person reads it: the answer first, then when, then which moves. */
export function adviceText(advice: Advice, { style, isWhole }: AdviceTextOptions): string {
  return [
    sceneWords(advice),
    style.bold(headline(advice)),
    figures(advice),
    ...spellLines(advice),
    days(advice, isWhole),
    ...listed(advice.overloads, overloads, { title: 'longest overloads', isWhole }),
    ...listed(advice.moves, moves, { title: 'moves', isWhole }),
    'nothing was changed anywhere',
  ].join('\n');
}

function sceneWords(advice: Advice): string {
  const { source, dimension, resources, servers, capacity, isCapacityGiven, missing } = advice;
  const { fromMs, toMs, historyFromMs } = advice;
  const size = isCapacityGiven
    ? `of ${quantity(capacity)} each`
    : `of ${quantity(capacity)} each (sized to the load: --capacity says what yours have)`;
  const gaps = missing >= 0.01 ? `; ${percent(missing)} of the values are missing` : '';
  return [
    `${source}: ${dimension} of ${counted(resources, 'resource')} on ${servers} equal servers ${size}${gaps}`,
    `judged ${duration(toMs - fromMs)}, ${day(fromMs)} to ${day(toMs)}, after ${duration(fromMs - historyFromMs)} to learn from; all begin with an assignment that is even by its means`,
  ].join('\n');
}

function headline({ policies, avoided }: Advice): string {
  const { static: nothing, foreshift } = policies;
  if (nothing.overloadMinutes === 0) {
    const word = foreshift.overloadMinutes === 0 ? 'nothing to avoid' : 'harm only';
    return `no server would have been overloaded: ${word}`;
  }
  const share = avoided.againstNothing / nothing.overloadMinutes;
  const beside =
    avoided.againstReactive >= 0
      ? `${quantity(avoided.againstReactive)} fewer than reacting would have left`
      : `${quantity(-avoided.againstReactive)} more than reacting would have left`;
  return share >= 0
    ? `${quantity(avoided.againstNothing)} of ${quantity(nothing.overloadMinutes)} overload minutes avoided (${percent(share)}), ${beside}`
    : `${quantity(-avoided.againstNothing)} overload minutes added to ${quantity(nothing.overloadMinutes)}, ${beside}`;
}

function figures({ policies }: Advice): string {
  return textTable(
    [
      { title: '' },
      ...['OVERLOAD-MIN', 'P95 PEAK', 'PEAK', 'MOVES', 'TWICE/24H', 'HOLD'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    ADVICE_POLICIES.map((policy) => {
      const {
        overloadMinutes,
        peakP95,
        peakMax,
        moves: count,
        movedTwice,
        holdMs,
      } = policies[policy];
      return [
        TITLES[policy],
        quantity(overloadMinutes),
        percent(peakP95),
        percent(peakMax),
        quantity(count),
        quantity(movedTwice),
        holdMs === null ? '-' : duration(holdMs),
      ];
    }),
  );
}

function spellLines({ spells, leadMs }: Advice): string[] {
  const { avoided, shortened, left, added } = spells;
  const all = avoided + shortened + left;
  if (all + added === 0) return [];
  const lead = leadMs === null ? '' : `, moved away ${duration(leadMs)} before (median)`;
  return [
    `of ${counted(all, 'overload')} ${avoided} avoided${lead}, ${shortened} shortened, ${left} left; ${added} new`,
  ];
}

/** Overload minutes of each day as bars, the days without any only counted. */
function days({ days: all }: Advice, isWhole: boolean): string {
  const eventful = all.filter(({ overloadMinutes, moves: count }) => {
    return count > 0 || ADVICE_POLICIES.some((policy) => overloadMinutes[policy] > 0);
  });
  if (eventful.length === 0) return 'no day had an overload or a move';
  const shown = isWhole ? eventful : eventful.slice(-DAYS_SHOWN);
  const most = Math.max(
    ...shown.flatMap(({ overloadMinutes }) => ADVICE_POLICIES.map((one) => overloadMinutes[one])),
  );
  const cell = ({ overloadMinutes }: AdviceDay, policy: AdvicePolicy): string => {
    const minutes = overloadMinutes[policy];
    return most === 0 ? '0' : `${bar(minutes / most, BAR_CELLS)} ${quantity(minutes)}`.trim();
  };
  const table = textTable(
    [
      { title: 'OVERLOAD-MIN' },
      ...ADVICE_POLICIES.map((policy) => ({ title: TITLES[policy].toUpperCase() })),
      { title: 'MOVES', align: 'right' },
    ],
    shown.map((one) => [
      day(one.dayMs),
      ...ADVICE_POLICIES.map((policy) => cell(one, policy)),
      String(one.moves),
    ]),
  );
  const quiet = all.length - eventful.length;
  const earlier = eventful.length - shown.length;
  return [
    table,
    ...(earlier > 0
      ? [`${counted(earlier, 'earlier day')} with overloads or moves: --all shows them`]
      : []),
    ...(quiet > 0 ? [`${counted(quiet, 'day')} without`] : []),
  ].join('\n');
}

function overloads(all: readonly Overload[]): string {
  return textTable(
    [
      { title: 'SERVER' },
      { title: 'FROM' },
      { title: 'MINUTES', align: 'right' },
      { title: 'PEAK', align: 'right' },
      { title: 'WITH FORESHIFT' },
    ],
    all.map(({ server, fromMs, minutes, peak, end, leadMs }) => [
      server,
      minute(fromMs),
      quantity(minutes),
      percent(peak),
      end === 'avoided' && leadMs !== null ? `avoided, moved ${duration(leadMs)} before` : end,
    ]),
  );
}

function moves(all: readonly AdviceMove[]): string {
  return all
    .map(
      ({ atMs, resource, source, target }) =>
        `  ${minute(atMs)}  ${resource}  ${source} -> ${target}`,
    )
    .join('\n');
}

function listed<One>(
  all: readonly One[],
  text: (shown: readonly One[]) => string,
  { title, isWhole }: { readonly title: string; readonly isWhole: boolean },
): string[] {
  if (all.length === 0) return [];
  const shown = isWhole ? all : all.slice(0, SHOWN);
  const more =
    all.length > shown.length ? `, ${shown.length} of ${all.length}: --all shows them` : '';
  return [`${title}${more}`, text(shown)];
}

/** UTC, as days are counted. */
function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function minute(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
}
