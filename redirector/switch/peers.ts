import type { AgentClient } from '../agents.js';
import type { Membership } from '../membership.js';

/* Whom a switch deals with, and no more of them than it needs: a replay stands in for both. */

/** The live redirectors, this one among them. */
export type Members = Pick<
  Membership,
  | 'self'
  | 'boot'
  | 'isLive'
  | 'isUsurped'
  | 'isOver'
  | 'isLongOver'
  | 'leaseMaxMs'
  | 'liveMembers'
  | 'deadMembers'
  | 'report'
>;

/** The agents beside the servers. */
export type Agents = Pick<AgentClient, 'hasAgent' | 'release' | 'take' | 'owned' | 'moved'>;
