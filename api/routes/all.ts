import type { ActParts } from '../acts/act.js';
import type { CredentialParts } from '../acts/credentials.js';
import type { PinParts } from '../acts/servers.js';
import type { ApiRoute } from '../route.js';
import type { RoundRequestParts } from '../round-request.js';
import { actRoutes } from './acts.js';
import { credentialRoutes } from './credentials.js';
import { pictureRoutes } from './pictures.js';
import type { PlanRoutesOptions } from './plans.js';
import { planRoutes } from './plans.js';
import type { StateRoutesOptions, StateRoutesParts } from './state.js';
import { stateRoutes } from './state.js';

export type RoutesParts = StateRoutesParts &
  ActParts &
  RoundRequestParts &
  PinParts &
  CredentialParts;

/** Every route of the API that has a role. */
export function apiRoutes(
  parts: RoutesParts,
  options: { readonly state: StateRoutesOptions; readonly plans: PlanRoutesOptions },
): ApiRoute[] {
  return [
    ...stateRoutes(parts, options.state),
    ...pictureRoutes(parts, options.state),
    ...planRoutes(parts, options.plans, options.state),
    ...actRoutes(parts),
    ...credentialRoutes(parts),
  ];
}
