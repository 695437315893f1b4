import { createHash, hkdfSync } from 'node:crypto';

/** A key of AES-256, and the name by which what it sealed is told from what others did. */
export interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * The keys under which secrets rest. They are made from the cluster's secret, which no store has: whoever reads the store,
 * its journal or a backup of it learns nothing. A cluster whose secret is changed keeps the former ones for as long as
 * something is sealed under them (`CredentialTable.reseal`).
 */
export class Keyring {
  /** Seals; all keys open. */
  readonly current: Key;
  readonly #keys: ReadonlyMap<string, Key>;

  constructor(secret: string, formerSecrets: readonly string[] = []) {
    this.current = keyOf(secret);
    this.#keys = new Map(
      [...formerSecrets.map(keyOf), this.current].map((key) => [key.id, key] as const),
    );
  }

  /** Undefined: sealed under a secret that is not known here. */
  keyOf(id: string): Key | undefined {
    return this.#keys.get(id);
  }
}

/** HKDF (RFC 5869) with SHA-256: the secret has other uses, none of which may give this key away. */
function keyOf(secret: string): Key {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'foreshift credentials', 32));
  const id = createHash('sha256').update('key id').update(bytes).digest('hex').slice(0, 16);
  return { id, bytes };
}
