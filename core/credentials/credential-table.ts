import { z } from 'zod';
import type { Clock } from '../clock/port.js';
import { fail } from '../errors.js';
import type { Json } from '../json.js';
import type { SessionStore } from '../session-store/port.js';
import type { Keyring } from './keyring.js';
import type { Sealed } from './sealed.js';
import { seal, sealedSchema, unseal } from './sealed.js';

/**
 * What a secret is for, all of it CHAP of iSCSI (RFC 1994): `chap`, between clients and us; `server-chap`, between us and servers. A
 * user may have one of each, which have nothing to do with one another.
 */
export const CREDENTIAL_KINDS = ['chap', 'server-chap'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];
/** Of each, for a person. */
export const CREDENTIAL_KINDS_HELP = 'chap, of iSCSI clients; server-chap, of us at iSCSI servers';

/** Names of initiators are among them. */
export const USER = /^[A-Za-z0-9._:@+-]{1,128}$/;

/** RFC 7143 §12.1.1 asks for 96 random bits where nothing else protects the connection. */
export const SECRET_BYTES_MIN = 12;
export const SECRET_BYTES_MAX = 255;

/** Whose it is. */
export interface CredentialName {
  readonly kind: CredentialKind;
  readonly user: string;
}

/** All that is ever told of one. */
export const credentialSchema = z.object({
  kind: z.enum(CREDENTIAL_KINDS),
  user: z.string(),
  /** Null: it is damaged. */
  changedAtMs: z.number().nullable(),
  /** Under which key it rests; null: it is damaged. */
  keyId: z.string().nullable(),
});
export type Credential = Readonly<z.output<typeof credentialSchema>>;

const recordSchema = z.object({ changedAtMs: z.number(), sealed: sealedSchema });

export interface CredentialTableParts {
  readonly store: SessionStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/**
 * Secrets by which clients log on to us and we to servers. They rest encrypted in the session store, so that every redirector has them; none is
 * ever told to anybody but the protocol that needs it. Errors of the session store pass through.
 */
export class CredentialTable {
  readonly #parts: CredentialTableParts;

  constructor(parts: CredentialTableParts) {
    this.#parts = parts;
  }

  /** Durable when it resolves; the last one counts. @throws ERR_CREDENTIAL_INVALID */
  async put(name: CredentialName, secret: string): Promise<Credential> {
    const bytes = Buffer.byteLength(secret);
    if (!USER.test(name.user)) {
      fail('ERR_CREDENTIAL_INVALID', { what: 'user', why: `not as ${USER.source} has it` });
    }
    if (bytes < SECRET_BYTES_MIN || bytes > SECRET_BYTES_MAX) {
      const why = `${bytes} bytes, not ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX}`;
      fail('ERR_CREDENTIAL_INVALID', { what: 'secret', why });
    }
    const { store, keyring, clock } = this.#parts;
    const place = placeOf(name);
    const former = recordSchema.safeParse(await store.get('credential', place)).data;
    // Whoever remembers the former one sees that it is another, whatever clocks say.
    const changedAtMs = Math.max(clock.realtimeMs(), (former?.changedAtMs ?? 0) + 1);
    return this.#keep(name, { changedAtMs, sealed: seal(secret, place, keyring) });
  }

  /** @returns whether there was one */
  async remove(name: CredentialName): Promise<boolean> {
    const { store } = this.#parts;
    const place = placeOf(name);
    if ((await store.get('credential', place)) === undefined) return false;
    await store.remove('credential', place);
    return true;
  }

  /** By name. Kinds that only a later version knows are left out. */
  async list(): Promise<Credential[]> {
    const records = await this.#parts.store.list('credential');
    return records
      .flatMap(([place, value]) => {
        const name = nameAt(place);
        return name === undefined ? [] : [toldOf(name, recordSchema.safeParse(value).data)];
      })
      .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  }

  /** For the protocol that needs it; undefined: there is none. @throws ERR_CREDENTIAL_UNREADABLE */
  async secretOf(name: CredentialName): Promise<string | undefined> {
    const place = placeOf(name);
    const value = await this.#parts.store.get('credential', place);
    return value === undefined
      ? undefined
      : unseal(parsed(place, value).sealed, place, this.#parts.keyring);
  }

  /**
   * Seals what rests under former keys under the current one; after it the former secrets may be forgotten. What is changed
   * meanwhile by somebody else is sealed under the current key already, and left.
   * @returns how many were. @throws ERR_CREDENTIAL_UNREADABLE – those before it are done
   */
  async reseal(): Promise<number> {
    const { store, keyring } = this.#parts;
    let count = 0;
    for (const name of await this.list()) {
      const place = placeOf(name);
      const value = await store.get('credential', place);
      if (value === undefined) continue;
      const { changedAtMs, sealed } = parsed(place, value);
      if (sealed.keyId === keyring.current.id) continue;
      const secret = unseal(sealed, place, keyring);
      await this.#keep(name, { changedAtMs, sealed: seal(secret, place, keyring) });
      count++;
    }
    return count;
  }

  async #keep(
    name: CredentialName,
    record: { readonly changedAtMs: number; readonly sealed: Sealed },
  ): Promise<Credential> {
    await this.#parts.store.put('credential', placeOf(name), record);
    return toldOf(name, record);
  }
}

/** The id of its record: no two credentials have the same. */
export function placeOf({ kind, user }: CredentialName): string {
  return `${kind}/${user}`;
}

/** Undefined: of a kind that this version does not know. */
function nameAt(place: string): CredentialName | undefined {
  const [word, user] = [place.slice(0, place.indexOf('/')), place.slice(place.indexOf('/') + 1)];
  const kind = CREDENTIAL_KINDS.find((each) => each === word);
  return kind === undefined ? undefined : { kind, user };
}

function parsed(place: string, value: Json): z.output<typeof recordSchema> {
  const { data, error } = recordSchema.safeParse(value);
  return (
    data ??
    fail('ERR_CREDENTIAL_UNREADABLE', { place, why: 'not a record of one' }, { cause: error })
  );
}

function toldOf(
  { kind, user }: CredentialName,
  record: z.output<typeof recordSchema> | undefined,
): Credential {
  const { changedAtMs = null, sealed } = record ?? {};
  return { kind, user, changedAtMs, keyId: sealed?.keyId ?? null };
}
