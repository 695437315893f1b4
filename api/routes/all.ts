import type { CredentialParts } from '../acts/credentials.js';
import type { PinParts } from '../acts/servers.js';
import type { ApiRoute } from '../route.js';
import { Memory } from '../views/kept/memory.js';
import { actRoutes } from './acts.js';
import { credentialRoutes } from './credentials.js';
import { pictureRoutes } from './pictures.js';
import type { PlanRoutesOptions, PlanRoutesParts } from './plans.js';
import { planRoutes } from './plans.js';
import type { StateRoutesOptions, StateRoutesParts } from './state.js';
import { stateRoutes } from './state.js';

type Given<Parts> = Omit<Parts, 'memory'>;

export type RoutesParts = Given<StateRoutesParts> &
  Given<PlanRoutesParts> &
  PinParts &
  CredentialParts;

/** Every route of the API that has a role. */
export function apiRoutes(
  given: RoutesParts,
  options: { readonly state: StateRoutesOptions; readonly plans: PlanRoutesOptions },
): ApiRoute[] {
  const parts = { ...given, memory: new Memory(given) };
  // First: who asks for a score waits for what is prepared, while an explanation may be of the round before.
  const plans = planRoutes(parts, options.plans, options.state);
  return [
    ...stateRoutes(parts, options.state),
    ...pictureRoutes(parts, options.state),
    ...plans,
    ...actRoutes(parts),
    ...credentialRoutes(parts),
  ];
}
