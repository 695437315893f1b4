import type { Ip } from '../../core/net/ip.js';
import { parseIp } from '../../core/net/ip.js';
import type { Connection } from '../../core/net/port.js';

/** A client that came by a listener, and where it came to. */
export class Guest<Client> {
  readonly client: Client;
  readonly #connection: Pick<Connection, 'local'>;
  /** `unasked`: that costs a system call, and only an address that is given up asks. */
  #localIp: Ip | undefined | 'unasked' = 'unasked';

  constructor(client: Client, connection: Pick<Connection, 'local'>) {
    this.client = client;
    this.#connection = connection;
  }

  /** Where the client connected to, however the system writes it: one that listens for both families sees ::ffff:10.0.0.1. */
  get localIp(): Ip | undefined {
    if (this.#localIp === 'unasked') this.#localIp = parseIp(this.#connection.local.host);
    return this.#localIp;
  }
}
