import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  AUTH_NONE,
  RPCSEC_GSS,
  acceptedReply,
  callHead,
  identityOf,
  readCallHead,
  resultsOf,
  sysCredentials,
} from '../../../../core/onc-rpc/message.js';
import { XdrWriter } from '../../../../core/onc-rpc/xdr.js';
import { fuzzRuns } from '../../../support/fuzz.js';

const NOBODY = new XdrWriter().number(AUTH_NONE).number(0).done();

function call(credentials: Uint8Array = NOBODY): Uint8Array {
  const of = { xid: 7, program: 100_003, version: 3, procedure: 1, credentials };
  return callHead(of).number(42).done();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('the head of a call', () => {
  it('is read back as it was written', () => {
    const who = { uid: 1000, gid: 100, gids: [4, 24, 100] };
    const message = call(sysCredentials(who, 'client-1'));
    const head = readCallHead(message);
    expect(head).toMatchObject({ xid: 7, program: 100_003, version: 3, procedure: 1 });
    if (typeof head === 'string' || 'answer' in head) throw new Error('not understood');
    expect(head.argumentsAt).toBe(message.length - 4);
    expect(identityOf(message, head)).toEqual(who);
  });

  it('of RPCSEC_GSS is answered with a rejection of the credentials', () => {
    const gss = new XdrWriter().number(RPCSEC_GSS).opaque(new Uint8Array(20)).done();
    const head = readCallHead(call(gss));
    if (typeof head === 'string' || !('answer' in head)) throw new Error('taken');
    // xid, REPLY, MSG_DENIED, AUTH_ERROR, AUTH_REJECTEDCRED
    expect(hex(head.answer)).toBe('00000007' + '00000001' + '00000001' + '00000001' + '00000002');
  });

  it('of another version of RPC is answered with the one that is spoken', () => {
    const message = Uint8Array.from(call());
    message[11] = 3;
    const head = readCallHead(message);
    if (typeof head === 'string' || !('answer' in head)) throw new Error('taken');
    expect(hex(head.answer)).toBe(
      '00000007' + '00000001' + '00000001' + '00000000' + '0000000200000002',
    );
  });

  it('is garbage where its lengths lie, or it is a reply', () => {
    const long = Uint8Array.from(call());
    long.set([0xff, 0xff, 0xff, 0xff], 28);
    expect(readCallHead(long)).toBe('garbage');
    const longVerifier = Uint8Array.from(call());
    longVerifier.set([0, 0, 1, 0], 36);
    expect(readCallHead(longVerifier)).toBe('garbage');
    expect(readCallHead(acceptedReply(7).done())).toBe('garbage');
    for (let length = 0; length < call().length - 4; length++) {
      expect(readCallHead(call().subarray(0, length))).toBe('garbage');
    }
  });

  it('of any bytes at all points at nothing beyond them', () => {
    const template = call(sysCredentials({ uid: 1, gid: 2, gids: [3] }, 'm'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(template.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(template.length),
        (changes, length) => {
          const bytes = Uint8Array.from(template);
          for (const [at, value] of changes) bytes[at] = value;
          const message = bytes.subarray(0, length);
          const head = readCallHead(message);
          if (typeof head === 'string' || 'answer' in head) return;
          expect(head.argumentsAt).toBeLessThanOrEqual(message.length);
          expect(head.credentialsBytes).toBeLessThanOrEqual(400);
          const who = identityOf(message, head);
          expect(who?.gids.length ?? 0).toBeLessThanOrEqual(16);
        },
      ),
      fuzzRuns(100_000),
    );
  });
});

describe('the head of a reply', () => {
  it('says where results begin, or that there are none', () => {
    expect(resultsOf(acceptedReply(1).number(0).done())).toBe(24);
    expect(resultsOf(acceptedReply(1, 3).done())).toBeUndefined();
    expect(
      resultsOf(Buffer.from('0000000100000001' + '0000000100000001' + '00000005', 'hex')),
    ).toBeUndefined();
    expect(resultsOf(call())).toBe('garbage');
  });

  it('of any bytes at all points at nothing beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, isReply) => {
        if (isReply && bytes.length > 12) bytes.set([0, 0, 0, 1, 0, 0, 0, 0], 4);
        const at = resultsOf(bytes);
        if (typeof at === 'number') expect(at).toBeLessThanOrEqual(bytes.length);
      }),
      fuzzRuns(100_000),
    );
  });
});
