import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Resources } from '../../api/contract/outlook.js';
import type { PlanView } from '../../api/contract/plans.js';
import type { Status } from '../../api/contract/status.js';
import { ApiClient } from '../../cli/api-client.js';
import { productFolder } from '../../cli/product.js';
import { PAGES } from '../../console/frame/address.js';
import type { BrowserPage } from '../support/browser.js';
import { Browser } from '../support/browser.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { describeWith } from '../support/installed.js';
import { SCRIPT_NAMES } from '../support/script-names.js';
import { untilWithin } from '../support/until.js';

/* The console as a person has it: in a browser, against the running demo, under load. */

const MAIN = `${productFolder}dist/cli/main.js`;
const until = untilWithin(120_000, { pauseMs: 100 });
/** Nothing more comes to a server. */
const SETTLED_MS = 10_000;
/** CONSOLE_SCREENSHOTS names a folder that pictures of all pages go to. */
const SCREENSHOTS = process.env.CONSOLE_SCREENSHOTS;

async function keepPicture(page: BrowserPage, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot(join(SCREENSHOTS, `${name}.png`));
}

/** Nothing was thrown, nothing was run that is not ours, nothing was tried that the policy forbids. */
async function expectSound(page: BrowserPage): Promise<void> {
  expect({ ...(await page.trespasses()), faults: page.faults }).toEqual({
    violations: [],
    hits: 0,
    faults: [],
  });
}

/** What is under everything. */
const BACKGROUND = 'getComputedStyle(document.body).backgroundColor';
describeWith('chromium')('the console in a browser', () => {
  let browser: Browser;
  let demo: ChildProcess;
  let url: string;
  let api: ApiClient;
  let page: BrowserPage;
  let said = '';

  const status = () => api.get<Status>('/v1/status');
  const places = async () => {
    const { resources } = await api.get<Resources>('/v1/resources');
    return new Map(resources.map(({ id, server }) => [id, server]));
  };

  beforeAll(async () => {
    browser = await Browser.open();
    demo = spawn(
      process.execPath,
      [MAIN, 'demo', '--mode', 'propose', '--api-port', '0', '--proxy-port', '0'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    demo.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('the demo runs', () => /page (http:\S+)/.test(said));
    url = /page (http:\S+)/.exec(said)?.[1] ?? '';
    api = new ApiClient(url);
    page = await browser.page();
  }, 180_000);

  afterAll(async () => {
    const gone = new Promise((resolve) => demo.once('close', resolve));
    demo.kill('SIGTERM');
    await browser.close();
    await gone;
  });

  /** Fills one server until a plan waits that relieves it. */
  async function untilPlanWaits(): Promise<PlanView> {
    const resources = [...(await places()).keys()].slice(0, 20);
    for (const resource of resources) {
      await api.post('/v1/pins', { resource, server: 's1', by: 'test' });
    }
    // As many as it may take: no pin breaks a hard limit.
    let [count, sinceMs] = [0, 0];
    await until('s1 has what it may take', async () => {
      const now = await places();
      const there = resources.filter((resource) => now.get(resource) === 's1').length;
      const nowMs = performance.now();
      if (there !== count) [count, sinceMs] = [there, nowMs];
      return count === resources.length || (count >= 10 && nowMs - sinceMs > SETTLED_MS);
    });
    for (const resource of resources) {
      await api.post('/v1/pins', { resource, server: null, by: 'test' });
    }
    let plan: PlanView | undefined;
    await until('a plan waits', async () => {
      const { plans } = await api.get<{ readonly plans: readonly PlanView[] }>('/v1/plans');
      plan = plans.find(({ stale, moves }) => stale === null && moves.length > 1);
      return plan !== undefined;
    });
    if (plan === undefined) throw new Error('no plan');
    return plan;
  }

  const planOf = (id: string) => api.get<PlanView>(`/v1/plans/${id}`);

  /**
   * Unticks the first move of the plan that is shown, and approves the rest. A plan may be made anew while it is looked at: what is
   * approved is what is shown, or nothing (undefined).
   */
  async function approvedInPage(): Promise<string | undefined> {
    const left = await page.evaluate<string | null>(`(() => {
      const box = document.querySelector('td input[type=checkbox]');
      if (box?.checked === true) box.click();
      return box?.closest('tr').querySelector('[data-row]').innerText ?? null;
    })()`);
    const plan = await page.evaluate<string | null>(`(() => {
      const button = [...document.querySelectorAll('.actions button')].find(({ innerText }) =>
        /^Approve \\d/.test(innerText));
      button?.click();
      const form = document.querySelector('dialog form');
      form?.requestSubmit();
      return form === null ? null : /plan (\\d+)/.exec(form.innerText)[1];
    })()`);
    if (left === null || plan === null) return undefined;
    await page.holds('is answered', async () => {
      return (await page.count('dialog')) === 0 || (await page.count('dialog .bad')) > 0;
    });
    await page.evaluate(`document.querySelector('dialog')?.close()`);
    const { by, moves } = await planOf(plan);
    if (by !== 'local') return undefined;
    expect(moves.map(({ resource }) => resource)).not.toContain(left);
    return plan;
  }

  it('paints the cluster in less than a second of work, and holds what it shows in its address', async () => {
    const isPainted = `performance.getEntriesByName('first-contentful-paint').length > 0`;
    expect(await page.visit(url, isPainted)).toBeLessThan(1000);
    await page.shows('Servers');
    await page.holds('has a heat map', async () => (await page.count('canvas')) === 1);
    await page.open(`${url}/#/cluster?past=288&order=peak&metric=cpu`);
    await page.holds('has what the address says', () =>
      page.evaluate<boolean>(
        `[...document.querySelectorAll('select')].map(({ value }) => value).join() === 'cpu,288,peak'`,
      ),
    );
    await keepPicture(page, 'cluster');
    await expectSound(page);
  });

  it('is driven by keys alone', async () => {
    for (const [index, name] of PAGES.entries()) {
      await page.key(String(index + 1));
      await page.holds(`goes to ${name}`, () =>
        page.evaluate<boolean>(`location.hash.startsWith('#/${name}')`),
      );
    }
    await page.key('1');
    await page.holds('lists the servers', () =>
      page.evaluate<boolean>(
        `[...document.querySelectorAll('[data-row]')].map(({ innerText }) => innerText).join() === 's1,s2,s3,s4'`,
      ),
    );
    await page.key('j');
    await page.key('j');
    expect(await page.evaluate<string>(`document.activeElement.innerText`)).toBe('s2');
    await page.key('k');
    expect(await page.evaluate<string>(`document.activeElement.innerText`)).toBe('s1');
    await page.key('?');
    await page.shows('the next, the former row');
    await page.key('Escape');
    await page.holds('closes', async () => (await page.count('dialog')) === 0);
    await page.evaluate(`document.querySelector('canvas').focus()`);
    await page.holds('reads a cell', () =>
      page.evaluate<boolean>(`/^s\\d .+: /.test(document.getElementById('heat-cell').innerText)`),
    );
    await page.key('/');
    await page.fill('#find', 's3');
    await page.evaluate(`document.getElementById('find').form.requestSubmit()`);
    await page.holds('finds s3', () =>
      page.evaluate<boolean>(`location.hash === '#/explain/server/s3'`),
    );
    await expectSound(page);
  });

  it('approves a plan without one of its moves, shows it applied under load, and rolls it back', async () => {
    await untilPlanWaits();
    await page.open(`${url}/#/plan`);
    await page.shows('waiting for');
    await keepPicture(page, 'plan');
    let approved = '';
    await until('a plan is approved in the page, and applied', async () => {
      const plan = await approvedInPage();
      if (plan === undefined) return false;
      await until('it has ended', async () => (await planOf(plan)).finishedAtMs !== null);
      const { outcomes } = await planOf(plan);
      approved = plan;
      // On a machine that is busy a switch may go back: then the next plan is tried.
      return outcomes.some(({ result }) => result === 'applied');
    });
    await page.open(`${url}/#/plan/${approved}`);
    await page.shows('switched');
    const { moves } = await planOf(approved);
    await page.open(`${url}/#/switches?find=${approved}`);
    await page.shows('hand-over');
    await keepPicture(page, 'switches');
    await page.holds('can roll it back', () =>
      page.evaluate<boolean>(`(() => {
        const rows = [...document.querySelectorAll('tbody tr')];
        const row = rows.find((each) => each.querySelector('[data-row]').innerText === '${approved}');
        const button = row?.querySelector('button');
        button?.click();
        return button != null;
      })()`),
    );
    await page.shows(`Roll back plan ${approved}?`);
    await page.fill('dialog input[name=reason]', 'only a test');
    await page.evaluate(`document.querySelector('dialog form').requestSubmit()`);
    await page.shows(`Plan ${approved} is being rolled back.`);
    await until('all is where it was', async () => {
      const now = await places();
      return moves.every(({ resource, source }) => now.get(resource) === source);
    });
    await page.open(`${url}/#/audit`);
    await page.shows(`plan ${approved}: only a test`);
    await expectSound(page);
  }, 240_000);

  it('drains a server, names what is left, and takes it back', async () => {
    await page.open(`${url}/#/servers`);
    await page.shows('answers the redirector');
    await page.evaluate(`[...document.querySelectorAll('tr')].find((row) => row.innerText.startsWith('s4'))
      .querySelector('button').click()`);
    await page.shows('Drain s4?');
    await page.fill('dialog input[name=reason]', 'disk swap');
    await page.evaluate(`document.querySelector('dialog form').requestSubmit()`);
    await page.shows('s4 is draining.');
    await until('s4 is empty', async () => {
      const found = (await status()).servers.find(({ id }) => id === 's4');
      return found?.resources === 0;
    });
    await page.shows('s4 is empty.');
    await keepPicture(page, 'servers');
    await page.press('Make ready …');
    await page.shows('Make s4 ready again?');
    await page.evaluate(`document.querySelector('dialog form').requestSubmit()`);
    await page.shows('s4 is ready.');
    await expectSound(page);
  }, 240_000);

  it('shows 40 names that are scripts as names, wherever they may stand', async () => {
    for (const name of SCRIPT_NAMES) {
      const by = name.slice(0, 128);
      await api.post('/v1/pause', { by, reason: name });
      await api.post('/v1/resume', { by, reason: name });
    }
    await api.post('/v1/servers/s3/state', {
      state: 'maintenance',
      by: '<img src=x onerror=window.hits++>',
      reason: SCRIPT_NAMES.join(' ').slice(0, 400),
    });
    await api.post('/v1/pause', { by: 'mallory', reason: SCRIPT_NAMES.join(' ').slice(0, 400) });
    for (const name of PAGES) {
      await page.open(`${url}/#/${name}?find=`);
      await page.open(`${url}/#/${name}/${encodeURIComponent(SCRIPT_NAMES[0] ?? '')}`);
    }
    for (const name of SCRIPT_NAMES) {
      await page.open(`${url}/#/explain/resource/${encodeURIComponent(name)}`);
      await page.open(`${url}/#/audit?find=${encodeURIComponent(name)}`);
      await page.shows(name.replaceAll(/\s+/g, ' ').slice(0, 60));
    }
    await page.open(`${url}/#/servers`);
    await page.shows('<script>');
    expect(await page.trespasses()).toEqual({ violations: [], hits: 0 });
    await api.post('/v1/resume', { by: 'ann' });
    await api.post('/v1/servers/s3/state', { state: 'ready', by: 'ann' });
  }, 180_000);

  it('forecasts and explains what a link leads to', async () => {
    await page.open(`${url}/#/forecast/server/s1`);
    await page.shows('How good it was');
    await page.holds('has a chart', async () => (await page.count('svg.chart path.past')) === 1);
    await keepPicture(page, 'forecast');
    const [resource = ''] = (await places()).keys();
    await page.open(`${url}/#/explain/resource/${resource}`);
    await page.shows(`${resource} is on`);
    await page.shows('Where it would fit');
    await page.evaluate(`(() => {
      const choice = document.querySelector('select');
      choice.value = 's2';
      choice.dispatchEvent(new Event('change', { bubbles: true }));
    })()`);
    await page.shows('What if on s2');
    await keepPicture(page, 'explain');
    await page.open(`${url}/#/settings`);
    await page.shows('Balancing is on.');
    await keepPicture(page, 'settings');
    await page.open(`${url}/#/audit?find=disk`);
    await page.shows('disk swap');
    await keepPicture(page, 'audit');
    await page.key('t');
    for (const [where, says] of [
      ['cluster', 'Top movers'],
      ['forecast/server/s1', 'How good it was'],
      ['plan', 'Plans lately'],
      ['switches', 'hand-over'],
      [`explain/resource/${resource}`, 'Where it would fit'],
      ['servers', 'answers the redirector'],
      ['settings', 'Balancing is on.'],
      ['audit?find=disk', 'disk swap'],
    ] as const) {
      await page.open(`${url}/#/${where}`);
      await page.shows(says);
      expect(await page.evaluate<string>(BACKGROUND)).toMatch(/^rgb\((?:[1-5]?\d(?:, |\))){3}$/);
      await keepPicture(page, `${/^[a-z]+/.exec(where)?.[0] ?? ''}-dark`);
    }
  });
});

describeWith('chromium')('the console with a login', () => {
  let folder: string;
  let up: RunningUp;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-console-'));
    const config = {
      api: { listen: '127.0.0.1:0', login: 'token' },
      health: { listen: '127.0.0.1:0' },
      agents: { listen: '127.0.0.1:0' },
      listeners: [{ listen: '127.0.0.1:0' }],
      servers: ['s1', 's2'].map((id, at) => ({
        id,
        address: `127.0.0.1:${9 + at}`,
        capacity: { cpu: 4 },
      })),
    };
    await writeFile(join(folder, 'foreshift.yaml'), JSON.stringify(config));
    up = await RunningUp.start(folder);
    browser = await Browser.open();
  });

  afterAll(async () => {
    await browser.close();
    await up.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function loggedIn(role: string): Promise<BrowserPage> {
    const { stdout } = await foreshift(['token', `a-${role}`, '--role', role], { cwd: folder });
    const page = await browser.page();
    await page.open(`http://${up.ready.api}`);
    await page.fill('#token', 'no token at all');
    await page.press('Log in');
    await page.shows('malformed');
    await page.fill('#token', stdout.trim());
    await page.press('Log in');
    await page.shows(`a-${role}, ${role}`);
    return page;
  }

  it('shows a viewer every page, and on none of them a control that changes something', async () => {
    const changing = async (role: string): Promise<number> => {
      const page = await loggedIn(role);
      let count = 0;
      for (const name of PAGES) {
        await page.open(`http://${up.ready.api}/#/${name}`);
        await page.holds(`shows ${name}`, () =>
          page.evaluate<boolean>(
            `document.querySelector('main')?.getAttribute('aria-label')?.toLowerCase() === '${name}'
              && document.querySelector('[aria-busy]') === null`,
          ),
        );
        count += await page.count('[data-changes]');
      }
      await expectSound(page);
      await page.press('Log out');
      await page.shows('Token');
      return count;
    };
    expect(await changing('viewer')).toBe(0);
    expect(await changing('operator')).toBeGreaterThan(4);
  }, 180_000);
});
