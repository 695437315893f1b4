import { expect, it } from '@jest/globals';
import { SERVER_STATE } from '../../../core/table-store/records/server.js';
import { ApiFront } from '../../support/api-front.js';
import { s } from '../../support/names.js';
import { runRecorded } from '../../support/recorder.js';

it('drains nothing when it is told a time that there is not', async () => {
  const front = await ApiFront.start();
  const api = `http://127.0.0.1:${front.server.address.port}`;
  const { exit } = await runRecorded('drain', 's1', '--timeout', '0', '--api', api);
  expect(exit).toBe(64);
  await front.plane.view.sync();
  expect(front.plane.view.get(SERVER_STATE, s('s1'))).toBeUndefined();
  const { exit: done } = await runRecorded('drain', 's1', '--no-wait', '--api', api);
  expect(done).toBe(0);
  expect(front.plane.view.get(SERVER_STATE, s('s1'))?.value.state).toBe('draining');
  await front.stop();
});
