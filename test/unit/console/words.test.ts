import { describe, expect, it } from '@jest/globals';
import * as cli from '../../../cli/words.js';
import { bytesWords } from '../../../core/text.js';
import {
  amount,
  bytes,
  counted,
  duration,
  percent,
  quantity,
  since,
} from '../../../console/frame/words.js';

describe('numbers and times of the console', () => {
  it('read as those of the command line', () => {
    for (const value of [0, 0.123_456, 7, 99.5, 100, 1204.4, 5e6]) {
      expect(quantity(value)).toBe(cli.quantity(value));
      expect(bytes(value)).toBe(bytesWords(value));
    }
    for (const ms of [0, 38, 2100, 59_999, 60_000, 840_000, 7_200_000, 1e9]) {
      expect(duration(ms)).toBe(cli.duration(ms));
    }
    expect(percent(0.714)).toBe(cli.percent(0.714));
  });

  it('have the unit of what they measure', () => {
    expect(amount(1.25, 'cpu')).toBe('1.25 cores');
    expect(amount(3 * 1024 ** 3, 'memory')).toBe('3 GiB');
    expect(amount(1536, 'network')).toBe('1.5 KiB/s');
    expect(amount(210, 'hits')).toBe('210/s');
    expect(amount(0.94, 'utilization')).toBe('94 %');
    expect(amount(null, 'cpu')).toBe('–');
  });

  it('count and tell how long ago', () => {
    expect([counted(1, 'move'), counted(3, 'move')]).toEqual(['1 move', '3 moves']);
    expect(since(1000, 181_000)).toBe('3 min ago');
    expect(since(181_000, 1000)).toBe('in 3 min');
    expect(since(1000, 1500)).toBe('just now');
  });
});
