import { z } from 'zod';
import { DIMENSIONS } from '../core/domain.js';
import type { PolicyName } from './options.js';
import { policyAccountSchema } from './policy.js';
import type { PolicyReport } from './report.js';
import type { ReplayResult } from './replay.js';
import { measuresSchema } from './rules/measures.js';
import type { PolicyRun } from './run.js';
import type { Scene } from './scene.js';

/** What is compared: nothing done, moves once the load is uneven, and Foreshift. */
export const ADVICE_POLICIES = ['static', 'reactive-50', 'foreshift'] as const;
export type AdvicePolicy = (typeof ADVICE_POLICIES)[number];

const figuresSchema = measuresSchema
  .pick({ overloadMinutes: true, peakP95: true, peakMax: true, moves: true, movedTwice: true })
  .extend({ holdMs: policyAccountSchema.shape.holdMs });
export type AdviceFigures = z.output<typeof figuresSchema>;

const SPELL_ENDS = ['avoided', 'shortened', 'left'] as const;
export type SpellEnd = (typeof SPELL_ENDS)[number];

const daySchema = z.object({
  /** Its beginning. */
  dayMs: z.number(),
  overloadMinutes: z.record(z.enum(ADVICE_POLICIES), z.number()),
  moves: z.number(),
});
export type AdviceDay = z.output<typeof daySchema>;

/** A spell in which a server would have been above its capacity. */
const overloadSchema = z.object({
  server: z.string(),
  fromMs: z.number(),
  minutes: z.number(),
  /** Highest utilization. */
  peak: z.number(),
  end: z.enum(SPELL_ENDS),
  /** Null: nothing had left the server before. */
  leadMs: z.number().nullable(),
});
export type Overload = Readonly<z.output<typeof overloadSchema>>;

const moveSchema = z.object({
  atMs: z.number(),
  resource: z.string(),
  source: z.string(),
  target: z.string(),
});
export type AdviceMove = z.output<typeof moveSchema>;

/** What Foreshift would have done to a load that was: what it would have avoided, by how many moves, how long before. */
export const adviceSchema = z.object({
  kind: z.literal('foreshift-advice'),
  /** Where the load is from, as the caller names it. */
  source: z.string(),
  dimension: z.enum(DIMENSIONS),
  resources: z.number(),
  servers: z.number(),
  /** Of one server, in the unit of the load. */
  capacity: z.number(),
  /** That was given; else it is sized to the load. */
  isCapacityGiven: z.boolean(),
  stepMs: z.number(),
  /** What was learned from, and what it was judged on. */
  historyFromMs: z.number(),
  fromMs: z.number(),
  toMs: z.number(),
  /** Share of the steps of which nothing is known. */
  missing: z.number(),
  policies: z.record(z.enum(ADVICE_POLICIES), figuresSchema),
  /** Overload minutes that Foreshift would have spared; below 0: it would have added some. */
  avoided: z.object({ againstNothing: z.number(), againstReactive: z.number() }),
  /** Spells of overload if nothing is done, by what becomes of them; and those that there would have been with Foreshift only. */
  spells: z.record(z.enum([...SPELL_ENDS, 'added']), z.number()),
  /** Of the avoided ones, how long before its beginning something last left that server: the median; null: none was avoided so. */
  leadMs: z.number().nullable(),
  /** By UTC day. */
  days: z.array(daySchema),
  /** The longest ones first. */
  overloads: z.array(overloadSchema),
  moves: z.array(moveSchema),
});
export type Advice = Readonly<z.output<typeof adviceSchema>>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Lists are no longer than that. */
const LIST_MAX = 1000;

export interface AdviceFacts {
  readonly source: string;
  readonly isCapacityGiven: boolean;
}

/** @param result of a replay with `ADVICE_POLICIES` */
export function adviceOf(result: ReplayResult, { source, isCapacityGiven }: AdviceFacts): Advice {
  const { report, scene } = result;
  const { grid, values } = scene.recorded;
  const nothing = runOf(result, 'static');
  const foreshift = runOf(result, 'foreshift');
  const spells = spellsIn(nothing, scene).map((spell) => ended(spell, foreshift, scene));
  const own = spellsIn(foreshift, scene);
  const figures = Object.fromEntries(
    report.policies.map(({ policy, ...rest }) => [policy, figuresOf(rest)]),
  ) as Advice['policies'];
  const minutes = (name: AdvicePolicy): number => figures[name].overloadMinutes;
  const count = (end: SpellEnd): number => spells.filter((spell) => spell.end === end).length;
  const leads = spells
    .flatMap(({ end, leadMs }) => (end === 'avoided' && leadMs !== null ? [leadMs] : []))
    .sort((a, b) => a - b);
  return {
    kind: 'foreshift-advice',
    source,
    dimension: scene.dimension,
    resources: scene.resources.length,
    servers: scene.servers.length,
    capacity: report.scene.capacity,
    isCapacityGiven,
    stepMs: grid.stepMs,
    historyFromMs: grid.startMs,
    fromMs: report.scene.fromMs,
    toMs: report.scene.toMs,
    missing: values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0) / values.length,
    policies: figures,
    avoided: {
      againstNothing: minutes('static') - minutes('foreshift'),
      againstReactive: minutes('reactive-50') - minutes('foreshift'),
    },
    spells: {
      ...{ avoided: count('avoided'), shortened: count('shortened'), left: count('left') },
      added: own.filter((spell) => overloadedSteps(spell, nothing, scene) === 0).length,
    },
    leadMs: leads[leads.length >> 1] ?? null,
    days: daysOf(
      { static: nothing, 'reactive-50': runOf(result, 'reactive-50'), foreshift },
      scene,
    ),
    overloads: spells
      .sort((a, b) => b.minutes - a.minutes || a.fromMs - b.fromMs)
      .slice(0, LIST_MAX),
    moves: (report.details.find(({ policy }) => policy === 'foreshift')?.moves ?? []).slice(
      0,
      LIST_MAX,
    ),
  };
}

function runOf({ runs }: ReplayResult, name: PolicyName): PolicyRun {
  const run = runs.find(({ policy }) => policy === name);
  if (run === undefined) throw new RangeError(`${name} was not replayed`);
  return run;
}

function figuresOf(policy: Omit<PolicyReport, 'policy'>): AdviceFigures {
  const { overloadMinutes, peakP95, peakMax, moves, movedTwice, holdMs } = policy;
  return { overloadMinutes, peakP95, peakMax, moves, movedTwice, holdMs };
}

/** Steps are counted from the first that was replayed. */
interface Spell {
  readonly server: number;
  readonly fromStep: number;
  /** Not included. */
  toStep: number;
  peak: number;
}

function stepsIn({ recorded, warmSteps }: Scene): number {
  return recorded.grid.steps - warmSteps;
}

function utilization({ loads }: PolicyRun, scene: Scene, server: number, step: number): number {
  return (loads[server * stepsIn(scene) + step] ?? 0) / (scene.capacities[server] ?? NaN);
}

/** Steps above capacity that follow one another, by server and in the order of time. */
function spellsIn(run: PolicyRun, scene: Scene): Spell[] {
  const spells: Spell[] = [];
  for (let server = 0; server < scene.servers.length; server++) {
    for (let step = 0; step < stepsIn(scene); step++) {
      const share = utilization(run, scene, server, step);
      if (!(share > 1)) continue;
      const last = spells.at(-1);
      if (last?.server === server && last.toStep === step) {
        last.toStep = step + 1;
        last.peak = Math.max(last.peak, share);
      } else {
        spells.push({ server, fromStep: step, toStep: step + 1, peak: share });
      }
    }
  }
  return spells;
}

/** In how many of its steps the same server is above its capacity in another run. */
function overloadedSteps(
  { server, fromStep, toStep }: Spell,
  run: PolicyRun,
  scene: Scene,
): number {
  let count = 0;
  for (let step = fromStep; step < toStep; step++) {
    if (utilization(run, scene, server, step) > 1) count++;
  }
  return count;
}

function ended(spell: Spell, foreshift: PolicyRun, scene: Scene): Overload {
  const { server, fromStep, toStep, peak } = spell;
  const { stepMs } = scene.recorded.grid;
  const fromMs = timeOf(fromStep, scene);
  const left = overloadedSteps(spell, foreshift, scene);
  const last = foreshift.moves.findLast(({ source, atMs }) => source === server && atMs <= fromMs);
  return {
    server: scene.servers[server] ?? '',
    fromMs,
    minutes: ((toStep - fromStep) * stepMs) / MINUTE_MS,
    peak: Number(peak.toPrecision(4)),
    end: left === 0 ? 'avoided' : left < toStep - fromStep ? 'shortened' : 'left',
    leadMs: last === undefined ? null : fromMs - last.atMs,
  };
}

function timeOf(step: number, { recorded, warmSteps }: Scene): number {
  return recorded.grid.startMs + (warmSteps + step) * recorded.grid.stepMs;
}

function daysOf(runs: Readonly<Record<AdvicePolicy, PolicyRun>>, scene: Scene): AdviceDay[] {
  const { stepMs } = scene.recorded.grid;
  const days = new Map<number, { minutes: Record<AdvicePolicy, number>; moves: number }>();
  const dayAt = (timeMs: number) => {
    const dayMs = Math.floor(timeMs / DAY_MS) * DAY_MS;
    const known = days.get(dayMs);
    if (known !== undefined) return known;
    const day = { minutes: { static: 0, 'reactive-50': 0, foreshift: 0 }, moves: 0 };
    days.set(dayMs, day);
    return day;
  };
  for (let step = 0; step < stepsIn(scene); step++) {
    const { minutes } = dayAt(timeOf(step, scene));
    for (const name of ADVICE_POLICIES) {
      for (let server = 0; server < scene.servers.length; server++) {
        if (utilization(runs[name], scene, server, step) > 1) minutes[name] += stepMs / MINUTE_MS;
      }
    }
  }
  for (const { atMs } of runs.foreshift.moves) dayAt(atMs).moves++;
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([dayMs, { minutes, moves }]) => ({ dayMs, overloadMinutes: minutes, moves }));
}
