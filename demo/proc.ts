import { readFileSync, readdirSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';

/* What the system says of processes, from /proc where there is one. */

/**
 * CPU seconds that this process has used: the sum of its threads' time on a core, in nanoseconds, from
 * /proc/self/task/ID/schedstat. Elsewhere what Node asks the system.
 */
export async function cpuSeconds(): Promise<number> {
  try {
    const threads = await readdir('/proc/self/task');
    const texts = await Promise.all(
      threads.map((thread) => readFile(`/proc/self/task/${thread}/schedstat`, 'utf8')),
    );
    return texts.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e9;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}

/** Bytes of memory that are resident. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/** Processes that it began and that still are; none where there is no /proc. At once, for what has to be done as this process ends. */
export function childrenOf(pid: number): number[] {
  try {
    const texts = readdirSync(`/proc/${pid}/task`).map((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'),
    );
    return texts.flatMap((text) => text.split(' ').filter(Boolean)).map(Number);
  } catch {
    return [];
  }
}
