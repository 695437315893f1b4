import { errorTable } from '../core/errors.js';
import { problemName, problemOf } from './problem.js';

/** Where the types of problems lead. */
export const PROBLEMS_PATH = '/problems';

/** What a type of problem means and what to do about it, as plain text; undefined: there is no such type. */
export function problemPage(name: string): string | undefined {
  const internal = problemOf(undefined);
  const types = [...errorTable(), { ...internal, meaning: internal.detail }];
  const type = types.find(({ code }) => problemName(code) === name);
  if (type === undefined) return undefined;
  const { code, meaning, remedy, status } = type;
  return `${code}\n\nWhat it means:  ${meaning}\nWhat to do:     ${remedy}\nHTTP status:    ${status}\n`;
}
