import { describe, expect, it } from '@jest/globals';
import { at } from '../../../console/frame/address.js';
import type { Address } from '../../../console/frame/address.js';
import type { Page } from '../../../console/frame/sight.js';
import { auditPage } from '../../../console/pages/audit.js';
import { clusterPage } from '../../../console/pages/cluster.js';
import { explainPage } from '../../../console/pages/explain.js';
import { forecastPage } from '../../../console/pages/forecast.js';
import { planPage } from '../../../console/pages/plan.js';
import { serversPage } from '../../../console/pages/servers.js';
import { settingsPage } from '../../../console/pages/settings.js';
import { switchesPage } from '../../../console/pages/switches.js';
import {
  ANN,
  NOW,
  RESOURCES,
  SERVERS,
  SWITCHES,
  Seen,
  VIC,
  planAnswer,
  scoreAnswer,
  serverStatus,
  statusAnswer,
} from '../../support/console-sight.js';

const PAGES: readonly (readonly [name: string, page: Page, address: Address])[] = [
  ['cluster', clusterPage, at('cluster')],
  ['forecast', forecastPage, at('forecast')],
  ['plan', planPage, at('plan')],
  ['switches', switchesPage, at('switches')],
  ['explain', explainPage, at('explain')],
  ['servers', serversPage, at('servers')],
  ['settings', settingsPage, at('settings')],
  ['audit', auditPage, at('audit')],
];

const ANSWERS = {
  '/v1/status': statusAnswer({
    servers: [serverStatus('s1'), serverStatus('s2', { state: 'draining' })],
  }),
  '/v1/plans': { plans: [planAnswer()] },
  '/v1/plans/42': planAnswer(),
  '/v1/plans/42/score': scoreAnswer(),
  '/v1/switches': SWITCHES,
  '/v1/resources': RESOURCES,
  '/v1/servers': SERVERS,
  '/v1/history?limit=30': { plans: [], acts: [] },
  '/v1/history?limit=1000': {
    plans: [],
    acts: [{ atMs: NOW, who: 'ann', what: 'pause', detail: 'balancing paused' }],
  },
};

describe('every page', () => {
  it.each(PAGES)(
    '%s asks for something, and holds before it is answered',
    (_name, page, address) => {
      const seen = new Seen(page, { address });
      expect(seen.paths.length).toBeGreaterThan(0);
      expect(() => seen.text).not.toThrow();
      expect(page.title(seen.sight)).not.toBe('');
    },
  );

  it('has the controls of an operator where there is something to change, and none of them for a viewer', () => {
    const changes = (session: typeof ANN) =>
      PAGES.map(([name, page, address]) => {
        const seen = new Seen(page, { address, session, answers: ANSWERS });
        return [name, seen.changes.length] as const;
      });
    const operator = Object.fromEntries(changes(ANN));
    for (const name of ['plan', 'switches', 'servers', 'settings']) {
      expect({ name, count: operator[name] }).not.toEqual({ name, count: 0 });
    }
    for (const [name, count] of changes(VIC)) expect({ name, count }).toEqual({ name, count: 0 });
  });
});

describe('the page of switches', () => {
  it('has holds, what was held and failed, and the way back', () => {
    const seen = new Seen(switchesPage, { address: at('switches'), answers: ANSWERS });
    expect(seen.text).toContain(
      'Hold: half within 38 ms, 99 % within 38 ms of 1 that are remembered',
    );
    expect(seen.text).toContain('s1 → s2 vol-9');
    expect(seen.text).toContain('held 38 ms: drain 30 ms, hand-over 8 ms');
    seen.click('Roll back …');
    expect(seen.done.asked[0]?.path).toBe('/v1/plans/41/rollback');
  });

  it('shows how far an open switch is', () => {
    const openSwitch = {
      plan: '42',
      batch: 0,
      state: 'held',
      resources: ['vol-1'],
      sinceMs: NOW - 20,
    };
    const answers = { ...ANSWERS, '/v1/status': statusAnswer({ openSwitch }) };
    const seen = new Seen(switchesPage, { address: at('switches'), answers });
    const [present] = seen.all(({ attributes }) => attributes['aria-current'] === 'step');
    expect(present?.children).toEqual(['held, draining']);
  });
});

describe('the page of servers', () => {
  it('drains a server, and says what is left, how long that may take, and what is in the way', () => {
    const drain = {
      sinceMs: NOW - 30_000,
      remaining: 2,
      resources: ['vol-7', 'vol-8'],
      moved: 3,
      etaMs: 20_000,
      blockers: [{ resource: 'vol-7', why: '1 open upload' }],
    };
    const servers = SERVERS.servers.map((one) => (one.id === 's2' ? { ...one, drain } : one));
    const answers = { ...ANSWERS, '/v1/servers': { servers } };
    const seen = new Seen(serversPage, { address: at('servers'), answers });
    expect(seen.text).toContain('2 resources left, 3 moved, about 20 s at the pace so far.');
    expect(seen.text).toContain('vol-7 : 1 open upload.');
    seen.click('Drain …');
    const [question] = seen.done.asked;
    expect(question?.path).toBe('/v1/servers/s1/state');
    expect(question?.body({})).toEqual({ state: 'draining' });
  });
});

describe('the page that explains', () => {
  it('has the words of the API, and leads from them to the plan', () => {
    const answers = {
      ...ANSWERS,
      '/v1/explain/vol-1': {
        resource: 'vol-1',
        server: 's1',
        verdict: 'moves',
        headline: 'vol-1 is on s1 and should go to s2: s1 would reach 104 % of its CPU.',
        history: null,
        fits: ['s2: best, peak with it 60 % of its CPU', 's1: no, would reach 104 %'],
        notes: ['It is not pinned.'],
        standby: 's2',
        demand: { cpu: 0.4 },
        models: { cpu: 'holt-winters' },
        next: 'foreshift apply 42',
        on: null,
      },
      '/v1/resources/vol-1/placements': {
        placements: [{ server: 's1', fromMs: NOW - 60_000, untilMs: null }],
      },
    };
    const seen = new Seen(explainPage, { address: at('explain', ['resource', 'vol-1']), answers });
    expect(seen.text).toContain('vol-1 is on s1 and should go to s2');
    expect(seen.text).toContain('s2 : best, peak with it 60 % of its CPU');
    expect(seen.text).toContain('Expected peak, CPU 0.4 cores (holt-winters)');
    const links = seen.all(({ tag }) => tag === 'a').map(({ attributes }) => attributes.href);
    expect(links).toContain('#/plan/42');
    expect(links).toContain('#/explain/server/s2');
  });
});

describe('what would be if a resource were elsewhere', () => {
  it('is asked of the server that the address names, and shown as bars and words', () => {
    const path = '/v1/explain/vol-1?on=s2';
    const answers = {
      ...ANSWERS,
      [path]: {
        ...{ resource: 'vol-1', server: 's1', verdict: 'stays', headline: 'vol-1 is on s1.' },
        ...{
          history: null,
          fits: [],
          notes: [],
          standby: null,
          demand: {},
          models: {},
          next: null,
        },
        on: {
          server: 's2',
          fit: 's2: yes, has room',
          whatIf: {
            headline: 's2 would be fuller.',
            ...{ asIs: 'peak 71 %', nothing: 'peak 104 %', plan: 'peak 80 %' },
            scores: { asIs: { peak: 0.71 }, nothing: { peak: 1.04 }, plan: { peak: 0.8 } },
            ...{ avoided: [], left: [], blocked: [], moves: [], notes: ['s2 is draining now.'] },
          },
        },
      },
    };
    const address = at('explain', ['resource', 'vol-1'], { on: 's2' });
    const seen = new Seen(explainPage, { address, answers });
    expect(seen.paths).toContain(path);
    expect(seen.text).toContain('What if on s2 s2 would be fuller. s2: yes, has room');
    expect(seen.text).toContain('As it is 71 % peak 71 %');
    expect(seen.text).toContain('On s2 104 % ! peak 104 %');
    expect(seen.text).toContain('s2 is draining now.');
  });
});

describe('the page of settings', () => {
  it('says since when and why the mode fell back, in the words of the API', () => {
    const fellBack = { sinceMs: NOW - 600_000, text: 'fell back from auto to propose, since …' };
    const score = { text: 'overloads within 24 h: 2 of 11 called' };
    const answers = { ...ANSWERS, '/v1/status': statusAnswer({ fellBack, score }) };
    const seen = new Seen(settingsPage, { address: at('settings'), answers });
    expect(seen.text).toContain('10 min ago: fell back from auto to propose, since …');
    expect(seen.text).toContain('Score overloads within 24 h: 2 of 11 called.');
    const calm = new Seen(settingsPage, { address: at('settings'), answers: ANSWERS });
    expect(calm.text).not.toContain('fell back');
  });

  it('sets the mode, pauses, pins and unpins', () => {
    const seen = new Seen(settingsPage, { address: at('settings'), answers: ANSWERS });
    seen.click('Set auto …');
    seen.click('Pause …');
    seen.click('Pin a resource …');
    seen.click('Unpin …');
    const bodies = seen.done.asked.map(({ path, body }) => [
      path,
      body({ resource: 'vol-3', server: 's2' }),
    ]);
    expect(bodies).toEqual([
      ['/v1/mode', { mode: 'auto' }],
      ['/v1/pause', {}],
      ['/v1/pins', { resource: 'vol-3', server: 's2' }],
      ['/v1/pins', { resource: 'vol-1', server: null }],
    ]);
  });
});
