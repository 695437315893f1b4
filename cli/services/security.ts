import { strict as assert } from 'node:assert';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import { matchesGlob } from '../../core/config/units.js';
import type { ServerId } from '../../core/domain.js';
import { ForeshiftError, fail } from '../../core/errors.js';
import { every } from '../../core/every.js';
import type { Startable } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import type { Trusts } from '../../core/net/ip.js';
import { trustsOf } from '../../core/net/guard.js';
import type { ClientTlsMaterial } from '../../core/net/tls/client-tls.js';
import { ClientTls } from '../../core/net/tls/client-tls.js';
import type { Certificate, ServerTlsMaterial } from '../../core/net/tls/server-tls.js';
import { ServerTls } from '../../core/net/tls/server-tls.js';
import { TICKET_KEYS_LIFE_MS, ticketKeys } from '../../core/net/tls/ticket-keys.js';
import type { ChapParty } from '../../redirector/adapters/iscsi/targets.js';
import type { ServerLink } from '../../redirector/adapters/servers.js';
import { PLAIN_LINK } from '../../redirector/adapters/servers.js';
import { readText } from '../read-text.js';

/* Whom the redirector believes and what it shows, from the files that the config names. */

type ListenerConfig = Config['listeners'][number];
type ChapConfig = NonNullable<Config['iscsi']['targets'][number]['chap']>;

export interface ListenerSecurity {
  readonly tls: ServerTls | undefined;
  readonly proxies: Trusts | undefined;
}

export interface SecurityParts {
  readonly clock: Clock;
  /** Relative paths are relative to it. */
  readonly folder: string;
  /** The cluster's: tickets of TLS sessions are encrypted by what is made of it. */
  readonly secret: string;
}

/** What the files hold, as it was at one moment: other threads are told it, and read nothing themselves. */
export interface SecurityMaterial {
  /** In the order of the config's listeners; undefined: in the clear. */
  readonly listeners: readonly (ServerTlsMaterial | undefined)[];
  /** In the order of the config's links. */
  readonly links: readonly (ClientTlsMaterial | undefined)[];
  /** By the files that they stand in; undefined: there are none. */
  readonly chapSecrets?: ReadonlyMap<string, string>;
}

/** @throws ERR_FILE_UNREADABLE, ERR_CHAP_SECRET_INVALID */
export async function readSecurity(
  config: Config,
  parts: SecurityParts,
): Promise<SecurityMaterial> {
  const { listeners, serverLinks } = config;
  const secrets = chapFilesOf(config).map(
    async (file) => [file, await chapSecretIn(file, parts.folder)] as const,
  );
  return {
    chapSecrets: new Map(await Promise.all(secrets)),
    listeners: await Promise.all(listeners.map((each) => serverTlsIn(each, parts))),
    links: await Promise.all(serverLinks.map((each) => clientTlsIn(each, parts))),
  };
}

/** Made of what was read at one moment. */
export class Security {
  readonly #ofListeners: ReadonlyMap<ListenerConfig, ListenerSecurity>;
  readonly #links: readonly { readonly match: string; readonly link: ServerLink }[];
  readonly #linkOf = new Map<ServerId, ServerLink>();
  readonly #chapSecrets: ReadonlyMap<string, string>;

  /** @throws ERR_TLS_INVALID */
  constructor({ listeners, serverLinks }: Config, material: SecurityMaterial) {
    this.#chapSecrets = material.chapSecrets ?? new Map();
    this.#ofListeners = new Map(
      listeners.map((listener, at) => {
        const tls = material.listeners[at];
        const from = listener.proxyProtocolFrom;
        return [
          listener,
          {
            tls: tls && new ServerTls(tls),
            proxies: from === undefined ? undefined : trustsOf(from),
          },
        ];
      }),
    );
    this.#links = serverLinks.map(({ match, proxyProtocol, mountPort }, at) => {
      const tls = material.links[at];
      return { match, link: { tls: tls && new ClientTls(tls), proxyProtocol, mountPort } };
    });
  }

  of(listener: ListenerConfig): ListenerSecurity {
    return this.#ofListeners.get(listener) ?? { tls: undefined, proxies: undefined };
  }

  chapOf({ user, secretFile }: ChapConfig): ChapParty {
    if (secretFile === undefined) return { user, secret: undefined };
    const secret = this.#chapSecrets.get(secretFile);
    assert.ok(secret !== undefined, 'what the config names was read with it');
    return { user, secret };
  }

  linkOf(server: ServerId): ServerLink {
    let link = this.#linkOf.get(server);
    if (link === undefined) {
      link = this.#links.find(({ match }) => matchesGlob(match, server))?.link ?? PLAIN_LINK;
      this.#linkOf.set(server, link);
    }
    return link;
  }
}

async function serverTlsIn(
  { tls, protocol }: ListenerConfig,
  { clock, folder, secret }: SecurityParts,
): Promise<ServerTlsMaterial | undefined> {
  if (tls === undefined) return undefined;
  const [first, ...others] = await Promise.all(
    tls.certificates.map((files) => certificateIn(files, folder)),
  );
  if (first === undefined) return undefined;
  return {
    certificates: [first, ...others],
    clientCa: await textIn(tls.clientCaFile, folder),
    minVersion: tls.minVersion,
    protocols: protocol === 'http' ? ['http/1.1'] : [],
    ticketKeys: ticketKeys(secret, clock.realtimeMs()),
  };
}

/** @throws ERR_FILE_UNREADABLE, ERR_CHAP_SECRET_INVALID */
async function chapSecretIn(file: string, folder: string): Promise<string> {
  const secret = (await textIn(file, folder)).replace(/\r?\n$/, '');
  // Of 96 bits at least, as iSCSI wants it (RFC 7143 §9.2.1).
  if (/^[\x20-\x7e]{12,255}$/.test(secret)) return secret;
  const why =
    secret.length < 12 ? 'it is shorter than 12 characters' : 'it is no such line of text';
  return fail('ERR_CHAP_SECRET_INVALID', { file, why });
}

async function clientTlsIn(
  { match, tls }: Config['serverLinks'][number],
  { folder }: SecurityParts,
): Promise<ClientTlsMaterial | undefined> {
  if (tls === undefined) return undefined;
  const { certificate } = tls;
  return {
    ca: await textIn(tls.caFile, folder),
    certificate: certificate && (await certificateIn(certificate, folder)),
    serverName: tls.serverName,
    protocols: [],
    origin: `serverLinks ${match}`,
  };
}

/** @throws ERR_FILE_UNREADABLE */
export async function certificateIn(
  { certificateFile, keyFile }: { readonly certificateFile: string; readonly keyFile: string },
  folder: string,
): Promise<Certificate> {
  const chain = await textIn(certificateFile, folder);
  const key = await textIn(keyFile, folder);
  return { chain, key, origin: certificateFile };
}

async function textIn(file: string, folder: string): Promise<string>;
async function textIn(file: string | undefined, folder: string): Promise<string | undefined>;
async function textIn(file: string | undefined, folder: string): Promise<string | undefined> {
  return file === undefined ? undefined : readText(resolve(folder, file));
}

const LOOK_MS = 2000;

export interface SecurityWatchParts extends SecurityParts {
  readonly log: Log;
  /** As it is now. */
  readonly config: () => Config;
  /** Reads everything anew. @throws coded errors: nothing was changed */
  readonly reread: () => Promise<void>;
}

/** Takes up other files, and the keys of another day, without being told. */
export class SecurityWatch implements Startable {
  readonly #parts: SecurityWatchParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #seen = '';

  constructor(parts: SecurityWatchParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { clock } = this.#parts;
    this.#seen = await this.#looks();
    const { signal } = this.#stopping;
    this.#running = every(clock, { everyMs: LOOK_MS, signal }, () => this.#look());
  }

  stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    return this.#running;
  }

  async #look(): Promise<void> {
    const seen = await this.#looks();
    if (seen === this.#seen) return;
    this.#seen = seen;
    const { log, reread } = this.#parts;
    try {
      await reread();
      log.info({}, 'named files read again');
    } catch (err) {
      if (!(err instanceof ForeshiftError)) throw err;
      log.error({ err, remedy: err.remedy }, 'named files not taken, the former stay');
    }
  }

  /** What would be another if something had changed. */
  async #looks(): Promise<string> {
    const { clock, config, folder } = this.#parts;
    const files = filesOf(config()).map((file) =>
      stat(resolve(folder, file)).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
        () => 'none',
      ),
    );
    const day = Math.floor(clock.realtimeMs() / TICKET_KEYS_LIFE_MS);
    return [day, ...(await Promise.all(files))].join('\n');
  }
}

function chapFilesOf({ iscsi }: Config): string[] {
  return [...iscsi.targets, ...iscsi.serverLogins].flatMap(({ chap, mutualChap }) =>
    [chap, mutualChap].flatMap((each) => each?.secretFile ?? []),
  );
}

function filesOf(config: Config): string[] {
  const { listeners, serverLinks, http, api } = config;
  const certificates = [
    ...(api.tls === undefined ? [] : [api.tls]),
    ...listeners.flatMap(({ tls }) => tls?.certificates ?? []),
    ...serverLinks.flatMap(({ tls }) => tls?.certificate ?? []),
  ];
  return [
    ...certificates.flatMap(({ certificateFile, keyFile }) => [certificateFile, keyFile]),
    ...listeners.flatMap(({ tls }) => tls?.clientCaFile ?? []),
    ...serverLinks.flatMap(({ tls }) => tls?.caFile ?? []),
    ...Object.values(http.errorPages),
    ...chapFilesOf(config),
  ];
}
