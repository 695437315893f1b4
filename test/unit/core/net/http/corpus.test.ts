import { describe, expect, it } from '@jest/globals';
import { FAULTS } from '../../../../../core/net/http/fault.js';
import {
  deliveries,
  distinct,
  latin1,
  requestTranscript,
  responseTranscript,
} from '../../../../support/http-transcript.js';
import { REQUEST_CASES } from './request-cases.js';
import { RESPONSE_CASES } from './response-cases.js';

/** Whatever the fault, it must be the last line. */
function faultLine(name: string, status?: number): string {
  const fault = FAULTS[name as keyof typeof FAULTS];
  return `fault ${status ?? fault.status} ${name}`;
}

describe('a request on the wire', () => {
  it.each(REQUEST_CASES)('%s', (_name, text, expected) => {
    const lines = typeof expected === 'string' ? [faultLine(expected)] : expected;
    const seen = deliveries(latin1(text)).map((pieces) => requestTranscript(pieces));
    expect(distinct(seen)).toEqual([lines]);
  });
});

describe('a response on the wire', () => {
  it.each(RESPONSE_CASES)('%s', (_name, text, expected, method = 'GET') => {
    const lines = typeof expected === 'string' ? [faultLine(expected, 502)] : expected;
    const seen = deliveries(latin1(text)).map((pieces) => responseTranscript(pieces, { method }));
    expect(distinct(seen)).toEqual([lines]);
  });
});

it('has cases for every fault that bytes alone can cause', () => {
  const seen = new Set(
    [...REQUEST_CASES, ...RESPONSE_CASES].flatMap(([, , expected]) =>
      typeof expected === 'string' ? [expected] : expected.map((line) => line.split(' ').at(-1)),
    ),
  );
  const missing = Object.keys(FAULTS).filter((name) => !seen.has(name));
  // What a limit other than the default causes is tested beside that limit.
  expect(missing).toEqual(['bodyTooLarge']);
});
