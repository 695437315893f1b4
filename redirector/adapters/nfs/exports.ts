import type { ResourceId } from '../../../core/domain.js';
import type { Trusts } from '../../../core/net/ip.js';
import { fsIdOf } from './handle-bytes.js';

/** Whom a server takes a client's user for. */
type Squash = 'none' | 'root' | 'all';

/**
 * What clients mount. Servers see the redirector's address only: so who may, and what, is said here and not there.
 */
export interface NfsExport {
  /** For clients: absolute, without a slash at its end unless it is one. */
  readonly path: string;
  readonly resource: ResourceId;
  /** For the servers. */
  readonly serverPath: string;
  /** Undefined: everybody. */
  readonly clients: Trusts | undefined;
  /** The same for a person, and for whoever asks what is exported. */
  readonly clientNames: readonly string[];
  readonly isReadOnly: boolean;
  readonly squash: Squash;
  readonly anonymous: { readonly uid: number; readonly gid: number };
}

/** An export, and what the redirector says of it to clients. */
export interface ServedExport extends NfsExport {
  readonly fsId: Uint8Array;
}

export class Exports {
  readonly all: readonly ServedExport[];
  readonly #byResource: ReadonlyMap<ResourceId, ServedExport>;

  constructor(exports: readonly NfsExport[]) {
    this.all = exports.map((each) => ({ ...each, fsId: fsIdOf(each.resource) }));
    this.#byResource = new Map(this.all.map((each) => [each.resource, each]));
  }

  of(resource: ResourceId): ServedExport | undefined {
    return this.#byResource.get(resource);
  }

  /** The longest that the path lies in, and the names that lead on from there. */
  at(path: string): { readonly export: ServedExport; readonly names: string[] } | undefined {
    const wanted = namesIn(path);
    let best: { readonly export: ServedExport; readonly names: string[] } | undefined;
    for (const each of this.all) {
      const own = namesIn(each.path);
      if (own.some((name, at) => wanted[at] !== name)) continue;
      const names = wanted.slice(own.length);
      if (best === undefined || names.length < best.names.length) best = { export: each, names };
    }
    return best;
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
