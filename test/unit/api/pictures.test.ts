import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { HeatMap } from '../../../api/contract/heat-map.js';
import { ApiFront } from '../../support/api-front.js';
import { sample, serverSeries } from '../../support/series.js';

let front: ApiFront;

beforeEach(async () => {
  front = await ApiFront.start();
});

afterEach(() => front.stop());

const heatMap = async (query = ''): Promise<HeatMap> =>
  JSON.parse((await front.ask('GET', `/v1/heat-map${query}`)).text) as HeatMap;

describe('GET /v1/heat-map', () => {
  it('is read once for all who look at the same within three seconds', async () => {
    const { clock } = front.plane;
    await clock.advance(3000 - (clock.realtimeMs() % 3000));
    const reads = jest.spyOn(front.metricStore, 'readPanel');
    const first = await heatMap();
    await clock.advance(2999);
    expect(await Promise.all([heatMap(), heatMap()])).toEqual([first, first]);
    expect(reads).toHaveBeenCalledTimes(1);
    await heatMap('?metric=cpu');
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it('shows what came since to who looks later, and a move to whoever looks', async () => {
    const { clock } = front.plane;
    await heatMap('?metric=cpu');
    const timeMs = Math.floor(clock.realtimeMs() / 300_000) * 300_000 - 300_000;
    await front.metricStore.writeSamples([sample(serverSeries('s1'), timeMs, 1)]);
    await clock.advance(3000);
    const [s1] = (await heatMap('?metric=cpu')).servers;
    expect(s1?.past.at(-1)).toBe(250);
    const reads = jest.spyOn(front.metricStore, 'readPanel');
    await front.plane.applied([front.plane.move('a', 's2')], clock.realtimeMs());
    await heatMap('?metric=cpu');
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('is read anew after the store was away', async () => {
    jest.spyOn(front.metricStore, 'readPanel').mockRejectedValueOnce(new Error('away'));
    expect((await front.ask('GET', '/v1/heat-map')).status).toBe(500);
    expect((await front.ask('GET', '/v1/heat-map')).status).toBe(200);
  });
});
