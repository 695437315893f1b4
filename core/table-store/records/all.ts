import { BACKTEST } from './backtest.js';
import { COLLECTOR } from './collector.js';
import type { RecordKind } from './kind.js';
import { HEADROOM } from './headroom.js';
import { NEURAL } from './neural.js';
import { AUDIT, MODE, PAUSE, PLAN, ROUND } from './plan.js';
import { PROCESS } from './process.js';
import { ANNOUNCED, ELIGIBLE, LOST, PIN, SERVER, SERVER_STATE } from './server.js';
import { FLOATING_ADDRESS } from './floating-address.js';
import { ACK, COORDINATOR, MEMBER, ROSTER, SWITCH } from './switch.js';
import { TUNING } from './tuning.js';
import { COPY, HEAD, PLACEMENT } from './table.js';

/** Every kind of record, by the prefix of its keys. A key of another prefix is a newer version's: ignored. */
export const RECORD_KINDS: ReadonlyMap<string, Pick<RecordKind<unknown>, 'parse'>> = new Map(
  [
    HEAD,
    PLACEMENT,
    COPY,
    SWITCH,
    ACK,
    MEMBER,
    ROSTER,
    COORDINATOR,
    FLOATING_ADDRESS,
    SERVER,
    SERVER_STATE,
    LOST,
    ELIGIBLE,
    ANNOUNCED,
    PIN,
    PLAN,
    ROUND,
    MODE,
    PAUSE,
    AUDIT,
    COLLECTOR,
    TUNING,
    HEADROOM,
    NEURAL,
    PROCESS,
    BACKTEST,
  ].map((kind) => [kind.prefix, kind]),
);
