/* What the API answers, as far as this page reads it (docs/API.md has all of it). */

export interface Status {
  readonly cluster: string;
  readonly atMs: number;
  readonly generation: string;
  readonly mode: string;
  readonly paused: { readonly by: string } | null;
  readonly balancer: { readonly text: string };
  readonly imbalance: number | null;
  readonly openSwitch: {
    readonly state: string;
    readonly resources: readonly string[];
    readonly sinceMs: number;
  } | null;
  readonly servers: readonly ServerStatus[];
  readonly forecast: { readonly madeAtMs: number; readonly coverage: number | null } | null;
  readonly warnings: readonly string[];
}

export interface ServerStatus {
  readonly id: string;
  readonly state: string;
  readonly spare: boolean;
  readonly resources: number;
  readonly utilization: Readonly<Record<string, number | undefined>>;
  readonly hitsPerSecond: number | null;
  readonly predicted: {
    readonly dimension: string;
    readonly p90: number;
    readonly overAtMs: number | null;
  } | null;
  readonly note: string;
}

export type Path = readonly (number | null)[];

export interface OutlookLine {
  readonly server: string;
  readonly dimension: string;
  readonly past: Path;
  readonly p10: Path;
  readonly p50: Path;
  readonly p90: Path;
}

export interface Outlook {
  readonly stepMs: number;
  readonly pastFromMs: number;
  readonly forecastFromMs: number | null;
  readonly lines: readonly OutlookLine[];
}

export interface History {
  readonly plans: readonly {
    readonly id: string;
    readonly status: string;
    readonly trigger: string;
    readonly madeAtMs: number;
    readonly moves: number;
    readonly applied: number;
    readonly drainMs: number;
    readonly holdMs: number;
    readonly heldRequests: number;
    readonly failedRequests: number;
    readonly why: string;
  }[];
}

export interface Resources {
  readonly resources: readonly {
    readonly id: string;
    readonly server: string | null;
    readonly since: string | null;
    readonly standby: string | null;
    readonly pin: string | null;
    readonly movedAtMs: number | null;
  }[];
}

/** Who looks at this page; `GET /v1/session`. */
export interface Session {
  readonly name: string;
  readonly role: 'viewer' | 'operator';
  readonly hasLogin: boolean;
}

/** The API wants to know who asks. */
export class LoginNeeded extends Error {}

export async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(
    path,
    body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
  );
  if (response.status === 401) {
    const { detail } = (await response.json()) as { readonly detail: string };
    throw new LoginNeeded(detail);
  }
  if (!response.ok) throw new Error(`${path} answers ${response.status}`);
  return (await response.json()) as Answer;
}
