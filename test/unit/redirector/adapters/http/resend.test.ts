import { expect, it } from '@jest/globals';
import { resendOf } from '../../../../../redirector/adapters/http/resend.js';

it.each([
  ['GET', true, 'anywhere'],
  ['HEAD', false, 'anywhere'],
  ['OPTIONS', false, 'anywhere'],
  ['PUT', true, 'to-another-owner'],
  ['DELETE', true, 'to-another-owner'],
  ['PUT', false, 'nowhere'],
  ['DELETE', false, 'nowhere'],
  ['POST', true, 'nowhere'],
  ['PATCH', true, 'nowhere'],
  ['get', true, 'nowhere'],
])('lets a lost %s, where the resource may get another owner: %s, go %s', (method, can, where) => {
  expect(resendOf(method, can)).toBe(where);
});
