import { describe, expect, it } from '@jest/globals';
import { packageHas } from '../../../core/installed-package.js';

describe('an installed package', () => {
  it('has what it has, and is not loaded for that', () => {
    expect(packageHas('pino', 'lib')).toBe(true);
    expect(packageHas('pino', 'no-such-folder')).toBe(false);
  });

  it('is missed where it is not installed', () => {
    expect(() => packageHas('no-such-package', 'lib')).toThrow('no-such-package');
  });
});
