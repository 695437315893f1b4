import type { Address } from '../../console/frame/address.js';
import { at } from '../../console/frame/address.js';
import type {
  Plan,
  PlanScore,
  Problem,
  Resources,
  Servers,
  ServerStatus,
  Session,
  Status,
  Switches,
} from '../../console/frame/answers.js';
import type { Page, Question, Sight, Told } from '../../console/frame/sight.js';
import type { Branch } from '../../console/frame/tree.js';
import { branchesIn, textIn } from '../../console/frame/tree.js';

/* The console without a browser: answers by their paths, and what a person does to a page. */

export const NOW = Date.UTC(2026, 10, 26, 9, 30);

export const ANN: Session = { name: 'ann', role: 'operator', hasLogin: true };
export const VIC: Session = { name: 'vic', role: 'viewer', hasLogin: true };

export function serverStatus(id: string, given: Partial<ServerStatus> = {}): ServerStatus {
  return {
    id,
    state: 'ready',
    because: null,
    spare: false,
    zone: null,
    address: '10.0.0.1:80',
    fence: 'request',
    resources: 3,
    utilization: { cpu: 0.71 },
    hitsPerSecond: 120,
    overall: 0.71,
    predicted: { dimension: 'cpu', p90: 0.94, overAtMs: null },
    note: '',
    ...given,
  };
}

export function statusAnswer(given: Partial<Status> = {}): Status {
  return {
    cluster: 'prod',
    atMs: NOW,
    generation: '1.41',
    resources: 6,
    unassigned: 0,
    mode: 'propose',
    fellBack: null,
    paused: null,
    balancer: { kind: 'balanced', plan: null, text: 'Balanced: no limit is predicted.' },
    policy: { text: 'plans for P85, the safe default: nothing was tried yet' },
    openSwitch: null,
    servers: [serverStatus('s1'), serverStatus('s2')],
    imbalance: 1.2,
    redirectors: [{ id: 'r1' }],
    forecast: { madeAtMs: NOW - 60_000, horizonMs: 3_600_000, coverage: 0.81 },
    score: null,
    collector: [],
    processes: [{ id: 'up@r1', saidAtMs: NOW, isSilent: false, spool: { waitingBytes: 0 } }],
    engines: [],
    warnings: [],
    ...given,
  };
}

export function planAnswer(given: Partial<Plan> = {}): Plan {
  return {
    id: '42',
    status: 'proposed',
    by: null,
    reason: '',
    decidedAtMs: null,
    startAtMs: null,
    trigger: { kind: 'forecast', detail: 's1 will be full' },
    madeAtMs: NOW - 360_000,
    expiresAtMs: NOW + 540_000,
    base: '1.41',
    stale: null,
    moves: ['vol-1', 'vol-2'].map((resource, batch) => ({
      batch,
      resource,
      source: 's1',
      target: 's2',
      demand: { cpu: 0.4 },
      kind: 'overload',
      text: 's1 would reach 104 % of its CPU at 09:44 UTC',
    })),
    analysis: null,
    outcomes: [],
    ...given,
  };
}

export function scoreAnswer(given: Partial<PlanScore> = {}): PlanScore {
  const score = (peak: number) => ({ peak, overload: Math.max(0, peak - 1), imbalance: 1.1 });
  const pair = { nothing: score(1.04), plan: score(0.71) };
  return {
    plan: '42',
    atMs: NOW,
    without: [],
    moves: 2,
    impossible: [],
    analysis: {
      horizonMs: 3_600_000,
      quantile: 0.85,
      target: 0.8,
      score: pair,
      worlds: { low: pair, high: pair, last: pair },
      bound: 0.68,
      outlook: [
        { server: 's1', dimension: 'cpu', now: 0.71, nothing: 1.04, plan: 0.71 },
        { server: 's2', dimension: 'cpu', now: 0.38, nothing: 0.44, plan: 0.6 },
      ],
    },
    text: '2 moves: the fullest server peaks at 71 % instead of 104 %.',
    worlds: [],
    stepMs: 300_000,
    fromMs: NOW,
    ahead: [],
    ...given,
  };
}

export const SWITCHES: Switches = {
  switches: [
    {
      plan: '41',
      batch: 0,
      atMs: NOW - 60_000,
      result: 'applied',
      why: '',
      attempts: 1,
      moves: [{ resource: 'vol-9', source: 's1', target: 's2' }],
      generation: '1.41',
      drainMs: 30,
      holdMs: 38,
      heldRequests: 57,
      failedRequests: 0,
    },
  ],
  undoable: ['41'],
  holds: { count: 1, p50Ms: 38, p99Ms: 38 },
};

export const RESOURCES: Resources = {
  resources: [
    {
      id: 'vol-1',
      server: 's1',
      since: '1.40',
      standby: 's2',
      movedAtMs: NOW - 86_400_000,
      pin: 's1',
      isShared: false,
      eligible: 2,
    },
  ],
};

export const SERVERS: Servers = {
  servers: ['s1', 's2'].map((id) => ({
    id,
    health: { isWell: true, text: 'answers the redirector', sinceMs: null },
    isAnnounced: true,
    drain: null,
  })),
};

/** What a page did. */
export interface Done {
  readonly went: Address[];
  readonly changed: Address[];
  readonly asked: Question[];
}

export interface Given {
  readonly address?: Address;
  readonly session?: Session;
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly problems?: Readonly<Record<string, Problem>>;
}

export class Seen {
  readonly done: Done = { went: [], changed: [], asked: [] };
  readonly sight: Sight;
  readonly page: Page;

  constructor(
    page: Page,
    { address = at('cluster'), session = ANN, answers = {}, problems = {} }: Given,
  ) {
    this.page = page;
    const { went, changed, asked } = this.done;
    this.sight = {
      address,
      session,
      roomPx: 1400,
      read: <Answer>(path: string) => answers[path] as Told<Answer>,
      readLike: <Answer>(prefix: string) => {
        const found = Object.entries(answers).find(([path]) => path.startsWith(prefix));
        return found?.[1] as Told<Answer>;
      },
      problemOf: (path) => problems[path],
      acts: {
        go: (to) => went.push(to),
        change: (to) => changed.push(to),
        ask: (question) => asked.push(question),
      },
    };
  }

  get text(): string {
    return textIn(this.page.view(this.sight));
  }

  get paths(): string[] {
    return this.page.asks(this.sight).map(({ path }) => path);
  }

  all(fits: (branch: Branch) => boolean): Branch[] {
    return branchesIn(this.page.view(this.sight), fits);
  }

  /** The texts of the buttons that change something. */
  get changes(): string[] {
    return this.all(({ attributes }) => attributes['data-changes'] === true).map(textIn);
  }

  click(text: string): void {
    const [found] = this.all(
      ({ tag, ...branch }) => tag === 'button' && textIn({ tag, ...branch }) === text,
    );
    const click = found?.on.click;
    if (click === undefined) throw new Error(`no button says ${text}: ${this.changes.join(', ')}`);
    click({ value: '', isChecked: false, fields: {} });
  }

  /** Ticks or unticks the box with that label. */
  tick(label: string, isChecked: boolean): void {
    const [box] = this.all(
      ({ tag, ...branch }) => tag === 'label' && textIn({ tag, ...branch }) === label,
    );
    const [input] = branchesIn(box, ({ tag }) => tag === 'input');
    const change = input?.on.change;
    if (change === undefined) throw new Error(`no box says ${label}`);
    change({ value: '', isChecked, fields: {} });
  }
}
