import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AskedThread } from '../../../../core/threads/asked-thread.js';

let thread: AskedThread<string>;

beforeEach(() => {
  thread = new AskedThread({
    script: new URL('../../../support/answering-worker.js', import.meta.url),
    lost: (why) => new Error(`lost: ${why}`),
  });
});

afterEach(() => thread.end());

describe('a thread that is asked', () => {
  it('answers one question after the other, and keeps what it knows', async () => {
    const answers = [thread.ask('a'), thread.ask('b'), thread.ask('count')];
    expect(await Promise.all(answers)).toEqual(['a', 'b', 3]);
    const { life } = thread;
    expect(await thread.ask('count')).toBe(4);
    expect(thread.life).toBe(life);
  });

  it('tells a failure with its code and facts, and goes on', async () => {
    await expect(thread.ask('refuse')).rejects.toMatchObject({
      code: 'ERR_SERVER_UNKNOWN',
      facts: { server: 's9' },
    });
    await expect(thread.ask('throw')).rejects.toThrow('lost: a defect');
    expect(await thread.ask('count')).toBe(3);
  });

  it('that dies loses what it was asked, and the next question begins another', async () => {
    expect(thread.life).toBeUndefined();
    await thread.ask('a');
    const former = thread.life;
    const lost = await Promise.allSettled([thread.ask('exit'), thread.ask('a')]);
    expect(lost).toMatchObject([
      { status: 'rejected', reason: { message: 'lost: its thread ended' } },
      { status: 'rejected', reason: { message: 'lost: its thread ended' } },
    ]);
    expect(await thread.ask('count')).toBe(1);
    expect(thread.life).not.toBe(former);
  });

  it('is ended in the midst of an answer, and what is asked then is not lost with it', async () => {
    const never = expect(thread.ask('wait')).rejects.toThrow('lost: its thread was ended');
    const ended = thread.end();
    const next = thread.ask('count');
    await Promise.all([never, ended]);
    expect(await next).toBe(1);
  });
});
