import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Preparations } from '../../../api/preparations.js';
import { Draft } from '../../../core/table-store/draft.js';
import { PIN } from '../../../core/table-store/records/server.js';
import { ControlPlane } from '../../support/control-plane.js';
import { r, s } from '../../support/names.js';

let plane: ControlPlane;
let preparations: Preparations;
let prepared: number;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1'], { a: 's1@1.5' });
  preparations = new Preparations(plane);
  prepared = 0;
  preparations.add(() => {
    prepared++;
    return Promise.resolve();
  });
});

afterEach(() => preparations.stop());

const news = () =>
  plane.write(new Draft().put(PIN, r('a'), { server: s('s1'), by: '', reason: '', sinceMs: 1 }));

describe('what is prepared ahead', () => {
  it('is so at the start and with news, and not before and not after', async () => {
    await news();
    expect(prepared).toBe(0);
    await preparations.start();
    expect(prepared).toBe(1);
    await plane.clock.advance(5000);
    expect(prepared).toBe(1);
    await news();
    expect(prepared).toBe(2);
    await preparations.stop();
    await plane.clock.advance(5000);
    await news();
    expect(prepared).toBe(2);
  });

  it('rests between two, and takes up what came meanwhile once', async () => {
    await preparations.start();
    await news();
    await news();
    expect(prepared).toBe(1);
    await plane.clock.advance(999);
    expect(prepared).toBe(1);
    await plane.clock.advance(1);
    expect(prepared).toBe(2);
    await plane.clock.advance(5000);
    expect(prepared).toBe(2);
  });

  it('takes a tenth of the time at most, however much news there is', async () => {
    preparations.add(() => plane.clock.sleep(500));
    await preparations.start();
    for (let second = 0; second < 60; second++) {
      await news();
      await plane.clock.advance(1000);
    }
    expect(prepared).toBeGreaterThan(8);
    expect(prepared).toBeLessThanOrEqual(13);
  });

  it('goes on with the others after one that could not be prepared', async () => {
    preparations = new Preparations(plane);
    preparations.add(() => Promise.reject(new Error('away')));
    preparations.add(() => {
      prepared++;
      return Promise.resolve();
    });
    await preparations.start();
    await plane.clock.advance(1000);
    expect(prepared).toBe(1);
    await news();
    await plane.clock.advance(0);
    expect(prepared).toBe(2);
  });
});
