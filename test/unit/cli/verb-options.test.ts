import { describe, expect, it } from '@jest/globals';
import { addressOf } from '../../../cli/verb.js';

describe('an option that is an address', () => {
  it('is read, an IPv6 one in brackets', () => {
    expect(addressOf('listen', '127.0.0.1:8080')).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(addressOf('listen', '[::1]:0')).toEqual({ host: '::1', port: 0 });
  });

  it('is named when it is none, with what would be one', () => {
    expect(() => addressOf('join', 'nonsense')).toThrow(
      '--join nonsense: expected host:port, or [v6]:port',
    );
  });
});
