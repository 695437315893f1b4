import { afterEach, describe, expect, it } from '@jest/globals';
import type { SwitchBatch } from '../../../../redirector/data-plane.js';
import { HELD, LEASE_OVER } from '../../../../redirector/gate.js';
import { g, r, s, tableOf } from '../../../support/names.js';
import type { PairedWorker } from '../../../support/worker-pairs.js';
import { WorkerPairs } from '../../../support/worker-pairs.js';

const BATCH: SwitchBatch = {
  generation: g('1.2'),
  moves: [{ resource: r('vol-1'), source: s('s1'), target: s('s2') }],
  lost: [],
};

describe('the workers of a redirector', () => {
  let pairs: WorkerPairs;

  afterEach(() => {
    pairs.stop();
  });

  async function started(threads: number): Promise<WorkerPairs> {
    pairs = new WorkerPairs(threads);
    pairs.workers.apply(tableOf({ 'vol-1': 's1@1.1', 'vol-2': 's2@1.1', 'strict-1': 's1@1.1' }));
    pairs.workers.setLease(1_000_000);
    await pairs.start();
    return pairs;
  }

  /** What a gate says to work for that resource, which then is under way. */
  function enters(worker: PairedWorker, resource: string): number {
    const { gate } = worker.plane.traffic;
    return gate.enter(gate.indexOf(r(resource)));
  }

  it('are one less than the threads, and hear all before they listen', async () => {
    const { began, workers } = await started(3);
    expect(began).toHaveLength(2);
    expect(workers.pool.serving).toBe(2);
    for (const worker of began) {
      expect(worker.heard.slice(0, 5)).toEqual([
        ...['records', 'unreachable', 'table', 'lease', 'listen'],
      ]);
      expect(enters(worker, 'vol-1')).toBe(worker.plane.traffic.gate.serverIndexOf(s('s1')));
    }
  });

  it('serve nothing that needs the lease before they are told of one, nor after it', async () => {
    pairs = new WorkerPairs(2);
    pairs.workers.apply(tableOf({ 'strict-1': 's1@1.1', 'vol-1': 's1@1.1' }));
    await pairs.start();
    const worker = pairs.live[0]!;
    expect(enters(worker, 'strict-1')).toBe(LEASE_OVER);
    expect(enters(worker, 'vol-1')).toBeGreaterThanOrEqual(0);
    pairs.workers.setLease(pairs.clock.monotonicMs() + 100);
    await pairs.clock.advance(10);
    expect(enters(worker, 'strict-1')).toBeGreaterThanOrEqual(0);
    // It judges by its own clock: nobody has to tell it that the time is over, and a frozen main thread could not.
    await pairs.clock.advance(100);
    expect(enters(worker, 'strict-1')).toBe(LEASE_OVER);
  });

  it('hold, drain and resume as one', async () => {
    const { workers, clock, live } = await started(3);
    enters(live[1]!, 'vol-1');
    const steps: string[] = [];
    void workers.hold(BATCH).then(() => steps.push('held'));
    expect(enters(live[0]!, 'vol-1')).toBeGreaterThanOrEqual(0);
    await clock.advance(5);
    expect(steps).toEqual(['held']);
    expect(live.map((worker) => enters(worker, 'vol-1'))).toEqual([HELD, HELD]);
    expect(enters(live[0]!, 'vol-2')).toBeGreaterThanOrEqual(0);

    const { signal } = new AbortController();
    void workers.drain(BATCH, signal).then((left) => steps.push(`drained ${left.length}`));
    await clock.advance(5);
    expect(steps).toHaveLength(1);
    for (const worker of live) {
      const { gate } = worker.plane.traffic;
      gate.leave(gate.indexOf(r('vol-1')), 10, 1);
    }
    await clock.advance(5);
    expect(steps).toEqual(['held', 'drained 0']);

    const waited: number[] = [];
    const { gate } = live[0]!.plane.traffic;
    gate.park(gate.indexOf(r('vol-1')), 1, (entrance) => waited.push(Number(entrance)));
    workers.apply(
      tableOf({ 'vol-1': 's2@1.2', 'vol-2': 's2@1.1', 'strict-1': 's1@1.1' }, '1.2000'),
    );
    const resumed = workers.resume(BATCH, true);
    await clock.advance(5);
    expect(waited).toEqual([gate.serverIndexOf(s('s2'))]);
    expect(await resumed).toMatchObject({ heldRequests: 1, failedRequests: 0 });
    expect(enters(live[1]!, 'vol-1')).toBe(live[1]!.plane.traffic.gate.serverIndexOf(s('s2')));
  });

  it('do not count as held while one says nothing; it is ended then, and surely gone before they do', async () => {
    const { workers, clock, began } = await started(3);
    began[1]!.isFrozen = true;
    let isHeld = false;
    void workers.hold(BATCH).then(() => (isHeld = true));
    await clock.advance(4000);
    expect(isHeld).toBe(false);
    expect(began[1]!.isOver).toBe(false);
    await clock.advance(2000);
    expect(began[1]!.isOver).toBe(true);
    expect(isHeld).toBe(true);
    expect(workers.pool.deaths).toBe(1);
  });

  it('count one that died as drained, and its follower joins held', async () => {
    const { workers, clock, began } = await started(2);
    enters(began[0]!, 'vol-1');
    void workers.hold(BATCH);
    await clock.advance(5);
    let isDrained = false;
    void workers.drain(BATCH, new AbortController().signal).then(() => (isDrained = true));
    await clock.advance(5);
    expect(isDrained).toBe(false);
    began[0]!.die();
    await clock.advance(2);
    expect(isDrained).toBe(true);
    await clock.advance(500);
    expect(began).toHaveLength(2);
    const follower = began[1]!;
    expect(follower.heard.indexOf('hold')).toBeGreaterThan(0);
    expect(follower.heard.indexOf('hold')).toBeLessThan(follower.heard.indexOf('listen'));
    expect(enters(follower, 'vol-1')).toBe(HELD);
    const resumed = workers.resume(BATCH, false);
    await clock.advance(5);
    await resumed;
    expect(enters(follower, 'vol-1')).toBeGreaterThanOrEqual(0);
  });

  it('tell what they counted, after their end too, and what was lost with them', async () => {
    const { workers, clock, began, traffic } = await started(2);
    const { gate } = began[0]!.plane.traffic;
    const at = gate.indexOf(r('vol-2'));
    gate.enter(at);
    gate.leave(at, 100, 7);
    gate.enter(at);
    traffic.gate.enter(traffic.gate.indexOf(r('vol-2')));
    traffic.gate.leave(traffic.gate.indexOf(r('vol-2')), 11, 1);
    const counted = () => workers.counters().find(({ resource }) => resource === 'vol-2');
    expect(counted()).toMatchObject({ hits: 2, bytes: 111, serviceMs: 8, inFlight: 1 });
    began[0]!.die();
    await clock.advance(5);
    expect(counted()).toMatchObject({ hits: 2, bytes: 111, serviceMs: 8, inFlight: 0 });
    expect(workers.pool).toMatchObject({ deaths: 1, lostWork: 1 });
    // The one that follows counts from 0, beside what is known.
    await clock.advance(1000);
    const follower = began[1]!.plane.traffic.gate;
    follower.enter(follower.indexOf(r('vol-2')));
    follower.leave(follower.indexOf(r('vol-2')), 1, 1);
    expect(counted()).toMatchObject({ hits: 3, bytes: 112 });
  });

  it('count resources that they learned of in another order as the same', async () => {
    const { workers, clock, live, traffic } = await started(2);
    traffic.gate.name(r('only-here'));
    const { gate } = live[0]!.plane.traffic;
    workers.apply(tableOf({ 'vol-9': 's1@1.2', 'vol-1': 's1@1.1' }, '1.2000'));
    await clock.advance(5);
    const at = gate.indexOf(r('vol-9'));
    expect(at).not.toBe(traffic.gate.indexOf(r('vol-9')));
    gate.enter(at);
    gate.leave(at, 5, 1);
    const page = workers.counters(traffic.gate.indexOf(r('vol-9')), traffic.gate.size);
    expect(page).toMatchObject([{ resource: 'vol-9', hits: 1, bytes: 5 }]);
  });

  it('begin again later and later while they end soon', async () => {
    pairs = new WorkerPairs(2);
    pairs.onBegin = (worker) => {
      worker.die('cannot begin');
    };
    await pairs.start();
    await pairs.clock.advance(60_000);
    const early = pairs.began.length;
    expect(early).toBeGreaterThan(5);
    await pairs.clock.advance(60_000);
    expect(pairs.began.length - early).toBeLessThanOrEqual(7);
    pairs.onBegin = () => undefined;
    await pairs.clock.advance(15_000);
    expect(pairs.workers.pool.serving).toBe(1);
  });

  it('are not taken for dead by a main thread that was away itself', async () => {
    const { workers, clock, began } = await started(2);
    began[0]!.isFrozen = true;
    // As after a long pause of the whole process: nobody was heard, since nobody listened.
    clock.stall(8000);
    began[0]!.isFrozen = false;
    await clock.advance(1000);
    expect(began[0]!.isOver).toBe(false);
    expect(workers.pool.deaths).toBe(0);
  });

  it('take up other settings; one that cannot is replaced, and none begins meanwhile', async () => {
    const { workers, clock, began } = await started(3);
    began[0]!.failsToReconfigure = true;
    let isChanged = false;
    const changed = workers.reconfigure(async () => {
      pairs.settings = { name: 'second' };
      began[1]!.die();
      await clock.sleep(5000);
      expect(began).toHaveLength(2);
    });
    void changed.then(() => (isChanged = true));
    await clock.advance(6000);
    expect(isChanged).toBe(true);
    await clock.advance(2000);
    expect(workers.pool.serving).toBe(2);
    expect(pairs.live.map(({ settings }) => settings.at(-1)?.name)).toEqual(['second', 'second']);
  });

  it('are told of a server that answers again only if one of them missed it', async () => {
    const { workers, clock, live } = await started(2);
    workers.reachable(s('s1'));
    await clock.advance(5);
    expect(live[0]!.heard).not.toContain('reachable');
    const { servers, gate } = live[0]!.plane.traffic;
    gate.stall(gate.indexOf(r('vol-1')));
    servers.suspect(s('s1'));
    await clock.advance(20);
    expect(pairs.suspected).toEqual(['s1']);
    workers.reachable(s('s1'));
    await clock.advance(5);
    expect(enters(live[0]!, 'vol-1')).toBeGreaterThanOrEqual(0);
  });

  it('learn from one another what an agent says of an owner', async () => {
    const { clock, live, traffic } = await started(3);
    live[0]!.plane.traffic.servers.misdirected(r('vol-1'), 's3;127.0.0.1:9;1.9');
    await clock.advance(20);
    expect(traffic.gate.sinceText(traffic.gate.indexOf(r('vol-1')))).toBe('1.9');
  });

  it('are ended while they begin, so that listeners may close', async () => {
    const { workers, clock, began } = await started(3);
    began[0]!.die();
    await clock.advance(101);
    expect(began).toHaveLength(3);
    expect(workers.pool.serving).toBe(1);
    const closed = workers.pool.close();
    await clock.advance(5);
    await closed;
    expect(began[2]!.isOver).toBe(true);
    expect(pairs.live).toEqual([began[1]]);
    await clock.advance(20_000);
    expect(began).toHaveLength(3);
  });

  it('stop when their work is done', async () => {
    const { workers, clock, began } = await started(3);
    let isStopped = false;
    await workers.pool.close();
    void workers.pool.stop(1000).then(() => (isStopped = true));
    began[1]!.isFrozen = true;
    await clock.advance(1000);
    expect(began[0]!.isOver).toBe(true);
    expect(isStopped).toBe(false);
    await clock.advance(5000);
    expect(isStopped).toBe(true);
    expect(began).toHaveLength(2);
    expect(workers.pool.deaths).toBe(0);
  });
});
