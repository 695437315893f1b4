import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** How long a kernel may take for it, ms. */
const STOP_MAX_MS = 5000;

/**
 * Stops a process: it keeps what it has, and does nothing until SIGCONT. Returns when all its threads stand still, where /proc tells:
 * on a busy machine one may go on for a while after the signal was sent.
 */
export function pause(child: ChildProcess | undefined): void {
  if (child?.pid === undefined) return;
  child.kill('SIGSTOP');
  const endMs = performance.now() + STOP_MAX_MS;
  while (isAtWork(child.pid)) {
    if (performance.now() > endMs) throw new Error(`process ${child.pid} does not stop`);
  }
}

function isAtWork(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return false;
  return readdirSync(threads).some((thread) => {
    const stat = statOf(`${threads}/${thread}`);
    // What follows the name, which may itself have brackets; of a thread that is gone nothing.
    return !'TtZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  });
}

function statOf(thread: string): string {
  try {
    return readFileSync(`${thread}/stat`, 'utf8');
  } catch {
    return '';
  }
}
