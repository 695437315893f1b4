import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fail } from '../errors.js';
import { hasCode, isNotFound } from './codes.js';

const ATTEMPTS_MAX = 20;

/**
 * A lock between processes: files `<path>.<n>` that name their holder, of which the highest number counts.
 * Whoever finds that holder dead makes the next number, which only one can do (a link never replaces a
 * file). The highest number is never removed, not even on release, so a slow process that still believes
 * in an old number sees a higher one after making its own, and steps back.
 * @throws ERR_DATA_LOCKED
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${process.pid} ${await startOf(process.pid)}\n`);
  try {
    const mine = await takeNumber(path, draft);
    return () => release(mine);
  } finally {
    await rm(draft, { force: true });
  }
}

async function takeNumber(path: string, draft: string): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const highest = await highestNumber(path);
    const holder = await holderOf(`${path}.${highest}`);
    if (await isAlive(holder)) {
      return fail('ERR_DATA_LOCKED', { path, process: holder.split(' ')[0] ?? '?' });
    }
    const mine = `${path}.${highest + 1}`;
    if (!(await linked(draft, mine))) continue;
    if ((await highestNumber(path)) === highest + 1) {
      await rm(`${path}.${highest}`, { force: true });
      return mine;
    }
    await rm(mine, { force: true });
  }
  return fail('ERR_DATA_LOCKED', { path, process: '?' });
}

/** Leaves the number, held by nobody. */
async function release(mine: string): Promise<void> {
  const empty = `${mine}.free`;
  await writeFile(empty, '');
  await rename(empty, mine);
}

async function highestNumber(path: string): Promise<number> {
  const prefix = `${basename(path)}.`;
  const numbers = (await readdir(dirname(path)))
    .filter((name) => name.startsWith(prefix) && /^\d{1,15}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  return Math.max(0, ...numbers);
}

async function holderOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isNotFound(error)) return '';
    throw error;
  }
}

async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** The holder is alive if a process of its number started when it did: numbers are used again. */
async function isAlive(holder: string): Promise<boolean> {
  const [number, started] = holder.trim().split(' ');
  const processId = Number(number);
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
  } catch (error) {
    // One that is not ours to signal exists all the same.
    if (!hasCode(error, 'EPERM')) return false;
  }
  return (await startOf(processId)) === started;
}

/** Start time in clock ticks since boot, field 22 of /proc/PID/stat; `?` where there is no /proc. */
async function startOf(processId: number): Promise<string> {
  const text = await readFile(`/proc/${processId}/stat`, 'latin1').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '?';
}
