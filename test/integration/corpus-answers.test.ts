import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AnswerCase } from '../corpus/answers.js';
import { ANSWERS } from '../corpus/answers.js';
import { getOf, head } from '../corpus/request-case.js';
import { HttpFront } from '../support/http-front.js';
import { latin1 } from '../support/http-transcript.js';
import { piecesOf } from '../support/pieces.js';
import { RawClient } from '../support/raw-client.js';
import { OK, RecordingServer } from '../support/recording-server.js';

/*
 * Every answer of the corpus from a scripted server through a real listener, in one piece, in two and in many, with the next
 * request right behind the first one or after its answer: each request gets its own answer or none.
 */

const NEXT = getOf('/vol-1/next');
const SEEN_NEXT = OK.toString('latin1');
const INTERIM = /^(?:HTTP\/1\.1 10[23] [^]*?\r\n\r\n)*/;

let server: RecordingServer;
let front: HttpFront;

beforeAll(async () => {
  server = await RecordingServer.start();
  front = await HttpFront.startBefore(server.address);
});

afterAll(async () => {
  await front.stop();
  await server.dispose();
});

/** The chunks of every body in it as one. */
function joined(text: string): string {
  return text.replaceAll(
    /(transfer-encoding: chunked\r\n\r\n)((?:[1-9a-f][0-9a-f]*\r\n[^\r]*\r\n)*)/g,
    (_all, before: string, chunks: string) => {
      const body = chunks.replaceAll(/[0-9a-f]+\r\n([^\r]*)\r\n/g, '$1');
      return before + (body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`);
    },
  );
}

/** What is said on this connection from here on, up to where its own answer is whole. */
async function nextAnswer(client: RawClient): Promise<string> {
  const from = client.text.length;
  await client.send([latin1(NEXT)]);
  await client.until(() => client.text.length >= from + SEEN_NEXT.length);
  return client.text.slice(from);
}

/** What is wrong with what the client got; undefined: nothing. */
function faultOf(one: AnswerCase, text: string): string | undefined {
  if (text.includes('evil')) return 'it reads what is not its own';
  if (one.becomes === 'whole') return text === one.answer ? undefined : `it reads ${text}`;
  const isBad = text.replace(INTERIM, '').startsWith('HTTP/1.1 502 ');
  if (one.becomes === 'bad') return isBad ? undefined : `it reads ${text}`;
  return isBad || text.endsWith('0\r\n\r\n') ? `it takes it for whole: ${text}` : undefined;
}

async function check(one: AnswerCase, pieces: readonly Uint8Array[], isPipelined: boolean) {
  server.answer = ({ target }) =>
    target === '/vol-1/next' ? { pieces: [OK] } : { pieces, closes: one.closes };
  const first = head(`${one.method} /vol-1/first HTTP/1.1`, ...one.lines);
  const client = new RawClient(front.address);
  await client.send([latin1(isPipelined ? first + NEXT : first)]);
  const whole = (): string => joined(client.text);
  let next: string;
  if (one.becomes === 'whole') {
    await client.until(() => whole().length >= one.answer.length && isChunkedEnd(one, whole()));
    if (isPipelined) {
      await client.until(() => whole().length >= one.answer.length + SEEN_NEXT.length);
      next = whole().slice(one.answer.length);
    } else {
      next = await nextAnswer(client);
    }
  } else {
    await client.until(() =>
      one.becomes === 'cut' ? client.hasEnded : / 502 [^]*\n$/.test(whole()),
    );
    if (isPipelined && one.becomes === 'bad') {
      await client.until(() => whole().endsWith(SEEN_NEXT));
      next = whole().slice(-SEEN_NEXT.length);
    } else {
      const another = new RawClient(front.address);
      next = await nextAnswer(another);
      another.destroy();
    }
  }
  const own = one.becomes === 'whole' ? whole().slice(0, one.answer.length) : whole();
  client.destroy();
  const { violations } = server.taken();
  return { fault: faultOf(one, own), next, violations };
}

function isChunkedEnd({ answer }: AnswerCase, text: string): boolean {
  return !answer.includes('transfer-encoding: chunked') || text.startsWith(answer);
}

describe('an answer', () => {
  it.each(ANSWERS.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const ways = one.bytes === '' ? { whole: [] } : piecesOf(latin1(one.bytes));
    for (const [way, pieces] of Object.entries(ways)) {
      for (const isPipelined of [false, true]) {
        expect({ way, isPipelined, ...(await check(one, pieces, isPipelined)) }).toEqual({
          way,
          isPipelined,
          fault: undefined,
          next: SEEN_NEXT,
          violations: [],
        });
      }
    }
  });
});
