import { describe, expect, it } from '@jest/globals';
import { chapResponse, isChapRight } from '../../../../core/iscsi/chap.js';

const OWN = { user: 'alice', secret: 'a secret of sixteen' };
const ASKED = { id: 7, challenge: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex') };

describe('CHAP', () => {
  it('answers as other implementations do', () => {
    // printf '\x07secret\x00\x01\x02\x03' | md5sum
    expect(chapResponse(7, 'secret', Uint8Array.of(0, 1, 2, 3)).toString('hex')).toBe(
      '1f5613bd2fa745266857a83d1d6a451a',
    );
  });

  it('believes who knows the secret, and nobody else', () => {
    const response = chapResponse(ASKED.id, OWN.secret, ASKED.challenge);
    expect(isChapRight(OWN, ASKED, { user: 'alice', response })).toBe(true);
    expect(isChapRight(OWN, ASKED, { user: 'bob', response })).toBe(false);
    expect(isChapRight(OWN, { ...ASKED, id: 8 }, { user: 'alice', response })).toBe(false);
    const wrong = chapResponse(ASKED.id, 'another', ASKED.challenge);
    expect(isChapRight(OWN, ASKED, { user: 'alice', response: wrong })).toBe(false);
    for (const length of [0, 15, 17]) {
      const cut = Buffer.concat([response, response]).subarray(0, length);
      expect(isChapRight(OWN, ASKED, { user: 'alice', response: cut })).toBe(false);
    }
  });
});
