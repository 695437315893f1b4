import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { SystemClock } from '../../core/clock/system.js';
import { SeededRng } from '../../core/rng.js';
import { fuzzRuns } from '../support/fuzz.js';
import type { Message } from '../support/hostile-clients.js';
import { SMUGGLED, messagesOf, piecesOf } from '../support/hostile-clients.js';
import { HttpFront } from '../support/http-front.js';

/*
 * Connections of every kind to a real listener, with Node's own HTTP server behind it as a second reader: it must
 * understand all that is passed on, and as it was meant.
 */

const { numRuns, seed } = fuzzRuns(10_000);
const AT_ONCE = 100;
const HANGS_MS = 15_000;

interface Answer {
  readonly status: number;
  readonly id: string;
}

const clock = new SystemClock();
/** What the server behind read whole, by id: how often, and the body. */
const ran = new Map<string, string[]>();
/** What it could not read, and what it should never have seen. */
const misread: string[] = [];
let server: Server;
let front: HttpFront;

beforeAll(async () => {
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const id = String(request.headers['x-id']);
    if (request.url?.startsWith(SMUGGLED) === true) misread.push(`${id}: ${request.url}`);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    request.on('error', () => undefined);
    request.on('end', () => {
      ran.set(id, [...(ran.get(id) ?? []), body]);
      response.writeHead(200, { 'x-id': id, 'content-length': id.length });
      response.end(id);
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The redirector cuts what turned out to be broken half way.
    const isCut = error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE';
    if (!isCut) misread.push(`${error.code ?? ''} ${error.message}`);
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  front = await HttpFront.startBefore({ host: '127.0.0.1', port });
});

afterAll(async () => {
  await front.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The whole answers in it, to requests of these methods in their order. */
function answersIn(text: string, methods: readonly string[]): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return answers;
    const head = text.slice(at, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error(`no answer: ${head.slice(0, 200)}`);
    at = end + 4;
    if (status < 200) continue;
    const isBodyless = methods[answers.length] === 'HEAD' || status === 204;
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (!isBodyless) at += length;
    if (at > text.length) return answers;
    answers.push({ status, id: /^x-id: (.*)$/im.exec(head)?.[1] ?? '' });
  }
}

/** Sends it all in pieces, and reads until the connection is closed. `hang`: it was not. */
function talk(messages: readonly Message[], rng: SeededRng): Promise<Answer[] | 'hang'> {
  const methods = messages.map(({ method }) => method);
  const valid = messages.filter(({ kind }) => kind === 'valid').length;
  const isPatient = messages.at(-1)?.kind !== 'broken';
  return new Promise((resolve) => {
    const { host, port } = front.address;
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    let text = '';
    let isSent = false;
    const cancel = clock.after(HANGS_MS, () => {
      resolve('hang');
      socket.destroy();
    });
    /** Who sends no more says so, once all that is due has come: a redirector may drop what is behind an end. */
    const endWhenDone = (): void => {
      if (isSent && isPatient && answersIn(text, methods).length >= valid) socket.end();
    };
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      endWhenDone();
    });
    socket.on('error', () => undefined);
    socket.on('end', () => {
      socket.end();
    });
    socket.on('close', () => {
      cancel();
      resolve(answersIn(text, methods));
    });
    const pieces = piecesOf(rng, messages.map((message) => message.text).join(''));
    const next = (): void => {
      const piece = pieces.shift();
      if (piece === undefined || !socket.writable) {
        isSent = true;
        endWhenDone();
        return;
      }
      socket.write(piece);
      setImmediate(next);
    };
    socket.on('connect', next);
  });
}

/** What is wrong with the answers and with what ran; undefined: nothing. */
function faultOf(messages: readonly Message[], answers: Answer[] | 'hang'): string | undefined {
  if (answers === 'hang') return 'it hangs';
  for (const [at, { kind, id, body }] of messages.entries()) {
    const runs = ran.get(id) ?? [];
    const answer = answers[at];
    if (runs.length > 1) return `${id} ran ${runs.length} times`;
    if (kind === 'valid') {
      if (answer?.status !== 200 || answer.id !== id) return `${id} got ${JSON.stringify(answer)}`;
      if (runs[0] !== body) return `${id} arrived with another body`;
    } else if (kind === 'broken') {
      if (runs.length > 0) return `${id} was passed on`;
      if (answer === undefined || answer.status < 400) return `${id} got ${JSON.stringify(answer)}`;
      if (answers.length > at + 1) return `${id} was followed by another answer`;
    } else if (kind === 'cut' && runs.length > 0) return `${id} ran, and was not whole`;
  }
  return undefined;
}

describe('a real listener', () => {
  it(`answers what is valid, refuses what is not, and passes on nothing ambiguous (${numRuns} connections)`, async () => {
    const faults: string[] = [];
    let begun = 0;
    let requests = 0;
    const clients = Array.from({ length: AT_ONCE }, async () => {
      while (begun < numRuns && faults.length < 5) {
        const connection = ++begun;
        const rng = new SeededRng(seed * 1_000_003 + connection);
        const messages = messagesOf(rng, connection);
        requests += messages.length;
        const fault = faultOf(messages, await talk(messages, rng));
        if (fault === undefined) continue;
        const sent = messages.map(
          ({ kind, text }) => `${kind} ${JSON.stringify(text.slice(0, 400))}`,
        );
        faults.push(`${fault}:\n${sent.join('\n')}`);
      }
    });
    await Promise.all(clients);
    expect(faults).toEqual([]);
    expect(misread).toEqual([]);
    expect(requests).toBeGreaterThan(2 * numRuns);
    const { counters } = front.adapter;
    for (let waits = 0; counters.connections > 0 && waits < 500; waits++) await clock.sleep(10);
    expect(counters.connections).toBe(0);
    expect(Math.min(...[...counters.faults.values()])).toBeGreaterThan(0);
  }, 240_000);
});
