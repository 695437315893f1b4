import type { ServerWork } from '../adapters/servers.js';
import type { Outliers } from '../health/outliers.js';
import type { ServerLoads } from './server-loads.js';

/** What a gateway answers in place of a server, or a server for want of another one. */
function isExcuse(status: number): boolean {
  return status >= 502 && status <= 504;
}

/** What all adapters see of servers, for those who weigh them. */
export class WorkSeen implements ServerWork {
  readonly #loads: ServerLoads;
  readonly #outliers: Outliers;

  constructor(parts: { readonly loads: ServerLoads; readonly outliers: Outliers }) {
    this.#loads = parts.loads;
    this.#outliers = parts.outliers;
  }

  entered(server: number): void {
    this.#loads.entered(server);
  }

  left(server: number): void {
    this.#loads.left(server);
  }

  answered(server: number, status: number, ms: number): void {
    if (isExcuse(status)) {
      // Quick excuses are no quick answers.
      this.#outliers.failed(server);
      return;
    }
    this.#outliers.succeeded(server);
    this.#loads.answered(server, ms);
  }

  failed(server: number): void {
    this.#outliers.failed(server);
  }
}
