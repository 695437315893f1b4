import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../../api/contract/status.js';
import { statusSchema } from '../../../api/contract/status.js';
import { statusText } from '../../../cli/verbs/status.js';
import { styleOf } from '../../../cli/terminal.js';
import { Draft } from '../../../core/table-store/draft.js';
import { MODE, ROUND } from '../../../core/table-store/records/plan.js';
import { ApiFront } from '../../support/api-front.js';

const SENTENCE =
  'fell back from auto to propose, since the forecasts are not to be trusted: a test';
const SCORE = {
  ...{ windowMs: 86_400_000, called: 9, leadMs: 840_000, missed: 2, false: 2, answered: 3 },
  ...{ compared: 2000, coverage: 0.83 },
};

let front: ApiFront;

beforeEach(async () => {
  front = await ApiFront.start();
  const round = { atMs: 0, trigger: { kind: 'schedule', detail: '' }, plan: null } as const;
  const fellBack = {
    mode: 'propose',
    by: 'foreshift',
    sinceMs: 60_000,
    fellBack: SENTENCE,
  } as const;
  await front.plane.write(
    new Draft()
      .put(MODE, 'current', fellBack)
      .put(ROUND, 'last', { ...round, none: null, score: SCORE }),
  );
});

afterEach(() => front.stop());

async function status(): Promise<Status> {
  return statusSchema.parse(JSON.parse((await front.ask('GET', '/v1/status')).text));
}

describe('a mode that fell back', () => {
  it('has its sentence in the API and in the terminal, beside the score', async () => {
    const said = await status();
    expect(said).toMatchObject({ mode: 'propose', fellBack: { sinceMs: 60_000, text: SENTENCE } });
    expect(said.warnings).toContain(SENTENCE);
    const text = statusText(said, styleOf(false));
    expect(text).toContain(`warning ${SENTENCE}`);
    expect(text).toContain(
      'score: overloads within 24 h: 9 of 11 called, 14 min ahead (median); 2 false alarms, 3 answered by moves; coverage 83 %',
    );
  });

  it.each(['auto', 'propose'])('is over when an operator sets %s', async (mode) => {
    expect((await front.post('/v1/mode', { mode, by: 'ann' })).status).toBe(200);
    const said = await status();
    expect(said).toMatchObject({ mode, fellBack: null, warnings: [] });
  });
});
