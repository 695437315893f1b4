import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import { SimulatedNet } from '../../../../../core/net/simulated.js';
import { SeededRng } from '../../../../../core/rng.js';
import type { RetryBudgetOptions } from '../../../../../redirector/adapters/http/retry-budget.js';
import { RetryBudgets } from '../../../../../redirector/adapters/http/retry-budget.js';
import { HttpFront } from '../../../../support/http-front.js';
import { DEAF } from '../../../../support/deaf.js';
import { Peer } from '../../../../support/peer.js';

const SERVER = 3;
const OPTIONS: RetryBudgetOptions = { share: 0.2, perSecond: 0, savedMax: 10 };

let clock: SimulatedClock;

beforeEach(() => {
  clock = new SimulatedClock();
});

/** How many of so many may be sent again. */
function taken(budgets: RetryBudgets, tries: number): number {
  return Array.from({ length: tries }).filter(() => budgets.take(SERVER)).length;
}

describe('a budget of retries', () => {
  it('is full at first: what a server loses by breaking down is sent again', () => {
    expect(taken(new RetryBudgets(clock, () => OPTIONS), 50)).toBe(10);
  });

  it('is a share of the requests in the long run', () => {
    const budgets = new RetryBudgets(clock, () => OPTIONS);
    let retries = 0;
    for (let request = 0; request < 1000; request++) {
      budgets.sent(SERVER);
      if (budgets.take(SERVER)) retries += 1;
    }
    expect(retries).toBeGreaterThanOrEqual(200);
    expect(retries).toBeLessThanOrEqual(200 + 10);
  });

  it('has some for a server with few requests', async () => {
    const budgets = new RetryBudgets(clock, () => ({ ...OPTIONS, perSecond: 2 }));
    taken(budgets, 10);
    await clock.advance(2000);
    expect(taken(budgets, 50)).toBe(4);
  });

  it('keeps no more than its limit, however quiet it was', async () => {
    const budgets = new RetryBudgets(clock, () => ({ ...OPTIONS, perSecond: 2 }));
    for (let request = 0; request < 1000; request++) budgets.sent(SERVER);
    await clock.advance(3_600_000);
    expect(taken(budgets, 50)).toBe(10);
  });

  it('of one server is not spent by another, known before or not', () => {
    const budgets = new RetryBudgets(clock, () => OPTIONS);
    taken(budgets, 50);
    expect(budgets.take(SERVER + 1)).toBe(true);
    expect(budgets.take(SERVER + 1000)).toBe(true);
    expect(budgets.take(SERVER)).toBe(false);
  });
});

describe('requests to a server that loses every answer', () => {
  it('are sent again within the budget only; then the refusal says so', async () => {
    const net = new SimulatedNet(clock, new SeededRng(1));
    const server = { host: 's1', port: 80 };
    let requests = 0;
    await net.host('s1').listen(server, (connection) => {
      connection.handler = {
        ...DEAF,
        data: () => {
          requests += 1;
          connection.reset();
        },
      };
    });
    const front = await HttpFront.start({
      net: net.host('proxy'),
      clock,
      listen: { host: 'proxy', port: 80 },
      servers: { s1: server },
      table: { 'vol-1': 's1@1.1' },
      options: { retryBudget: { share: 0, perSecond: 0, savedMax: 3 } },
    });
    const answers: string[] = [];
    for (let each = 0; each < 10; each++) {
      const client = new Peer(
        net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
      );
      client.does((connection) =>
        connection.write(Buffer.from('GET /vol-1/x HTTP/1.1\r\nhost: proxy\r\n\r\n')),
      );
      await clock.advance(1000);
      answers.push(client.text);
    }
    expect(requests).toBe(10 + 3);
    expect(front.adapter.counters.retries).toBe(3);
    expect(front.adapter.counters.refused.get('answerLost')).toBe(3);
    expect(front.adapter.counters.refused.get('retriesSpent')).toBe(7);
    expect(answers.at(-1)).toMatch(/^HTTP\/1.1 502 /);
    expect(answers.at(-1)).toMatch(/\r\nforeshift-executed: unknown\r\n/i);
    expect(answers.at(-1)).toMatch(/too many of its requests were sent again already/);
  });
});
