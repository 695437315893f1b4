import { spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { Draft } from '../../core/table-store/draft.js';
import { SERVER_STATE } from '../../core/table-store/records/server.js';
import { ApiFront } from '../support/api-front.js';
import { foreshift } from '../support/foreshift.js';
import { describeWith } from '../support/installed.js';
import { s } from '../support/names.js';
import { untilWithin } from '../support/until.js';

/* What the command line writes to a pipe and to a terminal, as a process of its own. */

const ESC = '\u001b';
const until = untilWithin(30_000);
/** Somebody wrote this where others read it: it would clear their screen. */
const HOSTILE = `disk swap ${ESC}[2J${ESC}[31m${ESC}]0;owned\u0007`;

let front: ApiFront;
const api = () => `http://127.0.0.1:${front.server.address.port}`;

beforeAll(async () => {
  front = await ApiFront.start();
  await front.forecast({ a: 1, b: 1 });
  const { plane } = front;
  await plane.applied([plane.move('a', 's2')], plane.clock.realtimeMs());
  const draining = { state: 'draining', by: 'ann', reason: HOSTILE, sinceMs: 1 } as const;
  await plane.write(new Draft().put(SERVER_STATE, s('s1'), draining));
});

afterAll(() => front.stop());

describe('what is written to a pipe', () => {
  it.each([
    ['status', 0],
    ['status --resources', 0],
    ['top', 0],
    ['plan 1', 0],
    ['explain a', 0],
    ['history', 0],
    ['explain nobody', 1],
    ['fly', 64],
    ['--help', 0],
  ])('%s has no escape byte, whatever reasons say', async (words, exit) => {
    const args = words.split(' ');
    const where = words === 'fly' || words === '--help' ? [] : ['--api', api()];
    const ran = await foreshift([...args, ...where], { env: { FORCE_COLOR: '1', NO_COLOR: '' } });
    expect(ran.exit).toBe(exit);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain(ESC);
    expect(`${ran.stdout}${ran.stderr}`).not.toBe('');
    // It was there to be written.
    if (words === 'status') expect(ran.stdout).toContain('disk swap ?[2J');
  });
});

/** A command before a terminal, as `script` makes one: all that comes to it, and keys. */
class OnTerminal {
  written = '';
  readonly ended: Promise<number | null>;
  readonly #child;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const command = [process.execPath, `${productFolder}dist/cli/main.js`, ...args].join(' ');
    this.#child = spawn('script', ['-qefc', `exec ${command}`, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout.on('data', (chunk: Buffer) => (this.written += chunk.toString()));
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** A test that failed leaves nothing behind. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  press(keys: string): void {
    this.#child.stdin.write(keys);
  }
}

describeWith('script')('what is written to a terminal', () => {
  let opened: OnTerminal | undefined;
  afterEach(() => opened?.end());

  const run = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
    const terminal = new OnTerminal([...args, '--api', api()], env);
    await terminal.ended;
    return terminal.written;
  };

  it('has colours, unless NO_COLOR or --no-color says otherwise', async () => {
    const coloured = await run(['status'], { NO_COLOR: '' });
    expect(coloured).toContain(`${ESC}[33mdraining${ESC}[39m`);
    expect(coloured).not.toContain(`${ESC}[2J`);
    expect(await run(['status'], { NO_COLOR: '1' })).not.toContain(ESC);
    expect(await run(['status', '--no-color'], { NO_COLOR: '' })).not.toContain(ESC);
  });

  it.each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
  ])('is a page of its own while top shows the servers, until %s', async (_name, key) => {
    const terminal = new OnTerminal(['top', '--api', api()], { NO_COLOR: '1' });
    opened = terminal;
    await until('it shows the servers', () => terminal.written.includes('q quit'));
    expect(terminal.written.startsWith(`${ESC}[?1049h${ESC}[?25l`)).toBe(true);
    expect(terminal.written).not.toMatch(/\u001b\[\d+m/);
    terminal.press(key);
    expect(await terminal.ended).toBe(0);
    expect(terminal.written.endsWith(`${ESC}[?25h${ESC}[?1049l`)).toBe(true);
  });
});
