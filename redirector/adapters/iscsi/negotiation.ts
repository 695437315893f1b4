import type { Pdu } from '../../../core/iscsi/pdu.js';
import { FINAL, flagsOf, writeLengthOf } from '../../../core/iscsi/pdu.js';
import type { Keys } from '../../../core/iscsi/text.js';
import { numberIn } from '../../../core/iscsi/text.js';
import { FIRST_BURST_BYTES, MAX_BURST_BYTES } from './options.js';

/** What a client and we have agreed on. The same holds between us and its servers. */
export interface Agreed {
  /** In the data of one PDU to the client. */
  readonly dataBytesMax: number;
  readonly burstBytesMax: number;
  readonly firstBurstBytesMax: number;
  readonly hasImmediateData: boolean;
}

/** What holds as long as nothing is said (RFC 7143 §13). */
export const AGREED_AT_FIRST: Agreed = {
  dataBytesMax: 8192,
  burstBytesMax: MAX_BURST_BYTES,
  firstBurstBytesMax: FIRST_BURST_BYTES,
  hasImmediateData: true,
};

/** A SCSI command is one PDU, in which are no more data than it writes, and those only where that is agreed on. */
export function isAsAgreed(pdu: Pdu, { hasImmediateData }: Agreed): boolean {
  const dataBytesMax = hasImmediateData ? writeLengthOf(pdu) : 0;
  return (flagsOf(pdu) & FINAL) !== 0 && pdu.dataLength <= dataBytesMax;
}

export type Answers = readonly (readonly [name: string, value: string])[];

/** A value that the protocol does not allow, or that we cannot do with. */
export interface Disagreement {
  readonly disagreed: string;
}

const SEGMENT_MIN = 512;
const SEGMENT_MAX = 0xff_ffff;

/** Of a burst, or of the data of one PDU. Undefined: it is no such number. */
export function bytesMaxIn(value: string | undefined): number | undefined {
  return numberIn(value, SEGMENT_MIN, SEGMENT_MAX);
}

interface Answered {
  /** Undefined: nothing is said in return. */
  readonly value?: string | undefined;
  readonly agreed?: Partial<Agreed>;
}

type Answer = (value: string) => Answered | undefined;

const SILENT: Answer = () => ({});
const fixed =
  (value: string): Answer =>
  () => ({ value });

/** One of a list that must hold what we can do. */
const listed =
  (wanted: string): Answer =>
  (value) =>
    value.split(',').includes(wanted) ? { value: wanted } : undefined;

const least =
  (key: 'burstBytesMax' | 'firstBurstBytesMax', own: number): Answer =>
  (value) => {
    const asked = bytesMaxIn(value);
    if (asked === undefined) return undefined;
    const agreed = Math.min(asked, own);
    return { value: String(agreed), agreed: { [key]: agreed } };
  };

const ANSWERS: Readonly<Record<string, Answer>> = {
  InitiatorName: SILENT,
  InitiatorAlias: SILENT,
  SessionType: SILENT,
  TargetName: SILENT,
  HeaderDigest: listed('None'),
  DataDigest: listed('None'),
  InitialR2T: fixed('Yes'),
  ImmediateData: (value) => ({ value, agreed: { hasImmediateData: value === 'Yes' } }),
  MaxBurstLength: least('burstBytesMax', MAX_BURST_BYTES),
  FirstBurstLength: least('firstBurstBytesMax', FIRST_BURST_BYTES),
  MaxRecvDataSegmentLength: (value) => {
    const dataBytesMax = bytesMaxIn(value);
    // Nothing we send is longer than a burst.
    return dataBytesMax === undefined
      ? undefined
      : { agreed: { dataBytesMax: Math.min(dataBytesMax, MAX_BURST_BYTES) } };
  },
  MaxOutstandingR2T: fixed('1'),
  MaxConnections: fixed('1'),
  ErrorRecoveryLevel: fixed('0'),
  DataPDUInOrder: fixed('Yes'),
  DataSequenceInOrder: fixed('Yes'),
  DefaultTime2Wait: (value) => ({ value: String(Math.max(2, numberIn(value, 0, 3600) ?? 2)) }),
  DefaultTime2Retain: fixed('0'),
  IFMarker: fixed('No'),
  OFMarker: fixed('No'),
  IFMarkInt: fixed('Irrelevant'),
  OFMarkInt: fixed('Irrelevant'),
  TaskReporting: fixed('RFC3720'),
  iSCSIProtocolLevel: fixed('1'),
  // Said elsewhere; asked for again it is not refused.
  SendTargets: SILENT,
};

const BOOLEANS = new Set([
  ...['InitialR2T', 'ImmediateData', 'DataPDUInOrder', 'DataSequenceInOrder'],
  ...['IFMarker', 'OFMarker'],
]);

/** What is said in return to what a client wants, and what holds then. */
export function negotiate(
  keys: Keys,
  agreed: Agreed,
): { readonly answers: Answers; readonly agreed: Agreed } | Disagreement {
  const answers: [string, string][] = [];
  let all = agreed;
  for (const [name, value] of keys) {
    if (BOOLEANS.has(name) && value !== 'Yes' && value !== 'No') return { disagreed: name };
    const answer = Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : fixed('NotUnderstood');
    const answered = answer?.(value);
    if (answered === undefined) return { disagreed: name };
    if (answered.value !== undefined) answers.push([name, answered.value]);
    all = { ...all, ...answered.agreed };
  }
  // The first burst is never longer than any.
  const firstBurstBytesMax = Math.min(all.firstBurstBytesMax, all.burstBytesMax);
  return { answers, agreed: { ...all, firstBurstBytesMax } };
}
