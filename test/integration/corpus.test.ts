import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { FAULTS } from '../../core/net/http/fault.js';
import { REFUSALS } from '../../redirector/adapters/http/refusals.js';
import { REQUEST_THEMES } from '../corpus/requests.js';
import type { RequestCase } from '../corpus/request-case.js';
import { get, getOf, seen } from '../corpus/request-case.js';
import type { Address } from '../../core/domain.js';
import { HttpFront } from '../support/http-front.js';
import { ThreadedFront } from '../support/threaded-front.js';
import { latin1 } from '../support/http-transcript.js';
import { piecesOf } from '../support/pieces.js';
import { RawClient, answersIn } from '../support/raw-client.js';
import { RecordingServer } from '../support/recording-server.js';

/*
 * Every raw request of the corpus to a real listener, in one piece, in two and in many. A server behind it reads as strictly
 * as can be: what it gets must be what the case says, to the letter, and never a byte more.
 */

/** Follows what is refused, and must never be taken for a request. */
const SMUGGLED = getOf('/vol-1/smuggled');
/** Follows what is passed on: the connection is where it seems to be. */
const AFTER = getOf('/vol-1/after');
const SEEN_AFTER = seen('GET /vol-1/after');

const clock = new SystemClock();
let server: RecordingServer;
let front: HttpFront | ThreadedFront;

/** What a case came to, in words that can be compared. */
interface Outcome {
  readonly passed: readonly string[];
  readonly violations: readonly string[];
  /** Statuses, and the words of a refusal. */
  readonly answers: readonly string[];
  readonly closed: boolean;
}

function expectedOf(one: RequestCase): Outcome {
  const fault = one.refused;
  const refusal =
    fault === undefined
      ? []
      : fault === 'noResource'
        ? [`404 ${REFUSALS.noResource.detail}`]
        : [`${FAULTS[fault].status} ${FAULTS[fault].text}`];
  const stays = (fault === undefined || fault === 'noResource') && one.closes !== true;
  return {
    passed: [...one.passed, ...(stays ? [SEEN_AFTER] : [])],
    violations: [],
    answers: [...one.passed.map(() => '200'), ...refusal, ...(stays ? ['200'] : [])],
    closed: !stays,
  };
}

async function outcomeOf(one: RequestCase, pieces: readonly Uint8Array[]): Promise<Outcome> {
  const expected = expectedOf(one);
  const client = new RawClient(front.address);
  await client.send(pieces);
  if (one.ends === true) client.end();
  const methods = one.passed.map((text) => text.slice(0, text.indexOf(' ')));
  const answers = (): string[] =>
    answersIn(client.text, methods).map(({ status, body }) =>
      status === 200 ? '200' : `${status} ${body.trimEnd()}`,
    );
  const due = expected.closed ? expected.answers.length : expected.answers.length - 1;
  await client.until(() => answers().length >= due);
  if (expected.closed) {
    await client.until(() => client.hasEnded);
  } else {
    await client.send([latin1(AFTER)]);
    await client.until(() => answers().length >= expected.answers.length);
  }
  const closed = client.hasEnded;
  client.destroy();
  for (let waits = 0; server.isUnderWay && waits < 500; waits++) await clock.sleep(2);
  const { requests, violations } = server.taken();
  return {
    passed: requests.map(({ text }) => text),
    violations: server.isUnderWay ? [...violations, 'half a request stays'] : violations,
    answers: answers(),
    closed,
  };
}

/** What is refused at one byte must not be read beyond it. */
function bytesOf({ bytes, refused, closes, ends }: RequestCase): Uint8Array {
  const isOver =
    ends !== true && (closes === true || (refused !== undefined && refused !== 'noResource'));
  return latin1(isOver ? bytes + SMUGGLED : bytes);
}

describe.each([
  ['in the main thread', (at: Address) => HttpFront.startBefore(at)],
  ['in a worker thread', (at: Address) => ThreadedFront.startBefore(at)],
] as const)('%s', (_where, startBefore) => {
  beforeAll(async () => {
    server = await RecordingServer.start();
    front = await startBefore(server.address);
  });

  afterAll(async () => {
    await front.stop();
    await server.dispose();
  });

  describe.each(Object.entries(REQUEST_THEMES))('%s', (_theme, cases) => {
    it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      const expected = expectedOf(one);
      for (const [way, pieces] of Object.entries(piecesOf(bytesOf(one)))) {
        expect({ way, ...(await outcomeOf(one, pieces)) }).toEqual({ way, ...expected });
      }
    });
  });

  it('still serves after all of it, on no connection but this one', async () => {
    const client = new RawClient(front.address);
    await client.send([latin1(get())]);
    expect(await client.until(() => client.text.endsWith('ok'))).toBe(true);
    client.destroy();
    for (let waits = 0; (await front.connections()) > 0 && waits < 500; waits++) {
      await clock.sleep(10);
    }
    expect(await front.connections()).toBe(0);
  });
});

it('has more than 320 raw cases, each of its own', () => {
  const cases = Object.values(REQUEST_THEMES).flat();
  expect(new Set(cases.map(({ bytes }) => bytes)).size).toBe(cases.length);
  expect(cases.length).toBeGreaterThan(320);
  expect(cases.filter(({ refused }) => refused === undefined).length).toBeGreaterThan(80);
});
