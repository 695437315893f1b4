/* What the API answers, as far as the console reads it (docs/API.md has all of it; a test holds the two together). */

export type Path = readonly (number | null)[];

/** `GET /v1/session` */
export interface Session {
  readonly name: string;
  readonly role: 'viewer' | 'operator';
  readonly hasLogin: boolean;
}

/** `GET /v1/status` */
export interface Status {
  readonly cluster: string;
  readonly atMs: number;
  readonly generation: string;
  readonly resources: number;
  readonly unassigned: number;
  readonly mode: string;
  readonly fellBack: { readonly sinceMs: number; readonly text: string } | null;
  readonly paused: {
    readonly by: string;
    readonly reason: string;
    readonly sinceMs: number;
  } | null;
  readonly balancer: {
    readonly kind: string;
    readonly plan: string | null;
    readonly text: string;
  };
  readonly policy: { readonly text: string };
  readonly openSwitch: {
    readonly plan: string;
    readonly batch: number;
    readonly state: string;
    readonly resources: readonly string[];
    readonly sinceMs: number;
  } | null;
  readonly servers: readonly ServerStatus[];
  readonly imbalance: number | null;
  readonly redirectors: readonly { readonly id: string }[];
  readonly forecast: {
    readonly madeAtMs: number;
    readonly horizonMs: number;
    readonly coverage: number | null;
  } | null;
  readonly score: { readonly text: string } | null;
  readonly collector: readonly { readonly target: string; readonly failing: string | null }[];
  readonly processes: readonly {
    readonly id: string;
    readonly saidAtMs: number;
    readonly isSilent: boolean;
    readonly spool: { readonly waitingBytes: number } | null;
  }[];
  readonly engines: readonly {
    readonly name: string;
    readonly processes: readonly string[];
    readonly fault: {
      readonly sinceMs: number;
      readonly code: string;
      readonly message: string;
    } | null;
  }[];
  readonly warnings: readonly string[];
}

export interface ServerStatus {
  readonly id: string;
  readonly state: string;
  readonly because: {
    readonly by: string;
    readonly reason: string;
    readonly sinceMs: number;
  } | null;
  readonly spare: boolean;
  readonly zone: string | null;
  readonly address: string;
  readonly fence: string;
  readonly resources: number;
  readonly utilization: Readonly<Record<string, number | undefined>>;
  readonly hitsPerSecond: number | null;
  readonly overall: number | null;
  readonly predicted: {
    readonly dimension: string;
    readonly p90: number;
    readonly overAtMs: number | null;
  } | null;
  readonly note: string;
}

/** `GET /v1/heat-map`: shares in thousandths */
export interface HeatMap {
  readonly nowMs: number;
  readonly metric: string;
  readonly metrics: readonly string[];
  readonly columnMs: number;
  readonly pastFromMs: number;
  readonly futureFromMs: number | null;
  readonly servers: readonly {
    readonly id: string;
    readonly past: Path;
    readonly p50: Path;
    readonly p90: Path;
  }[];
  readonly movers: readonly {
    readonly resource: string;
    readonly server: string;
    readonly dimension: string;
    readonly now: number;
    readonly peak: number;
  }[];
}

/** `GET /v1/forecast/…` */
export interface SeriesForecast {
  readonly subject: 'server' | 'resource';
  readonly id: string;
  readonly metric: string;
  readonly metrics: readonly string[];
  readonly server: string | null;
  readonly nowMs: number;
  readonly stepMs: number;
  readonly pastFromMs: number;
  readonly past: Path;
  readonly limit: number | null;
  readonly forecast: {
    readonly madeAtMs: number;
    readonly fromMs: number;
    readonly model: string;
    readonly p10: Path;
    readonly p50: Path;
    readonly p90: Path;
  } | null;
  readonly said: readonly {
    readonly leadMs: number;
    readonly p10: Path;
    readonly p50: Path;
    readonly p90: Path;
  }[];
  readonly score: {
    readonly fromMs: number;
    readonly leads: readonly LeadScore[];
    readonly breaches: {
      readonly called: number;
      readonly missed: number;
      readonly false: number;
      readonly leadMs: number | null;
    } | null;
    readonly worst: {
      readonly timeMs: number;
      readonly leadMs: number;
      readonly said: number;
      readonly came: number;
    } | null;
  };
  readonly learning: { readonly steps: number; readonly stepsMin: number } | null;
}

export interface LeadScore {
  readonly leadMs: number;
  readonly count: number;
  readonly coverage: number;
  readonly absoluteError: number;
  readonly pinball: number;
  readonly naivePinball: number | null;
}

/** `GET /v1/plans`, `GET /v1/plans/:plan` */
export interface Plan {
  readonly id: string;
  readonly status: string;
  readonly by: string | null;
  readonly reason: string;
  readonly decidedAtMs: number | null;
  readonly startAtMs: number | null;
  readonly trigger: { readonly kind: string; readonly detail: string };
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  readonly base: string;
  readonly stale: string | null;
  readonly moves: readonly Move[];
  readonly analysis: unknown;
  readonly outcomes: readonly {
    readonly batch: number;
    readonly result: string;
    readonly why: string;
    readonly resources: readonly string[];
  }[];
}

export interface Move {
  readonly batch: number;
  readonly resource: string;
  readonly source: string | null;
  readonly target: string;
  readonly demand: Readonly<Record<string, number>>;
  readonly kind: string;
  readonly text: string;
}

export interface Plans {
  readonly plans: readonly Plan[];
}

/** What a plan carries as its analysis, and what a score has. */
export interface Analysis {
  readonly horizonMs: number;
  readonly quantile: number;
  readonly target: number;
  readonly score: ScorePair;
  readonly worlds: { readonly low: ScorePair; readonly high: ScorePair; readonly last: ScorePair };
  readonly bound: number;
  readonly outlook: readonly Outlook[];
}

export interface ScorePair {
  readonly nothing: Score;
  readonly plan: Score;
}

export interface Score {
  readonly peak: number;
  readonly overload: number;
  readonly imbalance: number;
}

export interface Outlook {
  readonly server: string;
  readonly dimension: string;
  readonly now: number;
  readonly nothing: number;
  readonly plan: number;
}

/** `GET /v1/plans/:plan/score` */
export interface PlanScore {
  readonly plan: string;
  readonly atMs: number;
  readonly without: readonly string[];
  readonly moves: number;
  readonly impossible: readonly string[];
  readonly analysis: Analysis;
  readonly text: string;
  readonly worlds: readonly string[];
  readonly stepMs: number;
  readonly fromMs: number;
  readonly ahead: readonly {
    readonly server: string;
    readonly nothing: readonly number[];
    readonly plan: readonly number[];
  }[];
}

/** `GET /v1/switches` */
export interface Switches {
  readonly switches: readonly Switch[];
  readonly undoable: readonly string[];
  readonly holds: {
    readonly count: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  } | null;
}

export interface Switch {
  readonly plan: string;
  readonly batch: number;
  readonly atMs: number;
  readonly result: string;
  readonly why: string;
  readonly attempts: number;
  readonly moves: readonly {
    readonly resource: string;
    readonly source: string | null;
    readonly target: string;
  }[];
  readonly generation: string | null;
  readonly drainMs: number;
  readonly holdMs: number;
  readonly heldRequests: number;
  readonly failedRequests: number;
}

/** `GET /v1/history` */
export interface History {
  readonly plans: readonly {
    readonly id: string;
    readonly status: string;
    readonly by: string | null;
    readonly reason: string;
    readonly trigger: string;
    readonly madeAtMs: number;
    readonly moves: number;
    readonly applied: number;
    readonly why: string;
  }[];
  readonly acts: readonly {
    readonly atMs: number;
    readonly who: string;
    readonly what: string;
    readonly detail: string;
  }[];
}

/** `GET /v1/resources` */
export interface Resources {
  readonly resources: readonly Resource[];
}

export interface Resource {
  readonly id: string;
  readonly server: string | null;
  readonly since: string | null;
  readonly standby: string | null;
  readonly movedAtMs: number | null;
  readonly pin: string | null;
  readonly isShared: boolean;
  readonly eligible: number;
}

/** `GET /v1/explain/:resource` */
export interface Explained {
  readonly resource: string;
  readonly server: string | null;
  readonly verdict: string;
  readonly headline: string;
  readonly history: string | null;
  readonly fits: readonly string[];
  readonly notes: readonly string[];
  readonly standby: string | null;
  readonly demand: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<string, string>>;
  readonly next: string | null;
  /** Of the server that was asked about. */
  readonly on: {
    readonly server: string;
    readonly fit: string;
    /** Null: it is there. */
    readonly whatIf: WhatIf | null;
  } | null;
}

export interface WhatIf {
  readonly headline: string;
  readonly asIs: string;
  readonly nothing: string;
  readonly plan: string;
  /** Each a `Score`. */
  readonly scores: {
    readonly asIs: unknown;
    readonly nothing: unknown;
    readonly plan: unknown;
  };
  readonly avoided: readonly string[];
  readonly left: readonly string[];
  readonly blocked: readonly string[];
  readonly moves: readonly { readonly text: string }[];
  readonly notes: readonly string[];
}

/** `GET /v1/resources/:resource/placements` */
export interface Placements {
  readonly placements: readonly {
    readonly server: string;
    readonly fromMs: number | null;
    readonly untilMs: number | null;
  }[];
}

/** `GET /v1/servers` */
export interface Servers {
  readonly servers: readonly ServerDetail[];
}

export interface ServerDetail {
  readonly id: string;
  readonly health: {
    readonly isWell: boolean;
    readonly text: string;
    readonly sinceMs: number | null;
  };
  readonly isAnnounced: boolean | null;
  readonly drain: {
    readonly sinceMs: number;
    readonly remaining: number;
    readonly resources: readonly string[];
    readonly moved: number;
    readonly etaMs: number | null;
    readonly blockers: readonly { readonly resource: string | null; readonly why: string }[];
  } | null;
}

/** `GET /v1/servers/:server/resources` */
export interface Residents {
  readonly residents: readonly {
    readonly resource: string;
    readonly dimension: string | null;
    readonly share: number | null;
    readonly target: string | null;
  }[];
}

/** An error as the API tells it. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
}
