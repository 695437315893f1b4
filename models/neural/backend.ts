import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../../core/errors.js';
import type { Backend } from '../../core/forecast.js';
import { BACKENDS } from '../../core/forecast.js';
import { packageHas } from '../../core/installed-package.js';
import { messageOf } from '../../core/text.js';

export interface OpenedBackend {
  readonly backend: Backend;
  /** Those that were tried before it, and why they would not do. */
  readonly refused: readonly string[];
}

/** What tfjs calls them. */
const ENGINE_NAMES = { native: 'tensorflow', wasm: 'wasm', cpu: 'cpu' } as const;

/**
 * The one place that decides what computes: the first of native, wasm and cpu that works here, or the one that is
 * asked for. For the whole thread; a second call finds what the first one opened.
 * @throws ERR_BACKEND_UNAVAILABLE — none that was asked for works here
 */
export async function openBackend(wanted: 'auto' | Backend): Promise<OpenedBackend> {
  // Else the engine advertises itself on the terminal.
  tf.enableProdMode();
  const refused: string[] = [];
  for (const backend of wanted === 'auto' ? BACKENDS : [wanted]) {
    try {
      await OPEN[backend]();
      if (!(await tf.setBackend(ENGINE_NAMES[backend]))) throw new Error('it did not begin');
      await tf.ready();
      return { backend, refused };
    } catch (error) {
      refused.push(`${backend}: ${messageOf(error).split('\n')[0] ?? ''}`);
    }
  }
  return fail('ERR_BACKEND_UNAVAILABLE', { why: refused.join('; ') });
}

const OPEN: Readonly<Record<Backend, () => Promise<void>>> = {
  /** Absent, or present without its binary: both are errors. */
  native: async () => {
    const name = '@tensorflow/tfjs-node';
    // Its import says so, too, but after it has loaded all of tfjs: half a second of a start.
    if (!packageHas(name, 'lib')) throw new Error(`${name} is installed without its binary`);
    await restoreIsNullOrUndefined();
    await import(name);
  },
  wasm: () =>
    withoutItsListeners(async () => {
      await import('@tensorflow/tfjs-backend-wasm');
      await tf.setBackend('wasm');
    }),
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
  },
};

/** tfjs-node calls what Node 23 took away (tfjs pull request 8425 was never released). */
async function restoreIsNullOrUndefined(): Promise<void> {
  const { default: util } = await import('node:util');
  const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

/** The loader of wasm listens to errors that are none of its business, and throws them again. */
async function withoutItsListeners(load: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set(process.rawListeners(event)));
  await load();
  for (const [at, event] of events.entries()) {
    for (const listener of process.rawListeners(event)) {
      if (before[at]?.has(listener) === true) continue;
      process.removeListener(event, listener as (...args: unknown[]) => void);
    }
  }
}
