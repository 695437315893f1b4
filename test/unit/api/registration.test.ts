import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Registration } from '../../../api/registration.js';
import { Announcer } from '../../../agent/announcer.js';
import type { Announcement } from '../../../core/agent-protocol.js';
import { agentToken } from '../../../core/agent-protocol.js';
import { SILENT_LOG } from '../../../core/log.js';
import type { Connection } from '../../../core/net/port.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { SeededRng } from '../../../core/rng.js';
import { Eligibility } from '../../../core/table-store/eligibility.js';
import { ANNOUNCED, ELIGIBLE } from '../../../core/table-store/records/server.js';
import { ControlPlane } from '../../support/control-plane.js';
import { DEAF } from '../../support/deaf.js';
import { r, s } from '../../support/names.js';

/* Where agents announce themselves anybody may come: what it costs to send somebody away, and who gets in. */

const SECRET = 'the secret of the cluster';
const TOKEN = agentToken(SECRET, s('s9'));
const MANY = Array.from({ length: 10_000 }, (_, index) => r(`vol-${index}`));

const ANNOUNCEMENT: Announcement = {
  server: s('s9'),
  boot: 'boot-1',
  address: { host: '10.0.0.9', port: 80 },
  control: { host: '10.0.0.9', port: 7800 },
  fence: 'request',
  capacity: { cpu: 8 },
  zone: null,
  metrics: null,
  resources: MANY,
  claims: [],
  leaseMs: 3000,
};

let plane: ControlPlane;
let net: SimulatedNet;
let registration: Registration;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1'], { a: 's1@1.5' });
  net = new SimulatedNet(plane.clock, new SeededRng(1));
  const { store, view, clock, log } = plane;
  registration = new Registration(
    {
      ...{ store, view, clock, log, net: net.host('api'), secret: SECRET },
      eligibility: new Eligibility(plane),
      assertAllowed: () => undefined,
    },
    { listen: { host: 'api', port: 7703 }, serversMax: 10, resourcesMax: 100_000 },
  );
  await registration.start();
});

afterEach(() => registration.stop());

/** A client that sends these pieces as long as nothing comes back; what came back, how many it had sent then, and whether that is all. */
async function exchange(
  pieces: readonly string[],
): Promise<{ answer: string; sent: number; isOver: boolean }> {
  let [answer, sent, isOver] = ['', 0, false];
  const connection: Connection = net.host('agent').connect(registration.address, {
    timeoutMs: 1000,
  });
  connection.handler = {
    ...DEAF,
    data: (bytes) => (answer += Buffer.from(bytes).toString()),
    closed: () => (isOver = true),
  };
  await plane.clock.advance(10);
  for (const piece of pieces) {
    if (/^HTTP\/1.1 [2-5]/.test(answer)) break;
    connection.write(Buffer.from(piece));
    sent += 1;
    await plane.clock.advance(10);
  }
  await plane.clock.advance(2000);
  // Who is not there any more is noticed by who sends.
  connection.write(Buffer.from(' '));
  await plane.clock.advance(10);
  const was = { answer: answer.replaceAll('\r', ''), sent, isOver };
  connection.destroy();
  await plane.clock.advance(10);
  return was;
}

function head(more: Readonly<Record<string, string>>, length: number | undefined): string {
  const fields = {
    host: 'api',
    ...(length === undefined
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(length) }),
    ...more,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /v1/announcements HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function piecesOf(text: string, bytes: number): string[] {
  return Array.from({ length: Math.ceil(text.length / bytes) }, (_, index) =>
    text.slice(index * bytes, (index + 1) * bytes),
  );
}

const body = (server = 's9'): string => JSON.stringify({ ...ANNOUNCEMENT, server });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const known = (): number => plane.view.get(ELIGIBLE, s('s9'))?.value.resources.length ?? 0;

describe('who announces a server', () => {
  it('is refused by the head alone if its token is not that of the server which it names', async () => {
    for (const token of ['guessed', agentToken(SECRET, s('s1'))]) {
      const headers = { ...bearer(token), 'foreshift-server': 's9', expect: '100-continue' };
      const { answer, sent } = await exchange([head(headers, 10 << 20), body()]);
      expect(answer).toMatch(/^HTTP\/1.1 401 /);
      expect(answer).toContain('ERR_AGENT_TOKEN');
      expect(sent).toBe(1);
    }
  });

  it('is told so once, whatever comes with what is refused, and the connection ends', async () => {
    const named = { ...bearer('guessed'), 'foreshift-server': 's9' };
    const begun = body().slice(0, 20_000);
    for (const request of [
      `${head(named, 0)}${head({}, 0)}`,
      `${head(named, undefined)}zz\r\n`,
      `${head(named, undefined)}1\r\n{\r\n0\r\n\r\n`,
      `${head(bearer('guessed'), undefined)}4e20\r\n${begun}\r\nzz\r\n`,
      `${head(bearer('guessed'), begun.length)}${begun}${head({}, 0)}`,
    ]) {
      const { answer, isOver } = await exchange([request, 'more']);
      expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
      expect(answer).toMatch(/^HTTP\/1.1 401 /);
      expect(isOver).toBe(true);
    }
  });

  it('is refused if it names no server that could be one', async () => {
    const { answer } = await exchange([
      head({ ...bearer(TOKEN), 'foreshift-server': 'a b' }, 10 << 20),
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('ERR_ANNOUNCEMENT_INVALID');
  });

  it('does not get in with the token of the server in the head under the name in the body', async () => {
    const text = body('s8');
    const headers = { ...bearer(TOKEN), 'foreshift-server': 's9' };
    const { answer } = await exchange([head(headers, text.length), text]);
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(plane.view.get(ANNOUNCED, s('s8'))).toBeUndefined();
  });

  it('gets in if it is an agent of the version before, which names its server in the body only', async () => {
    const text = body();
    const { answer } = await exchange([
      head(bearer(TOKEN), text.length),
      ...piecesOf(text, 10_000),
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(known()).toBe(MANY.length);
  });

  it('gets in if it is such an agent and does not have much to say, whatever comes first', async () => {
    const { server, ...rest } = { ...ANNOUNCEMENT, resources: ['a', 'b'] };
    const text = JSON.stringify({ ...rest, server });
    const { answer } = await exchange([head(bearer(TOKEN), text.length), text]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(known()).toBe(2);
  });

  it.each([
    ['a wrong token', body(), 401],
    ['no name where it begins', ' '.repeat(1000) + body(), 413],
    ['what is no announcement', 'x'.repeat(200_000), 413],
  ])('sends no more than a beginning with %s', async (_what, text, status) => {
    const pieces = piecesOf(text, 1000);
    const plain = await exchange([head(bearer('guessed'), text.length), ...pieces]);
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
    const chunked = await exchange([head(bearer('guessed'), undefined), ...chunks]);
    for (const { answer, sent } of [plain, chunked]) {
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(sent).toBeGreaterThan(10);
      expect(sent).toBeLessThan(20);
    }
  });

  it('gets in as the agent does it', async () => {
    const announcer = new Announcer(
      {
        ...{ net: net.host('agent'), clock: plane.clock, log: SILENT_LOG },
        announcement: () => ANNOUNCEMENT,
      },
      { apiUrls: ['http://api:7703'], token: TOKEN, leaseMs: 3000, timeoutMs: 1000 },
    );
    const stopping = new AbortController();
    void announcer.run(stopping.signal);
    await plane.clock.advance(500);
    stopping.abort(new Error('enough'));
    expect(announcer.isHeard).toBe(true);
    expect(known()).toBe(MANY.length);
  });
});
