import type { Problem, Session } from './answers.js';
import { API_AWAY } from './sentences.js';

/* How the API is asked. */

/** An answer that is none: a problem, as the API tells it. */
export class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const AWAY: Problem = { status: 0, code: '', detail: API_AWAY, remedy: 'Trying again.' };

/** The text of an answer. @throws Refusal */
export async function ask(path: string): Promise<string> {
  return textOf(await reached(path, {}));
}

export async function askSession(): Promise<Session> {
  return JSON.parse(await ask('/v1/session')) as Session;
}

/** A change. @param key said again with the same one it is not done twice @throws Refusal */
export async function post(path: string, body: unknown, key?: string): Promise<string> {
  const response = await reached(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: JSON.stringify(body),
  });
  return textOf(response);
}

async function reached(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request);
  } catch {
    throw new Refusal(AWAY);
  }
}

async function textOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.ok) return text;
  throw new Refusal(problemIn(text, response.status));
}

function problemIn(text: string, status: number): Problem {
  const unknown = { status, code: '', detail: `the API answers ${status}`, remedy: '' };
  try {
    return { ...unknown, ...(JSON.parse(text) as Partial<Problem>) };
  } catch {
    return unknown;
  }
}
