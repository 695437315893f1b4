import type { LinkFaults } from '../support/fault-proxy.js';

/* What a rig and its server hosts say to each other, over Node's channel between parent and child. */

export interface HostArguments {
  readonly servers: readonly {
    readonly id: string;
    readonly resources: readonly string[];
    /** Where its agent keeps what it owns. */
    readonly dataDir: string;
  }[];
  readonly registration: string;
  readonly secret: string;
  /** Every request that ran is written here before it is answered, one line each: `id resource since stamp server`. */
  readonly journal: string;
  readonly announceLeaseMs: number;
}

export interface HostReady {
  readonly kind: 'ready';
}

/** Of the links to its servers and their agents. */
export type ToHost =
  { readonly kind: 'faults'; readonly faults: Partial<LinkFaults> } | { readonly kind: 'reset' };
