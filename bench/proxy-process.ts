import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';

/** A proxy of ours under measurement, in a process of its own. */
export interface ProxyProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  dispose(): Promise<void>;
}

/** What such a process says first. */
export interface ProxyReady {
  readonly port: number;
}

/** @param command a program of Node's and its arguments; it says its port by IPC. @throws if it ends before */
export async function startProxyProcess([
  program = '',
  ...args
]: readonly string[]): Promise<ProxyProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { port } = (await messageOf(child)) as ProxyReady;
  return {
    child,
    pid: child.pid ?? 0,
    port,
    dispose: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
    },
  };
}

export function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => {
      reject(new Error('a proxy of the bench ended'));
    };
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

/** On a core so far, all threads together, in µs: by the scheduler's own count, in ns, where there is one. */
export async function cpuUs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const ns = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
      return Number(text.split(' ')[0]);
    }),
  );
  return ns.reduce((sum, one) => sum + one, 0) / 1000;
}

/** Memory of its own and shared that is there now, in KB. */
export async function residentKb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN);
}
