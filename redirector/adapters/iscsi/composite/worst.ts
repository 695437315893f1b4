import { BUSY, CHECK_CONDITION, GOOD } from '../../../../core/iscsi/scsi.js';
import type { PartAnswer } from './part-nexus.js';

/* Of several answers, the one that a client must hear. */

const TASK_SET_FULL = 0x28;
const TASK_ABORTED = 0x40;

/** From the best on; what is not among them is worse than all but a CHECK CONDITION. */
const STATUSES = [GOOD, BUSY, TASK_SET_FULL, TASK_ABORTED];
/** Sense keys of which the later say more: that it was not done at all, or was and is wrong. */
const KEYS = [
  ...[0x00, 0x01], // recovered
  ...[0x06, 0x02, 0x0b], // unit attention, not ready, aborted: again, perhaps later
  ...[0x05, 0x07, 0x0d, 0x0e], // illegal, protected, overflow, miscompare
  ...[0x08, 0x04, 0x03], // blank, hardware, medium: data are wrong or gone
];

/** The first of those that are as bad. */
export function worseOf(first: PartAnswer, second: PartAnswer): PartAnswer {
  const [a, b] = [statusRank(first), statusRank(second)];
  if (a !== b) return a > b ? first : second;
  return keyRank(second) > keyRank(first) ? second : first;
}

function statusRank({ status }: PartAnswer): number {
  if (status === CHECK_CONDITION) return STATUSES.length + 1;
  const rank = STATUSES.indexOf(status);
  return rank < 0 ? STATUSES.length : rank;
}

function keyRank({ status, sense }: PartAnswer): number {
  if (status !== CHECK_CONDITION) return 0;
  return sense === undefined ? KEYS.length : KEYS.indexOf(sense[0]);
}
