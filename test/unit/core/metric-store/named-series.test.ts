import { describe, expect, it } from '@jest/globals';
import { namedSeries } from '../../../../core/metric-store/named-series.js';
import { resourceSeries, serverSeries } from '../../../support/series.js';

const LIST = [serverSeries('a'), resourceSeries('v'), serverSeries('a')];

describe('named series', () => {
  it('have one row for one name, however often it is in the list', () => {
    const { names, rows } = namedSeries(LIST);

    expect(names).toEqual(['server/a/cpu', 'resource/v/hits', 'server/a/cpu']);
    expect(rows.rowOf).toEqual([0, 1, 0]);
    expect([...rows.rowByName]).toEqual([
      ['server/a/cpu', 0],
      ['resource/v/hits', 1],
    ]);
  });

  it('are made once for a list, and anew for another one', () => {
    expect(namedSeries(LIST)).toBe(namedSeries(LIST));
    expect(namedSeries(LIST)).not.toBe(namedSeries([...LIST]));
  });
});
