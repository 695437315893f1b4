import type { MemberId, ServerId } from '../../core/domain.js';
import { LOST, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { MEMBER } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';

/** Of the servers that are meant to serve, how many can be told to be there, and which only say nothing. */
export interface Soundings {
  /** They answer the majority of the live redirectors, or their hosts refuse: so the way to them is open. */
  readonly heard: number;
  /** They have resources, and nobody knows what became of them. */
  readonly silent: readonly ServerId[];
}

/**
 * Silence of one server says something of that server; silence of more than half of them at once says that the
 * redirectors are cut off. Of two servers one may fall silent, of three one, of five two.
 *
 * Servers that have nothing, since everything was moved away when they fell silent before, are no longer counted:
 * so servers may be lost one after the other. Nor are those that an operator put into `maintenance`:
 * their silence is expected, and that is how an operator ends a panic over servers which really are off.
 */
export function soundings(view: TableView, liveMembers: readonly MemberId[]): Soundings {
  let heard = 0;
  const silent: ServerId[] = [];
  for (const server of view.all(SERVER).keys()) {
    const wanted = view.get(SERVER_STATE, server)?.value.state;
    if (wanted === 'maintenance') continue;
    const evidence = liveMembers.flatMap(
      (member) => view.get(MEMBER, member)?.value.unreachable[server]?.evidence ?? [],
    );
    const isOutOfReach = 2 * evidence.length > liveMembers.length;
    if (!isOutOfReach || evidence.every((kind) => kind === 'refused')) heard += 1;
    else if (isInDoubt(server, view)) silent.push(server);
  }
  return { heard, silent };
}

/** True: what is silent is not to be taken for lost. */
export function isPanic({ heard, silent }: Soundings): boolean {
  return silent.length > heard;
}

function isInDoubt(server: ServerId, view: TableView): boolean {
  const isDead = view.get(LOST, server)?.value.evidence === 'dead';
  return !isDead && view.table.resourcesOn(server).length > 0;
}
