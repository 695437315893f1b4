import { expect, it } from '@jest/globals';
import { statusSchema } from '../../../api/contract/status.js';
import { statusText } from '../../../cli/verbs/status.js';
import { styleOf } from '../../../cli/terminal.js';
import { Draft } from '../../../core/table-store/draft.js';
import { ROUND } from '../../../core/table-store/records/plan.js';
import { ApiFront } from '../../support/api-front.js';

it('status says of which metrics the forecast is not believed, and what is counted with', async () => {
  const front = await ApiFront.start();
  try {
    const round = { atMs: 0, trigger: { kind: 'schedule', detail: '' }, plan: null } as const;
    const disproved = [
      { metric: 'cpu', factor: 1.6 },
      { metric: 'memory', factor: null },
    ] as const;
    const draft = new Draft().put(ROUND, 'last', {
      ...round,
      none: null,
      disproved: [...disproved],
    });
    await front.plane.write(draft);
    const said = statusSchema.parse(JSON.parse((await front.ask('GET', '/v1/status')).text));
    expect(said.warnings).toEqual([
      "The fleet's cpu is not what was forecast: the plan counts with 1.60 times what was said.",
      "The fleet's memory is not what was forecast: the plan counts with what it is now.",
    ]);
    expect(statusText(said, styleOf(false))).toContain(`warning ${said.warnings[0] ?? ''}`);
  } finally {
    await front.stop();
  }
});
