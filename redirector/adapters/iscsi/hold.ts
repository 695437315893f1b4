import type { SenseCode } from '../../../core/iscsi/scsi.js';
import type { Registration } from './unit-reservations.js';

/** What one initiator port has of one unit. */
export interface Hold {
  /** As it stands in headers, hexadecimal. */
  readonly lun: string;
  readonly registration: Registration | undefined;
  /** Scope and type of the persistent reservation that it made. */
  readonly kind: number | undefined;
  /** By RESERVE of SPC-2. */
  readonly isReserved: boolean;
}

/** What a client has that a server will not have. */
export interface Lacking {
  readonly lun: string;
  readonly what: 'registration' | 'reservation';
  /** What the client is to be told. */
  readonly sense: SenseCode;
}
