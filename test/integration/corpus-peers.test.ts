import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RequestCase } from '../corpus/request-case.js';
import { REQUEST_THEMES } from '../corpus/requests.js';
import { HttpFront } from '../support/http-front.js';
import { latin1 } from '../support/http-transcript.js';
import { describeWith } from '../support/installed.js';
import { LenientServer, chunksIn } from '../support/lenient-server.js';
import type { LenientRequest } from '../support/lenient-server.js';
import { HAPROXY, NGINX, PeerProxy } from '../support/peer-proxy.js';
import { RawClient, answersIn } from '../support/raw-client.js';
import { RecordingServer } from '../support/recording-server.js';
import type { StrictRequest } from '../support/strict-requests.js';

/*
 * The corpus before proxies that others wrote. What we accept is accepted by one of them too, or it says here why not; and
 * what we pass on is for both of them the same requests, with the same bodies.
 */

/** What we take and neither of the others does, by name. */
const OURS_ALONE: Readonly<Record<string, string>> = {};
/** What we pass on and one of the others would not take from a client of its own. */
const NOT_TAKEN: Readonly<Record<string, string>> = {
  '99 fields (HAProxy)': 'with those that say who the client is it is beyond its limit of 101',
  'HTTP/1.0 without a host (nginx)':
    'it wants a name there, and RFC 9112 §3.2 an empty Host if there is none',
};

const ACCEPTED = Object.values(REQUEST_THEMES)
  .flat()
  .filter(({ refused }) => refused === undefined);
/** Behind what was passed on: it must be read as a request of its own. */
const SENTINEL = 'GET /vol-1/sentinel HTTP/1.1\r\nhost: a.example\r\n\r\n';

describeWith('haproxy')('before HAProxy and nginx', () => {
  let recorder: RecordingServer;
  let backend: LenientServer;
  let front: HttpFront;
  let peers: readonly (readonly [name: string, peer: PeerProxy])[] = [];

  beforeAll(async () => {
    recorder = await RecordingServer.start();
    front = await HttpFront.startBefore(recorder.address);
    backend = await LenientServer.start();
    peers = [
      ['HAProxy', await PeerProxy.start(HAPROXY, backend.address)],
      ['nginx', await PeerProxy.start(NGINX, backend.address)],
    ];
  });

  afterAll(async () => {
    await front.stop();
    for (const [, peer] of peers) await peer.dispose();
    await recorder.dispose();
    await backend.dispose();
  });

  /** The answers to so many requests of these methods, or as many as came. */
  async function statusesOf(client: RawClient, methods: readonly string[]): Promise<number[]> {
    const statuses = (): number[] => answersIn(client.text, methods).map((answer) => answer.status);
    await client.until(
      () => statuses().length >= methods.length || statuses().some((status) => status >= 400),
    );
    return statuses();
  }

  async function isAcceptedBy(peer: PeerProxy, one: RequestCase): Promise<boolean> {
    const client = new RawClient(peer.address);
    await client.send([latin1(one.bytes)]);
    const statuses = await statusesOf(client, one.passed.map(methodOf));
    client.destroy();
    return statuses.length === one.passed.length && statuses.every((status) => status === 200);
  }

  it('takes nothing that neither of them does, but for what is listed with its reason', async () => {
    const alone: string[] = [];
    for (const one of ACCEPTED) {
      const verdicts = await Promise.all(peers.map(([, peer]) => isAcceptedBy(peer, one)));
      if (!verdicts.includes(true)) alone.push(one.name);
    }
    expect(alone.sort()).toEqual(Object.keys(OURS_ALONE).sort());
  });

  /** What we pass on for it, as it came. */
  async function passedOn(one: RequestCase): Promise<readonly StrictRequest[]> {
    recorder.taken();
    const client = new RawClient(front.address);
    await client.send([latin1(one.bytes)]);
    await statusesOf(client, one.passed.map(methodOf));
    client.destroy();
    return recorder.taken().requests;
  }

  /** What a peer made of these bytes from us; undefined: it would not have them. */
  async function readBy(peer: PeerProxy, requests: readonly StrictRequest[]) {
    backend.taken();
    const client = new RawClient(peer.address);
    await client.send([latin1(requests.map(({ raw }) => raw).join('') + SENTINEL)]);
    const statuses = await statusesOf(client, [...requests.map(({ method }) => method), 'GET']);
    client.destroy();
    return statuses.some((status) => status >= 400) ? undefined : backend.taken();
  }

  it('passes on what both of them read as the same requests', async () => {
    const differing: unknown[] = [];
    const notTaken: string[] = [];
    for (const one of ACCEPTED) {
      const requests = await passedOn(one);
      expect([one.name, requests.length]).toEqual([one.name, one.passed.length]);
      const meant = [...requests.map(meaningOf), SENTINEL_SEEN].filter(
        (_, at) => at <= requests.findIndex(saysClose) || !requests.some(saysClose),
      );
      for (const [name, peer] of peers) {
        const read = await readBy(peer, requests);
        if (read === undefined) notTaken.push(`${one.name} (${name})`);
        else if (JSON.stringify(read) !== JSON.stringify(meant)) {
          differing.push({ case: one.name, peer: name, meant, read });
        }
      }
    }
    expect(differing).toEqual([]);
    expect(ACCEPTED.length).toBeGreaterThan(150);
    expect(notTaken.sort()).toEqual(Object.keys(NOT_TAKEN).sort());
  });
});

const SENTINEL_SEEN: LenientRequest = {
  method: 'GET',
  target: '/vol-1/sentinel',
  host: 'a.example',
  body: '',
};

function methodOf(text: string): string {
  return text.slice(0, text.indexOf(' '));
}

/** The last one on its connection. */
function saysClose({ raw }: StrictRequest): boolean {
  return raw.slice(0, raw.indexOf('\r\n\r\n')).includes('\r\nconnection: close');
}

function meaningOf({ method, target, raw }: StrictRequest): LenientRequest {
  const headEnd = raw.indexOf('\r\n\r\n');
  const lines = raw.slice(0, headEnd);
  const isChunked = lines.includes('\r\ntransfer-encoding: chunked');
  const body = isChunked ? (chunksIn(raw, headEnd + 4)?.text ?? '') : raw.slice(headEnd + 4);
  return { method, target, host: /^host: (.*)$/m.exec(lines)?.[1] ?? '', body };
}
