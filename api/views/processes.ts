import { bytesWords, counted } from '../../core/text.js';
import type { Status } from '../contract/status.js';
import type { KnownProcess } from '../processes.js';

type EngineStatus = Status['engines'][number];
type Spool = NonNullable<KnownProcess['says']['spool']>;

/** For so long a status speaks of a loss that is over. */
const LATELY_MS = 3_600_000;
const NAMED_MAX = 3;

export function processStatus({ id, says, isSilent }: KnownProcess): Status['processes'][number] {
  const { roles, saidAtMs, spool } = says;
  return { id, roles, saidAtMs, isSilent, spool };
}

/** Each engine as those say who rest on it; where they do not agree, once for each code. Nobody knows what it is to the silent. */
export function engineStatuses(processes: readonly KnownProcess[]): EngineStatus[] {
  const found = new Map<string, EngineStatus>();
  for (const { id, says, isSilent } of processes) {
    if (isSilent) continue;
    for (const { name, fault } of says.engines) {
      const key = `${name} ${fault?.code ?? ''}`;
      const known = found.get(key);
      found.set(key, {
        name,
        processes: [...(known?.processes ?? []), id],
        fault: longest(known?.fault ?? null, fault),
      });
    }
  }
  return [...found.values()];
}

/** Of two who say the same: since the first of them, in the words of the latest. */
function longest(a: EngineStatus['fault'], b: EngineStatus['fault']): EngineStatus['fault'] {
  if (a === null || b === null) return a ?? b;
  const latest = a.atMs < b.atMs ? b : a;
  return { ...latest, sinceMs: Math.min(a.sinceMs, b.sinceMs) };
}

/** What is wrong between the processes and what they rest on. */
export function processWarnings(processes: readonly KnownProcess[], nowMs: number): string[] {
  const isAlone = processes.length === 1;
  return [
    ...engineStatuses(processes).flatMap((engine) => engineWarning(engine, isAlone)),
    ...silenceWarning(processes.filter(({ isSilent }) => isSilent)),
    ...processes.flatMap(({ id, says: { spool }, isSilent }) =>
      spool === null || isSilent
        ? []
        : [...waitingWarning(id, spool), ...lossWarning(id, spool, nowMs)],
    ),
  ];
}

function engineWarning({ name, processes, fault }: EngineStatus, isAlone: boolean): string[] {
  if (fault === null) return [];
  const { sinceMs, code, message } = fault;
  const who = isAlone ? '' : `, says ${listed(processes)}`;
  return [`the ${name} is away or refuses since ${timeWords(sinceMs)}${who}: ${message} (${code})`];
}

function silenceWarning(silent: readonly KnownProcess[]): string[] {
  if (silent.length === 0) return [];
  const names = silent.map(({ id, says }) => `${id} since ${timeWords(says.saidAtMs)}`);
  return [`nothing is heard of ${listed(names)}: killed, or cut off from the table store`];
}

function waitingWarning(id: string, { waitingBytes, waitingSinceMs }: Spool): string[] {
  if (waitingSinceMs === null) return [];
  const amount = bytesWords(waitingBytes);
  return [
    `${id} spools samples that the metric store does not take since ${timeWords(waitingSinceMs)}: ${amount} wait`,
  ];
}

function lossWarning(id: string, { lost, lostAtMs }: Spool, nowMs: number): string[] {
  if (lostAtMs === null || nowMs - lostAtMs > LATELY_MS) return [];
  const whys = [
    [lost.refused, 'refused by the metric store'],
    [lost.beyondBound, 'beyond collector.spoolBytesMax'],
    [lost.diskFailed, 'not taken by its disk'],
  ] as const;
  const sum = whys.reduce((total, [count]) => total + count, 0);
  const why = whys.flatMap(([count, text]) => (count === 0 ? [] : [`${count} ${text}`])).join(', ');
  return [
    `${id} has lost ${counted(sum, 'sample')} since it began (${why}), the last at ${timeWords(lostAtMs)}`,
  ];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_MAX).join(', ');
  return names.length > NAMED_MAX ? `${shown} and ${names.length - NAMED_MAX} more` : shown;
}

function timeWords(ms: number): string {
  return new Date(ms).toISOString();
}
