import type { Problem } from './problem.js';
import { NOWHERE } from './problem.js';
import { peaksOf } from './score.js';
import { keptUtilizationOf } from './utilization.js';

/** The resources on each server, the largest first. */
export function residentsOf(problem: Problem, assignment: Int32Array): readonly number[][] {
  const residents = problem.servers.map((): number[] => []);
  for (const [resource, server] of assignment.entries()) {
    if (server !== NOWHERE) residents[server]!.push(resource);
  }
  for (const list of residents) list.sort(largestFirst(problem));
  return residents;
}

/** The order in which resources find room best. */
export function largestFirst({ size }: Pick<Problem, 'size'>): (a: number, b: number) => number {
  return (a, b) => size[b]! - size[a]! || a - b;
}

/** The servers, the one whose peak is lowest first. */
export function emptiestFirst(problem: Problem, assignment: Int32Array): readonly number[] {
  const { demand } = problem;
  const peaks = peaksOf(problem, demand, keptUtilizationOf(problem, demand, assignment));
  return [...peaks.keys()].sort((a, b) => peaks[a]! - peaks[b]! || a - b);
}
