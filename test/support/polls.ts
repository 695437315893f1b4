import type { Poll, Source } from '../../collector/source.js';
import { codeOf } from '../../core/errors.js';
import { formatSeries } from '../../core/sample.js';

/** One poll of a source in tests, in words: `server/s1/cpu 2`, `cpu reset`, or the code of the error. */
export async function polled(
  source: Source,
  atMs: number,
  { timeMs = atMs, timeoutMs = 5000 } = {},
): Promise<string[]> {
  const { signal } = new AbortController();
  const poll: Poll = { timeMs, monotonicMs: atMs, timeoutMs, signal };
  try {
    const { samples, drops } = await source.poll(poll);
    return [
      ...[...samples].map(({ series, value }) => `${formatSeries(series)} ${value}`),
      ...drops.map(({ what, reason, count }) => `${what} ${reason}${count > 1 ? ` ${count}` : ''}`),
    ];
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return [code];
  }
}
