import { describe, expect, it } from '@jest/globals';
import { InlineAdviser } from '../../../../forecaster/planner/adviser.js';
import { AdviserThread } from '../../../../forecaster/planner/adviser-thread.js';
import { changed } from '../../../../forecaster/planner/changed.js';
import { parseChange } from '../../../../forecaster/planner/change-text.js';
import { r } from '../../../support/names.js';
import { inputsOf } from '../../../support/planner/inputs.js';

const SERVER = { capacity: { cpu: 10 } };
const INPUTS = inputsOf({
  servers: { s1: SERVER, s2: SERVER },
  resources: { a: { on: 's1', needs: { cpu: 6 } }, b: { on: 's1', needs: { cpu: 5 } } },
});
const LIVE = new AbortController().signal;

describe('the adviser in a thread', () => {
  it('answers as the one in place does', async () => {
    const thread = new AdviserThread();
    const inline = new InlineAdviser();
    const after = changed(INPUTS, parseChange('add s3 like s1'));
    expect(await thread.whatIf(INPUTS, after, LIVE)).toEqual(await inline.whatIf(INPUTS, after));
    expect(await thread.explain(INPUTS, r('a'), LIVE)).toEqual(
      await inline.explain(INPUTS, r('a')),
    );
    expect(await thread.explain(INPUTS, r('z'), LIVE)).toBeUndefined();
  });

  it('does not answer who has gone, and then the next', async () => {
    const thread = new AdviserThread();
    const gone = new AbortController();
    const first = thread.explain(INPUTS, r('a'), gone.signal);
    const second = thread.explain(INPUTS, r('a'), LIVE);
    gone.abort(new Error('the client has gone'));
    await expect(first).rejects.toThrow('the client has gone');
    expect((await second)?.verdict).toBe('moves');
  });

  it('refuses a question beyond those that may wait', async () => {
    const thread = new AdviserThread();
    const gone = new AbortController();
    const waiting = Array.from({ length: 16 }, () => thread.explain(INPUTS, r('a'), gone.signal));
    await expect(thread.explain(INPUTS, r('a'), LIVE)).rejects.toMatchObject({
      code: 'ERR_ADVISER_BUSY',
    });
    gone.abort(new Error('the client has gone'));
    await Promise.allSettled(waiting);
    expect((await thread.explain(INPUTS, r('a'), LIVE))?.verdict).toBe('moves');
  });

  it('says what cannot be planned with', async () => {
    const broken = { ...INPUTS, servers: [...INPUTS.servers, ...INPUTS.servers] };
    await expect(new AdviserThread().whatIf(INPUTS, broken, LIVE)).rejects.toMatchObject({
      code: 'ERR_PLANNING_INVALID',
    });
  });
});
