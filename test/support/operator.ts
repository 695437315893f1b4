import type { Resources } from '../../api/contract/outlook.js';
import type { Status } from '../../api/contract/status.js';
import { ApiClient, ApiRefusal } from '../../cli/api-client.js';
import type { Until } from './until.js';

/** Who asks a running Foreshift over its API, with servers s1 and s2. */
export class Operator {
  readonly api: ApiClient;
  readonly #until: Until;

  /** @param address host and port of the API */
  constructor(address: string, until: Until) {
    this.api = new ApiClient(`http://${address}`);
    this.#until = until;
  }

  status(): Promise<Status> {
    return this.api.get<Status>('/v1/status');
  }

  /** Until so many resources have a server. */
  placed(resources: number): Promise<void> {
    return this.#until('all is placed', async () => {
      const status = await this.status();
      return status.resources === resources && status.unassigned === 0;
    });
  }

  /** Until no switch is open. */
  settled(): Promise<void> {
    return this.#until('nothing is open', async () => (await this.status()).openSwitch === null);
  }

  /** Which server has what. */
  async places(): Promise<Map<string, string>> {
    const { resources } = await this.api.get<Resources>('/v1/resources');
    return new Map(resources.map(({ id, server }) => [id, server ?? '']));
  }

  /** Sends a resource to where it is not, by a pin, which needs no approval. Resolves to where that is. */
  async pinElsewhere(resource: string): Promise<string> {
    const server = (await this.places()).get(resource) === 's1' ? 's2' : 's1';
    // A store that is not available has changed nothing: the act may be repeated.
    await this.#until(`${resource} is pinned`, () =>
      this.api
        .post('/v1/pins', { resource, server, by: 'test' })
        .then(() => true)
        .catch((error: unknown) => {
          if (error instanceof ApiRefusal && error.code === 'ERR_STORE_UNAVAILABLE') return false;
          throw error;
        }),
    );
    return server;
  }

  /** Moves a resource, and waits for it. */
  async move(resource: string): Promise<void> {
    const target = await this.pinElsewhere(resource);
    await this.#until(`${resource} is moved`, async () => {
      const [places, { openSwitch }] = [await this.places(), await this.status()];
      return places.get(resource) === target && openSwitch === null;
    });
  }
}
