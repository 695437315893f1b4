import { describe, expect, it } from '@jest/globals';
import type { Queued } from '../../../../core/bus/bullmq-jobs.js';
import { dueAtMs, jobOf, viewOf } from '../../../../core/bus/bullmq-jobs.js';

function queued(fields: object): Queued {
  const job = { id: '17-1-ab', data: { id: 'x', data: 1 }, opts: {}, timestamp: 17 };
  return { ...job, attemptsMade: 0, progress: 0, ...fields } as unknown as Queued;
}

describe('a job that BullMQ holds', () => {
  it('has the id that it was given, else its own', () => {
    expect(jobOf(queued({}))).toEqual({ id: 'x', data: 1 });
    expect(jobOf(queued({ data: { id: null, data: { a: 1 } } }))).toEqual({
      id: '17-1-ab',
      data: { a: 1 },
    });
  });

  it.each([[{}], [null], ['text'], [{ id: 1, data: 2 }], [{ id: 'x' }]])(
    'with data of another form (%j) is handed out without them',
    (data) => {
      expect(jobOf(queued({ data }))).toEqual({ id: '17-1-ab', data: null });
    },
  );

  it('was queued when its schedule had it due, else when it was made', () => {
    expect(dueAtMs(queued({}))).toBe(17);
    expect(dueAtMs(queued({ repeatJobKey: 'beat', opts: { prevMillis: 99 } }))).toBe(99);
    expect(dueAtMs(queued({ repeatJobKey: 'beat' }))).toBe(17);
  });

  it('shows progress of our form only, and only while it runs', () => {
    const progress = { phase: 'fit', done: 1, total: 2, message: 'half' };
    const job = queued({ progress });
    expect(viewOf(job, 'train', 'running').progress).toEqual(progress);
    expect(viewOf(job, 'train', 'waiting').progress).toBeNull();
    for (const other of [0, 'half', { phase: 'fit' }, [], null]) {
      expect(viewOf(queued({ progress: other }), 'train', 'running').progress).toBeNull();
    }
  });

  it('counts the attempt under way, and shows why the last one failed until it is done', () => {
    const job = queued({ attemptsMade: 1, failedReason: 'no\n\u001b[31m', finishedOn: 42 });
    expect(viewOf(job, 'train', 'running').attempt).toBe(2);
    expect(viewOf(job, 'train', 'failed')).toMatchObject({
      attempt: 1,
      finishedAtMs: 42,
      failure: 'no??[31m',
    });
    expect(viewOf(job, 'train', 'done').failure).toBeNull();
    expect(viewOf(job, 'train', 'waiting').finishedAtMs).toBeNull();
  });
});
