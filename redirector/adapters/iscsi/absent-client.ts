import type { ResourceId } from '../../../core/domain.js';
import { Backs } from './backs.js';
import type { BackSession } from './back-session.js';
import type { IscsiContext } from './context.js';
import type { InitiatorPort } from './initiator-port.js';
import { AGREED_AT_FIRST } from './negotiation.js';
import type { AttachedClient } from './nexuses.js';

/**
 * A client that is not here, but is registered at units of its target: what it has reserved keeps others out until it comes back or
 * somebody preempts it. So it gets sessions at servers like those who are here, under its own name.
 */
export class AbsentClient implements AttachedClient {
  readonly isHere = false;
  readonly resource: ResourceId;
  readonly port: InitiatorPort;
  readonly #context: IscsiContext;
  readonly #backs: Backs;

  constructor(context: IscsiContext, port: InitiatorPort) {
    this.#context = context;
    this.port = port;
    this.resource = port.target.resource;
    const fills = (): void => undefined;
    this.#backs = new Backs({ context, port, agreed: AGREED_AT_FIRST, fills });
  }

  back(server: number): BackSession | undefined {
    return this.#backs.at(server);
  }

  openBack(server: number): BackSession | undefined {
    return this.#backs.openAt(server);
  }

  get openBacks(): readonly BackSession[] {
    return this.#backs.all;
  }

  attend(): void {
    // Nobody is there to be told; who comes back finds what is there then.
  }

  /** It is here again, or has nothing any more that others would have to heed. */
  reinstated(): void {
    this.#backs.end();
    this.#context.nexuses.remove(this);
  }
}
