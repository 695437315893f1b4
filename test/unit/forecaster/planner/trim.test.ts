import { describe, expect, it } from '@jest/globals';
import { Layout } from '../../../../forecaster/planner/layout.js';
import { Rules } from '../../../../forecaster/planner/rules.js';
import { translate } from '../../../../forecaster/planner/translation.js';
import { trim } from '../../../../forecaster/planner/trim.js';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { inputsOf } from '../../../support/planner/inputs.js';

const SERVER = { capacity: { hits: 100 } };

function on(server: string, hits: number): TestFleet['resources'][string] {
  return { on: server, needs: { hits } };
}

/** What is left of a plan, given as `resource: server`, once every useless move is taken back. */
function trimmed(fleet: TestFleet, plan: Readonly<Record<string, string>>): string[] {
  const { problem } = translate(inputsOf(fleet));
  const assignment = problem.start.map((server, resource) => {
    const target = plan[problem.resources[resource]!];
    return target === undefined ? server : problem.servers.findIndex((id) => id === target);
  });
  const layout = new Layout(problem, assignment);
  layout.isEvening = false;
  trim(layout, new Rules(layout));
  return [...layout.assignment.entries()]
    .filter(([resource, server]) => server !== problem.start[resource])
    .map(([resource, server]) => `${problem.resources[resource]!}: ${problem.servers[server]!}`);
}

describe('a plan that was found', () => {
  const servers = { s1: SERVER, s2: SERVER, s3: SERVER };

  it('keeps no move that it is no worse without', () => {
    const resources = { large: on('s1', 60), other: on('s1', 60), idle: on('s3', 5) };
    expect(trimmed({ servers, resources }, { other: 's2', idle: 's2' })).toEqual(['other: s2']);
  });

  it('keeps no two that only changed places', () => {
    const resources = {
      ...{ a: on('s1', 80), b: on('s2', 80) },
      ...{ large: on('s3', 60), other: on('s3', 60), small: on('s1', 1) },
    };
    // One alone would overload where it came from.
    expect(trimmed({ servers, resources }, { a: 's2', b: 's1' })).toEqual([]);
  });

  it('keeps what takes load from a server that is too full', () => {
    const resources = { large: on('s1', 60), other: on('s1', 60) };
    expect(trimmed({ servers, resources }, { other: 's2' })).toEqual(['other: s2']);
  });
});

describe('the aims of a plan', () => {
  const { problem } = translate(
    inputsOf({ servers: { s1: SERVER }, resources: { a: on('s1', 1) } }),
  );
  const rules = new Rules(new Layout(problem));

  it('come in order: a later one gives up nothing of an earlier one', () => {
    const inOrder = (overload: number, pressure: number): boolean =>
      rules.isInOrder(overload, pressure, false);
    expect(inOrder(0.1, -1)).toBe(false);
    expect(inOrder(0, 0.1)).toBe(false);
    expect(inOrder(0, 0)).toBe(true);
    expect(inOrder(-0.1, 1)).toBe(true);
  });

  it('are served by a spare server or what moved lately only where overload falls', () => {
    expect(rules.isInOrder(0, -1, true)).toBe(false);
    expect(rules.isInOrder(-0.1, 0, true)).toBe(true);
  });
});
