import type { Clock } from '../../core/clock/port.js';
import { fail } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { audited } from '../../core/table-store/audit.js';
import type { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { TableView } from '../../core/table-store/view.js';

/* What operators do: each act is one transaction with its entry in the audit. */

export interface ActParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
}

/** Who acts, and why. */
export interface Actor {
  readonly by: string;
  readonly reason: string;
}

/** Tries again so often when somebody else wrote meanwhile; the act is thought over each time. */
const ATTEMPTS_MAX = 5;

/**
 * Does one act: `think` says on the newest state what to write, or throws a coded error, or finds that nothing
 * is to be done (undefined).
 * @throws ERR_CONFLICT, ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS, and what `think` throws
 */
export async function act<Result>(
  what: string,
  actor: Actor,
  parts: ActParts,
  think: () => {
    readonly draft: Draft | undefined;
    readonly detail: string;
    readonly result: Result;
  },
): Promise<Result> {
  const { store, view, log } = parts;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    await view.sync();
    const { draft, detail, result } = think();
    if (draft === undefined) return result;
    audited(draft, { who: actor.by, what, detail: withReason(detail, actor) }, parts);
    const { committed } = await store.transact(draft.transaction);
    await view.sync();
    if (!committed) continue;
    log.info({ act: what, by: actor.by, detail }, 'operator acted');
    return result;
  }
  return fail('ERR_CONFLICT', { what });
}

/** As it stands in the audit. */
export function withReason(detail: string, { reason }: Actor): string {
  return reason === '' ? detail : `${detail}: ${reason}`;
}
