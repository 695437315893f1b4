import { z } from 'zod';
import { ForeshiftError, codeOf } from '../core/errors.js';

/** An error as the API tells it (RFC 9457), with our code and remedy beside the standard members. */
export const problemSchema = z.looseObject({
  type: z.string().describe('Relative to the API: what it means and what to do, as text.'),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  remedy: z.string(),
});
export type Problem = Readonly<z.infer<typeof problemSchema>>;

/** Anything that is not one of our coded errors is told as an internal one, without its words. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ForeshiftError) {
    const { code, status, message, remedy, facts } = error;
    const name = problemName(code);
    const title = name.replaceAll('-', ' ');
    return { ...facts, type: `/problems/${name}`, title, status, detail: message, code, remedy };
  }
  return {
    type: '/problems/internal',
    title: 'internal error',
    status: 500,
    detail: 'something went wrong inside; the log says what',
    code: 'ERR_INTERNAL',
    remedy: 'Look at the log of the api, and report what it says.',
  };
}

/** As it stands in the type of a problem: `plan-stale`. */
export function problemName(code: string): string {
  return code.replace(/^ERR_/, '').toLowerCase().replaceAll('_', '-');
}

export function isExpected(error: unknown): boolean {
  return codeOf(error) !== undefined;
}
