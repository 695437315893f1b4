import type { Clock } from '../../../core/clock/port.js';
import type { CredentialName } from '../../../core/credentials/credential-table.js';
import type { Address, DrainPolicy, ResourceId } from '../../../core/domain.js';
import type { ForeshiftError } from '../../../core/errors.js';
import type { Net } from '../../../core/net/port.js';
import type { Gate } from '../../gate.js';
import type { EntryContext } from '../entry.js';
import type { AdapterServers, ServerLink, ServerWork } from '../servers.js';
import type { ByteBudget } from './composite/byte-budget.js';
import type { ChapTries } from './chap-tries.js';
import type { IscsiCounters } from './counters.js';
import type { LoginFaults } from './login-faults.js';
import type { SessionKeeping } from '../../traffic.js';
import type { Nexuses } from './nexuses.js';
import type { IscsiOptions } from './options.js';
import type { Reservations } from './reservations.js';
import type { ServerProof } from './server-proof.js';
import type { ChapParty, IscsiTarget, Targets } from './targets.js';
import type { Units } from './units.js';

export interface IscsiAdapterParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly gate: Gate;
  readonly servers: AdapterServers;
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  /** Undefined: nobody sees what servers do with their work. */
  readonly work?: ServerWork | undefined;
  /** Bytes that nobody can guess. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** As the credential table has it; undefined: it has none. */
  readonly storedSecretOf: (name: CredentialName) => string | undefined;
  /** A server and we do not believe each other; told once until that is mended. Undefined: nobody wants to know. */
  readonly loginRefused?: ((fault: ForeshiftError) => void) | undefined;
  /** Where what clients have reserved is kept for another redirector; undefined: it lasts as long as this process. */
  readonly sessions?: SessionKeeping | undefined;
}

/** What all sessions of one adapter share. */
export interface IscsiContext extends EntryContext {
  readonly net: Net;
  readonly counters: IscsiCounters;
  /** As they are now. */
  readonly options: IscsiOptions;
  readonly targets: Targets;
  readonly tries: ChapTries;
  readonly nexuses: Nexuses;
  readonly units: Units;
  readonly loginFaults: LoginFaults;
  /** For the data of commands for composites. */
  readonly compositeBytes: ByteBudget;
  readonly reservations: Reservations;
  /** Where what a client holds is kept that has connected to this IP; undefined: nowhere. */
  readonly scopeOf: (ip: string) => string | undefined;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Undefined: nobody is believed to be this one. */
  readonly secretOf: (party: ChapParty) => string | undefined;
  /** Undefined: the server's address is not known here. */
  readonly addressOf: (server: number) => Address | undefined;
  readonly linkOf: (server: number) => ServerLink;
  /** Of who we are; undefined: nobody is named for that server and target. */
  readonly proofAt: (server: number, target: IscsiTarget) => ServerProof | undefined;
  /** TSIH: names a session, and is never zero. */
  readonly sessionHandle: () => number;
}
