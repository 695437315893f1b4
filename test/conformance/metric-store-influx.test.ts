import { afterAll, beforeAll } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { InfluxServer } from '../support/influx-server.js';
import { KEPT_FOR, influxStore } from '../support/influx-store.js';
import { describeWith } from '../support/installed.js';
import { describeMetricStore } from './metric-store.js';

const DAY = 86_400_000;

describeWith(InfluxServer.program)('on a real influxd', () => {
  let server: InfluxServer;
  let databases = 0;

  beforeAll(async () => {
    server = await InfluxServer.start();
  });

  afterAll(async () => {
    await server.dispose();
  });

  describeMetricStore('InfluxMetricStore', () => {
    const database = `conformance-${databases++}`;
    const clock = new SystemClock();
    const open = () => influxStore({ url: server.url, database }, clock);
    return Promise.resolve({
      ...KEPT_FOR,
      clock,
      // InfluxDB judges what is too old by its own clock.
      nowMs: Math.floor(Date.now() / DAY) * DAY,
      store: open(),
      reopen: () => Promise.resolve(open()),
      dispose: async () => {
        await server.ask(`DROP DATABASE "${database}"`);
      },
    });
  });
});
