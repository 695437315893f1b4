import type { SenseCode } from '../../../../core/iscsi/scsi.js';
import {
  INQUIRY,
  MODE_SENSE_10,
  MODE_SENSE_6,
  READ_CAPACITY_10,
  READ_CAPACITY_16,
  READ_CAPACITY_ACTION,
  REQUEST_SENSE,
  WRONG_FIELD,
  inquiryIn,
  senseData,
} from '../../../../core/iscsi/scsi.js';
import type { Geometry } from './geometry.js';
import type { Identity } from './pages.js';
import {
  capacity10,
  capacity16,
  modeSense,
  needsGeometry,
  pageOf,
  standardInquiry,
} from './pages.js';

/** What a client may read of it, as far as it has room for it. */
export interface SelfAnswer {
  readonly data: Buffer;
  readonly allocation: number;
}

const NO_SENSE: SenseCode = [0x00, 0x00, 0x00];
const CAPACITY_10_BYTES = 8;

/**
 * What a composite answers without its parts; a sense code: it does not. `later`: once it is known what they are. Undefined: that is
 * theirs to answer.
 */
export function selfAnswer(
  command: Buffer,
  identity: Identity,
  geometry: Geometry | undefined,
): SelfAnswer | SenseCode | 'later' | undefined {
  switch (command[0]!) {
    case INQUIRY:
      return inquiry(command, identity, geometry);
    case REQUEST_SENSE:
      return { data: senseData(NO_SENSE).subarray(2), allocation: command[4]! };
    case MODE_SENSE_6:
      return geometry === undefined ? 'later' : found(modeSense(command, geometry), command[4]!);
    case MODE_SENSE_10:
      return geometry === undefined
        ? 'later'
        : found(modeSense(command, geometry), command.readUInt16BE(7));
    case READ_CAPACITY_10:
      return geometry === undefined
        ? 'later'
        : { data: capacity10(geometry), allocation: CAPACITY_10_BYTES };
    case READ_CAPACITY_16:
      if ((command[1]! & 0x1f) !== READ_CAPACITY_ACTION) return WRONG_FIELD;
      return geometry === undefined
        ? 'later'
        : { data: capacity16(geometry), allocation: command.readUInt32BE(10) };
    default:
      return undefined;
  }
}

function inquiry(
  command: Buffer,
  identity: Identity,
  geometry: Geometry | undefined,
): SelfAnswer | SenseCode | 'later' {
  const { page, allocation } = inquiryIn(command);
  // Without a page, none may be named.
  if (page === undefined)
    return found(command[2] === 0 ? standardInquiry() : undefined, allocation);
  if (geometry === undefined && needsGeometry(page)) return 'later';
  return found(pageOf(page, identity, geometry), allocation);
}

function found(data: Buffer | undefined, allocation: number): SelfAnswer | SenseCode {
  return data === undefined ? WRONG_FIELD : { data, allocation };
}
