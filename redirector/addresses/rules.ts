import type { MemberId } from '../../core/domain.js';

/* Who takes which address, and what a redirector does about one now. Pure. */

/** What a redirector knows of one address. */
export interface AddressFacts {
  /** By the last word of the store it is this redirector's. */
  readonly isMine: boolean;
  /** What makes it so has not run out. */
  readonly mayHold: boolean;
  /** Nobody has it, this redirector may take it, and it is its turn. */
  readonly isOffered: boolean;
  /** It is on the interface here, or may be. */
  readonly isUp: boolean;
  /** This redirector serves, and could raise it. */
  readonly isReady: boolean;
  /** One that should rather have it has stood ready for long enough. */
  readonly isAwaited: boolean;
}

/**
 * `drop` – off the interface, at once; `vacate` – off it once its connections have ended; `yield` – the others may take
 * it; `keep` – raised, and to be raised again in time.
 */
export type AddressAct = 'rest' | 'claim' | 'keep' | 'vacate' | 'yield' | 'drop';

export function nextAct(facts: AddressFacts): AddressAct {
  const { isMine, mayHold, isOffered, isUp, isReady, isAwaited } = facts;
  if (!isMine || !mayHold) {
    if (isUp) return 'drop';
    return isOffered && isReady ? 'claim' : 'rest';
  }
  if (isReady && !isAwaited) return 'keep';
  return isUp ? 'vacate' : 'yield';
}

export interface Wish {
  readonly ip: string;
  /** Who should rather have it, the first most of all. */
  readonly prefer: readonly MemberId[];
  /** Who has it; undefined: nobody, it is to be taken. */
  readonly holder: MemberId | undefined;
  /** Who stands ready for it. */
  readonly standing: readonly MemberId[];
}

/**
 * Whose turn it is for each address that nobody has: the first of the preferred that stands ready, else who has the
 * fewest addresses. Whoever knows the same comes to the same end.
 */
export function turnsOf(wishes: readonly Wish[]): Map<string, MemberId> {
  const counts = new Map<MemberId, number>();
  const give = (member: MemberId): void => void counts.set(member, (counts.get(member) ?? 0) + 1);
  for (const { holder } of wishes) if (holder !== undefined) give(holder);
  const turns = new Map<string, MemberId>();
  for (const { ip, prefer, holder, standing } of wishes) {
    if (holder !== undefined) continue;
    const preferred = prefer.find((member) => standing.includes(member));
    const next = preferred ?? leastLoaded(standing, counts);
    if (next === undefined) continue;
    turns.set(ip, next);
    give(next);
  }
  return turns;
}

/** Those that should rather have it than the one who does. */
export function preferredTo(holder: MemberId, prefer: readonly MemberId[]): readonly MemberId[] {
  const at = prefer.indexOf(holder);
  return at < 0 ? prefer : prefer.slice(0, at);
}

function leastLoaded(
  standing: readonly MemberId[],
  counts: ReadonlyMap<MemberId, number>,
): MemberId | undefined {
  const ordered = [...standing].sort(
    (a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0) || (a < b ? -1 : 1),
  );
  return ordered[0];
}
