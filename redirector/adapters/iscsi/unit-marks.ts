import { LUN_BYTES, lunsIn } from '../../../core/iscsi/lun.js';
import { RESERVATION_CONFLICT } from '../../../core/iscsi/reservations.js';
import {
  GOOD,
  IDENTIFICATION,
  REPORT_LUNS,
  SERIAL_NUMBER,
  TEST_UNIT_READY,
  capacityCommand,
  commandOf,
  pageCommand,
  unitDesignators,
} from '../../../core/iscsi/scsi.js';
import type { AsksServer, CommandAnswer } from './own-command.js';
import { askPatiently } from './own-command.js';
import type { UnitMark, UnitMarks } from './units.js';

/** Of one target. */
const LUNS_MAX = 256;
const LUN_ZERO = new Uint8Array(LUN_BYTES);

const CAPACITY_BYTES = 12;
/** It holds nothing of a client's, and numbers itself as its server likes: tgtd's LUN 0 by the number of its target there. */
const CONTROLLER_MARK: UnitMark = { identity: 'a controller', capacity: undefined };

/**
 * Takes the unit attentions that a new nexus gets, until the units have nothing more to tell; then reads what tells them apart.
 * A string: why that cannot be.
 */
export async function readUnits(back: AsksServer): Promise<UnitMarks | string> {
  const length = 16 + LUN_BYTES * LUNS_MAX;
  const listed = await askPatiently(back, {
    ...{ lun: LUN_ZERO, readBytesMax: length },
    command: commandOf(REPORT_LUNS, 0, 0, 0, 0, 0, 0, 0, length >> 8, length & 0xff),
  });
  if (listed?.status !== GOOD) return 'does not say which LUNs there are';
  const luns = lunsIn(listed.data);
  if (luns.length > LUNS_MAX) return `has more than ${LUNS_MAX} LUNs`;
  const marks = new Map<string, UnitMark>();
  for (const lun of luns) {
    const ready = await askPatiently(back, {
      lun,
      command: commandOf(TEST_UNIT_READY),
      readBytesMax: 0,
    });
    if (ready === undefined) return 'does not answer';
    const mark = await markOf(back, lun);
    if (mark === undefined) return 'does not answer';
    marks.set(lun.toString('hex').replace(/(?:00)+$/, '') || '0', mark);
  }
  return marks;
}

async function markOf(back: AsksServer, lun: Uint8Array): Promise<UnitMark | undefined> {
  const read = (command: Buffer, readBytesMax: number): Promise<CommandAnswer | undefined> =>
    askPatiently(back, { lun, command, readBytesMax });
  // One after another: the command window may have room for one only.
  const serial = await read(pageCommand(SERIAL_NUMBER, 255), 255);
  if (serial?.status === GOOD && isController(serial.data)) return CONTROLLER_MARK;
  const identification = await read(pageCommand(IDENTIFICATION, 1024), 1024);
  const capacity = await read(capacityCommand(32), 32);
  if (serial === undefined || identification === undefined || capacity === undefined) {
    return undefined;
  }
  const numbers = `serial ${hexOf(serial, serial.data.subarray(4))}`;
  return {
    identity: `${numbers}, id ${hexOf(identification, unitDesignators(identification.data))}`,
    // Whom somebody else's reservation keeps out is not told.
    capacity:
      capacity.status === RESERVATION_CONFLICT
        ? undefined
        : hexOf(capacity, capacity.data.subarray(0, CAPACITY_BYTES)),
  };
}

/** Of the type of device that each answer to INQUIRY begins with: a storage array controller. */
function isController(data: Uint8Array): boolean {
  return ((data[0] ?? 0) & 0x1f) === 0x0c;
}

/** Not every device has each of these: a controller has no capacity. */
function hexOf({ status }: CommandAnswer, bytes: Uint8Array): string {
  return status === GOOD ? Buffer.from(bytes).toString('hex') : 'none';
}
