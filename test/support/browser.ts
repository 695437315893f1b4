import type { Browser as Chromium, CDPSession, Locator, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { programPath } from './program-path.js';
import type { Until } from './until.js';
import { untilWithin } from './until.js';

const TIMEOUT_MS = 30_000;

/** Debian's Chromium, driven by Playwright. */
export class Browser {
  readonly #chromium: Chromium;

  private constructor(browser: Chromium) {
    this.#chromium = browser;
  }

  static async open(): Promise<Browser> {
    const browser = await chromium.launch({
      executablePath: programPath('chromium'),
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    return new Browser(browser);
  }

  /** A page of its own, without cookies of others. */
  async page(width = 1400, height = 1000): Promise<BrowserPage> {
    const context = await this.#chromium.newContext({ viewport: { width, height } });
    context.setDefaultTimeout(TIMEOUT_MS);
    await context.addInitScript(WATCH);
    const page = await context.newPage();
    return new BrowserPage(page, await context.newCDPSession(page));
  }

  close(): Promise<void> {
    return this.#chromium.close();
  }
}

/** Before any script of a page: what it must not do is counted. */
const WATCH = `
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    window.violations.push(event.violatedDirective + ' ' + event.blockedURI);
  });
  window.hits = 0;
`;

/** One page, and what a person does with it: everything is waited for. */
export class BrowserPage {
  /** What was thrown in it, and what the browser complained of; what the API refuses is no fault. */
  readonly faults: string[] = [];
  readonly #page: Page;
  readonly #tools: CDPSession;
  readonly #until: Until = untilWithin(TIMEOUT_MS, { pauseMs: 50 });

  constructor(page: Page, tools: CDPSession) {
    this.#page = page;
    this.#tools = tools;
    page.on('pageerror', (error) => this.faults.push(String(error).slice(0, 500)));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'error' || text.startsWith('Failed to load resource')) return;
      this.faults.push(text.slice(0, 500));
    });
  }

  async open(url: string): Promise<void> {
    // Live pages are never done with their news.
    await this.#page.goto(url, { waitUntil: 'commit' });
  }

  /**
   * Opens an address afresh. Resolves, when an expression holds, to the milliseconds of CPU that its main thread took so far: that
   * is the same on a machine that is busy with other things.
   */
  async visit(url: string, holds: string): Promise<number> {
    await this.open('about:blank');
    await this.#tools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const beforeMs = await this.#cpuMs();
    await this.open(url);
    await this.holds(holds, () => this.evaluate<boolean>(holds));
    const cpuMs = (await this.#cpuMs()) - beforeMs;
    await this.#tools.send('Performance.disable');
    return cpuMs;
  }

  async #cpuMs(): Promise<number> {
    const { metrics } = await this.#tools.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN);
  }

  evaluate<Result>(expression: string): Promise<Result> {
    return this.#page.evaluate<Result>(expression);
  }

  /** All that can be read in it. */
  text(): Promise<string> {
    return this.evaluate<string>(`(document.body?.innerText ?? '').replaceAll(/\\s+/g, ' ')`);
  }

  /** Until it can be read. */
  async shows(text: string): Promise<void> {
    await this.holds(`shows “${text}”`, async () => (await this.text()).includes(text));
  }

  async holds(what: string, holds: () => Promise<boolean>): Promise<void> {
    await this.#until(what, holds).catch((error: unknown) => this.#fail(error));
  }

  /** Presses the button, or follows the link, that says this; the last one: what is open lies above. */
  async press(text: string): Promise<void> {
    const said = new RegExp(`^\\s*${text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}\\s*$`);
    await this.#act(this.#page.locator('button, a').filter({ hasText: said }).last(), (found) =>
      found.click(),
    );
  }

  /** Clicks what a selector finds first. */
  async click(selector: string): Promise<void> {
    await this.#act(this.#page.locator(selector).first(), (found) => found.click());
  }

  /** Puts text into a field. */
  async fill(selector: string, text: string): Promise<void> {
    await this.#act(this.#page.locator(selector).first(), (found) => found.fill(text));
  }

  /** A key, as the keyboard sends it. */
  async key(key: string): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  count(selector: string): Promise<number> {
    return this.#page.locator(selector).count();
  }

  /** What its own policy forbade, and scripts of others that ran. */
  trespasses(): Promise<{ readonly violations: readonly string[]; readonly hits: number }> {
    return this.evaluate(`({ violations: window.violations, hits: window.hits })`);
  }

  async screenshot(file: string): Promise<void> {
    await this.#page.screenshot({ path: file });
  }

  async #act(found: Locator, act: (found: Locator) => Promise<void>): Promise<void> {
    await act(found).catch((error: unknown) => this.#fail(error));
  }

  async #fail(error: unknown): Promise<never> {
    const text = (await this.text()).slice(0, 3000);
    throw new Error(`${(error as Error).message}; the page: ${text}; ${this.faults.join(' ')}`);
  }
}
