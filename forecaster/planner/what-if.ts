import type { ServerId } from '../../core/domain.js';
import type { PlannerOptions, PlanningInputs, PlanningServer } from './inputs.js';

/** What somebody may want to try before doing it. */
export type Change =
  /** It may serve everything. */
  | { readonly kind: 'add-server'; readonly server: PlanningServer }
  | { readonly kind: 'drain-server'; readonly server: ServerId }
  | { readonly kind: 'lose-server'; readonly server: ServerId }
  | {
      readonly kind: 'resize-server';
      readonly server: ServerId;
      readonly capacity: PlanningServer['capacity'];
    }
  | { readonly kind: 'set-options'; readonly options: Partial<PlannerOptions> };

/** The inputs as they would be: what to plan with to see what a change would bring. */
export function changed(inputs: PlanningInputs, change: Change): PlanningInputs {
  switch (change.kind) {
    case 'add-server':
      return withServer(inputs, change.server);
    case 'drain-server':
      return withChangedServer(inputs, change.server, { state: 'draining' });
    case 'lose-server':
      return withChangedServer(inputs, change.server, { state: 'lost' });
    case 'resize-server':
      return withChangedServer(inputs, change.server, { capacity: change.capacity });
    case 'set-options':
      return { ...inputs, options: { ...inputs.options, ...change.options } };
  }
}

function withServer(inputs: PlanningInputs, server: PlanningServer): PlanningInputs {
  // Arrays that were shared stay shared: see PlanningResource.eligible.
  const widened = new Map<readonly ServerId[], readonly ServerId[]>();
  const widen = (eligible: readonly ServerId[]): readonly ServerId[] => {
    const known = widened.get(eligible) ?? [...eligible, server.id];
    widened.set(eligible, known);
    return known;
  };
  return {
    ...inputs,
    servers: [...inputs.servers, server],
    resources: inputs.resources.map((resource) => ({
      ...resource,
      eligible: widen(resource.eligible),
    })),
  };
}

function withChangedServer(
  inputs: PlanningInputs,
  id: ServerId,
  change: Partial<PlanningServer>,
): PlanningInputs {
  return {
    ...inputs,
    servers: inputs.servers.map((server) => (server.id === id ? { ...server, ...change } : server)),
  };
}
