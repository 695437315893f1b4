import { z } from 'zod';
import { ForeshiftError } from '../../core/errors.js';
import { messageOf } from '../../core/text.js';
import { ApiRefusal } from '../api-client.js';

const LEVELS = ['ok', 'warn', 'fail'] as const;
export type Level = (typeof LEVELS)[number];

/** What was looked at and how it is; `fix` is empty where nothing is to be done. */
export const findingSchema = z.object({
  level: z.enum(LEVELS),
  what: z.string(),
  says: z.string(),
  fix: z.string(),
});
export type Finding = Readonly<z.output<typeof findingSchema>>;

export function ok(what: string, says: string): Finding {
  return { level: 'ok', what, says, fix: '' };
}

export function warn(what: string, says: string, fix: string): Finding {
  return { level: 'warn', what, says, fix };
}

export function failed(what: string, says: string, fix: string): Finding {
  return { level: 'fail', what, says, fix };
}

/** What the product itself would say of it, at its start. */
export function failedWith(what: string, error: unknown): Finding {
  const fix = error instanceof ForeshiftError || error instanceof ApiRefusal ? error.remedy : '';
  return failed(what, messageOf(error), fix);
}
