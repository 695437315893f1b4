import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import type { Until } from './until.js';
import { untilWithin } from './until.js';

/* Debian's Chromium, driven over a pipe by its own protocol (DevTools): no package, no port. */

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

export class Browser {
  readonly #child: ChildProcess;
  readonly #to: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Map<string, (message: Message) => void>();
  #id = 0;
  #rest = '';

  private constructor(child: ChildProcess, to: Writable, from: Readable) {
    this.#child = child;
    this.#to = to;
    from.setEncoding('utf8');
    from.on('data', (text: string) => {
      const messages = (this.#rest + text).split('\0');
      this.#rest = messages.pop() ?? '';
      for (const each of messages) this.#hear(JSON.parse(each) as Message);
    });
  }

  static open(): Browser {
    const child = spawn(
      'chromium',
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--remote-debugging-pipe',
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const [, , , to, from] = child.stdio;
    return new Browser(child, to as Writable, from as Readable);
  }

  /** A page of its own, without cookies of others. */
  async page(width = 1400, height = 1000): Promise<BrowserPage> {
    const { browserContextId } = await this.send<{ browserContextId: string }>(
      'Target.createBrowserContext',
    );
    const { targetId } = await this.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
      browserContextId,
      width,
      height,
    });
    const { sessionId } = await this.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    const page = new BrowserPage((method, params) => this.send(method, params, sessionId));
    this.#listeners.set(sessionId, ({ method, params }) => {
      page.hear(method ?? '', params ?? {});
    });
    await page.begin(width, height);
    return page;
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill();
    await gone;
  }

  send<Result>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result as Result);
        else reject(new Error(`${method}: ${error.message}`));
      });
      this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  #hear(message: Message): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    } else if (message.sessionId !== undefined) {
      this.#listeners.get(message.sessionId)?.(message);
    }
  }
}

type Send = <Result>(method: string, params?: object) => Promise<Result>;

/** Before any script of a page: what it must not do is counted. */
const WATCH = `
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    window.violations.push(event.violatedDirective + ' ' + event.blockedURI);
  });
  window.hits = 0;
`;

/** Of keys that a browser itself acts on. */
const KEY_CODES: Readonly<Record<string, number>> = { Escape: 27, Enter: 13, Tab: 9 };

/** One page, and what a person does with it: everything is waited for. */
export class BrowserPage {
  /** What was thrown in it, and what the browser complained of; what the API refuses is no fault. */
  readonly faults: string[] = [];
  readonly #send: Send;
  readonly #until: Until = untilWithin(30_000, { pauseMs: 50 });

  constructor(send: Send) {
    this.#send = send;
  }

  async begin(width: number, height: number): Promise<void> {
    await this.#send('Page.enable');
    await this.#send('Runtime.enable');
    await this.#send('Log.enable');
    await this.#send('Page.addScriptToEvaluateOnNewDocument', { source: WATCH });
    await this.#send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
  }

  hear(method: string, params: Readonly<Record<string, unknown>>): void {
    if (method !== 'Runtime.exceptionThrown' && method !== 'Log.entryAdded') return;
    const { level, source } = (params.entry ?? {}) as Readonly<Record<string, string>>;
    if (method === 'Log.entryAdded' && (level !== 'error' || source === 'network')) return;
    this.faults.push(JSON.stringify(params).slice(0, 500));
  }

  async open(url: string): Promise<void> {
    await this.#send('Page.navigate', { url });
  }

  /**
   * Opens an address afresh. Resolves, when an expression holds, to the milliseconds of CPU that its main thread took so far: that
   * is the same on a machine that is busy with other things.
   */
  async visit(url: string, holds: string): Promise<number> {
    await this.open('about:blank');
    await this.#send('Performance.enable', { timeDomain: 'threadTicks' });
    const beforeMs = await this.#cpuMs();
    await this.open(url);
    await this.holds(holds, () => this.evaluate<boolean>(holds));
    const cpuMs = (await this.#cpuMs()) - beforeMs;
    await this.#send('Performance.disable');
    return cpuMs;
  }

  async #cpuMs(): Promise<number> {
    const { metrics } = await this.#send<{
      readonly metrics: readonly { readonly name: string; readonly value: number }[];
    }>('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN);
  }

  async evaluate<Result>(expression: string): Promise<Result> {
    const { result, exceptionDetails } = await this.#send<{
      readonly result: { readonly value: Result };
      readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
    }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? 'the page threw');
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
    await this.#until(what, holds).catch(async (error: unknown) => {
      const text = (await this.text()).slice(0, 3000);
      throw new Error(`${(error as Error).message}; the page: ${text}; ${this.faults.join(' ')}`);
    });
  }

  /** Presses the button, or follows the link, that says this; the last one: what is open lies above. */
  async press(text: string): Promise<void> {
    const quoted = JSON.stringify(text);
    await this.holds(`can press “${text}”`, () =>
      this.evaluate<boolean>(`(() => {
        const all = [...document.querySelectorAll('button, a')];
        const found = all.filter((each) => each.innerText.trim() === ${quoted}).at(-1);
        found?.click();
        return found !== undefined;
      })()`),
    );
  }

  /** Clicks what a selector finds first. */
  async click(selector: string): Promise<void> {
    const quoted = JSON.stringify(selector);
    await this.holds(`has ${selector}`, () =>
      this.evaluate<boolean>(`(() => {
        const found = document.querySelector(${quoted});
        found?.click();
        return found !== null;
      })()`),
    );
  }

  /** Puts text into a field. */
  async fill(selector: string, text: string): Promise<void> {
    await this.holds(`has ${selector}`, () =>
      this.evaluate<boolean>(`(() => {
        const found = document.querySelector(${JSON.stringify(selector)});
        if (found === null) return false;
        found.focus();
        found.value = ${JSON.stringify(text)};
        found.dispatchEvent(new Event('input', { bubbles: true }));
        return true;
      })()`),
    );
  }

  /** A key, as the keyboard sends it. */
  async key(key: string): Promise<void> {
    const more = key.length === 1 ? { text: key } : { windowsVirtualKeyCode: KEY_CODES[key] };
    await this.#send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...more });
    await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', key, ...more });
  }

  count(selector: string): Promise<number> {
    return this.evaluate<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  }

  /** What its own policy forbade, and scripts of others that ran. */
  trespasses(): Promise<{ readonly violations: readonly string[]; readonly hits: number }> {
    return this.evaluate(`({ violations: window.violations, hits: window.hits })`);
  }

  async screenshot(file: string): Promise<void> {
    const { data } = await this.#send<{ readonly data: string }>('Page.captureScreenshot', {
      format: 'png',
    });
    await writeFile(file, Buffer.from(data, 'base64'));
  }
}
