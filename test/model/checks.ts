import type { Check } from './spin.js';

/** A model with one thing changed, and what comes of it. */
export interface Variant extends Check {
  readonly name: string;
}

const REQUESTS = ['FAULTS=1', 'REQUESTS=2'];
const SHORT = ['FAULTS=1', 'REQUESTS=1'];
const CALM = ['FAULTS=0', 'REQUESTS=2'];
const UNFENCED = ['UNFENCED', 'FAULTS=1', 'REQUESTS=2'];
const FORGOTTEN = ['FAULTS=1', 'SWITCHES=1'];

/** What must hold, at a size for every build. */
export const PROMISES: readonly Variant[] = [
  {
    name: 'a fault at any time: a lapse or a crash, of whoever coordinates too',
    model: 'switch',
    size: SHORT,
  },
  {
    name: 'two switches one after the other',
    model: 'switch',
    size: ['SWITCHES=2', 'FAULTS=0', 'REQUESTS=1'],
  },
  { name: 'without a fault no request is refused', model: 'switch', size: CALM },
  { name: 'without a fence, for redirectors whose leases live', model: 'switch', size: UNFENCED },
  { name: 'a lost source under its serving lease', model: 'failover', size: ['FAULTS=1'] },
  { name: 'a store that comes back older', model: 'store', size: FORGOTTEN },
];

/** Every run of these comes to an end. */
export const ENDING: readonly Variant[] = [
  { name: 'a fault at any time', model: 'switch', size: SHORT },
  {
    name: 'two switches one after the other',
    model: 'switch',
    size: ['SWITCHES=2', 'FAULTS=0', 'REQUESTS=0'],
  },
];
export const ENDLESS: Variant = {
  name: 'something that goes on for ever',
  model: 'switch',
  size: ['ENDLESS', 'FAULTS=0', 'REQUESTS=0'],
};

/** The same at larger sizes, by `npm run long -- model`: seed N is the Nth. */
export const LARGE_PROMISES: readonly Variant[] = [
  { name: 'late requests', model: 'switch', size: REQUESTS },
  { name: 'two faults', model: 'switch', size: ['FAULTS=2', 'REQUESTS=1'] },
  { name: 'leases that end for the others only', model: 'switch', size: ['SKEW', ...SHORT] },
  { name: 'servers that crash', model: 'switch', size: ['AGENT_CRASH', ...REQUESTS] },
  {
    name: 'two faults without a fence',
    model: 'switch',
    size: ['UNFENCED', 'FAULTS=2', 'REQUESTS=2'],
  },
  {
    name: 'two switches and a fault',
    model: 'switch',
    size: ['SWITCHES=2', 'FAULTS=1', 'REQUESTS=0'],
  },
  { name: 'three redirectors', model: 'switch', size: ['N=3', 'FAULTS=0', 'REQUESTS=1'] },
  { name: 'two faults around a lost source', model: 'failover', size: ['FAULTS=2'] },
  {
    name: 'an older store and a lost disk',
    model: 'store',
    size: ['LOST_DISK', 'FAULTS=2', 'SWITCHES=1'],
  },
  { name: 'an older store and two switches', model: 'store', size: ['FAULTS=1', 'SWITCHES=2'] },
];

/** Each breaks one rule of the protocol: a counterexample must be found. */
export const BROKEN: readonly Variant[] = [
  { name: 'no fence', model: 'switch', size: ['NO_FENCE', ...REQUESTS] },
  {
    name: 'released after the commit',
    model: 'switch',
    size: ['RELEASE_AFTER_COMMIT', ...REQUESTS],
  },
  { name: 'taken before it is released', model: 'switch', size: ['TAKE_BEFORE_RELEASE', ...SHORT] },
  { name: 'aborted after the take', model: 'switch', size: ['ABORT_AFTER_TAKE', ...SHORT] },
  {
    name: 'given back at the same generation',
    model: 'switch',
    size: ['GIVE_BACK_SAME_GENERATION', ...SHORT],
  },
  {
    name: 'a generation used again after an abort',
    model: 'switch',
    size: ['REUSED_GENERATION', 'SWITCHES=2', 'FAULTS=0', 'REQUESTS=1'],
  },
  {
    name: 'a coordinator that was replaced still acts',
    model: 'switch',
    size: ['NO_TERM', ...SHORT],
  },
  { name: 'nothing compared at a commit', model: 'switch', size: ['BLIND', ...SHORT] },
  { name: 'half a batch committed', model: 'switch', size: ['HALF_COMMIT', ...SHORT] },
  { name: 'some acks, not all', model: 'switch', size: ['SOME_ACKS', ...SHORT] },
  { name: 'resumed before the commit', model: 'switch', size: ['RESUME_BEFORE_COMMIT', ...SHORT] },
  { name: 'no hold', model: 'switch', size: ['NO_HOLD', ...CALM] },
  {
    name: 'no drain: requests are refused without need',
    model: 'switch',
    size: ['NO_DRAIN', ...CALM],
  },
  { name: 'no drain, and no fence', model: 'switch', size: ['NO_DRAIN', ...UNFENCED] },
  {
    name: 'a release that does not wait for its work',
    model: 'switch',
    size: ['NO_WAIT_FOR_WORK', ...REQUESTS],
  },
  {
    name: 'a member that does not join held, without a fence',
    model: 'switch',
    size: ['NO_REJOIN_HOLD', ...UNFENCED],
  },
  {
    name: 'a member that does not join held, and no roster',
    model: 'switch',
    size: ['NO_REJOIN_HOLD', 'NO_ROSTER', ...UNFENCED],
  },
  { name: 'a hold that outlives its switch', model: 'switch', size: ['HOLD_FOREVER', ...SHORT] },
  { name: 'nobody follows a coordinator', model: 'switch', size: ['NO_TAKEOVER', ...SHORT] },
  {
    name: 'failover without the end of the serving lease',
    model: 'failover',
    size: ['NO_LEASE_WAIT', 'FAULTS=1'],
  },
  {
    name: 'the wait begins before everybody has stopped renewing',
    model: 'failover',
    size: ['NO_STANDSTILL', 'FAULTS=1'],
  },
  { name: 'dead by the word of one', model: 'failover', size: ['ONE_SAYS_DEAD', 'FAULTS=1'] },
  {
    name: 'dead, while somebody may still renew',
    model: 'failover',
    size: ['RENEWED_ALL_THE_SAME', 'FAULTS=1'],
  },
  { name: 'a lost server is renewed', model: 'failover', size: ['RENEWS_THE_LOST', 'FAULTS=1'] },
  {
    name: 'renewed by one whose own lease is over',
    model: 'failover',
    size: ['RENEWS_WITHOUT_LEASE', 'FAULTS=1'],
  },
  {
    name: 'a serving lease that counts from the arrival',
    model: 'failover',
    size: ['LEASE_FROM_ARRIVAL', 'FAULTS=1'],
  },
  {
    name: 'a renewal for a former life of the agent',
    model: 'failover',
    size: ['BOOT_IGNORED', 'FAULTS=1'],
  },
  {
    name: 'welcome before it gave up what is not its own',
    model: 'failover',
    size: ['WELCOME_EARLY', 'FAULTS=1'],
  },
  { name: 'an older store is followed', model: 'store', size: ['FOLLOW_OLDER', ...FORGOTTEN] },
  {
    name: 'restored within the incarnation',
    model: 'store',
    size: ['SAME_INCARNATION', ...FORGOTTEN],
  },
  { name: 'acts before the agents are heard', model: 'store', size: ['ACT_UNHEARD', ...FORGOTTEN] },
  { name: 'gives what another may own', model: 'store', size: ['GIVE_UNHEARD', ...FORGOTTEN] },
];

/** What the design does not promise, and why it does not: here too a counterexample must be found. */
export const LIMITS_OF_DESIGN: readonly Variant[] = [
  {
    name: 'onLostSource: availability goes on while the source may still serve',
    model: 'failover',
    size: ['AVAILABILITY', 'FAULTS=1'],
  },
  {
    name: 'clocks that differ by more than the margin',
    model: 'failover',
    size: ['SKEW', 'FAULTS=1'],
  },
  {
    name: 'a lease that ends for the others only, without a fence',
    model: 'switch',
    size: ['SKEW', ...UNFENCED],
  },
];

/** Rules that another stands in for: without them the promise holds at this size. Should that change, think again. */
export const REDUNDANT: readonly Variant[] = [
  {
    name: 'the roster, where members join held',
    model: 'switch',
    size: ['NO_ROSTER', ...UNFENCED],
  },
  {
    name: 'acks that name a life, where members join held',
    model: 'switch',
    size: ['ACK_BY_NAME', ...UNFENCED],
  },
  {
    name: 'a restarted agent waits for word, where its lease begins at nothing',
    model: 'failover',
    size: ['CONFIRMED_AT_BOOT', 'FAULTS=1'],
  },
];
