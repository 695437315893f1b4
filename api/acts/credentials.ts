import type {
  Credential,
  CredentialName,
  CredentialTable,
} from '../../core/credentials/credential-table.js';
import { fail } from '../../core/errors.js';
import { Draft } from '../../core/table-store/draft.js';
import { counted } from '../../core/text.js';
import type { ActParts, Actor } from './act.js';
import { act } from './act.js';

/*
 * Credentials rest in another store than the audit, so that the two cannot be one transaction: the change comes first, and
 * whoever hears that the audit failed repeats it, which does no harm.
 */

export interface CredentialParts extends ActParts {
  readonly credentials: CredentialTable;
}

/** @throws ERR_CREDENTIAL_INVALID */
export async function putCredential(
  name: CredentialName,
  secret: string,
  actor: Actor,
  parts: CredentialParts,
): Promise<Credential> {
  const kept = await parts.credentials.put(name, secret);
  return said(`${name.kind} of ${name.user} set`, kept, { actor, parts });
}

/** @throws ERR_CREDENTIAL_UNKNOWN */
export async function removeCredential(
  name: CredentialName,
  actor: Actor,
  parts: CredentialParts,
): Promise<null> {
  if (!(await parts.credentials.remove(name))) fail('ERR_CREDENTIAL_UNKNOWN', { ...name });
  return said(`${name.kind} of ${name.user} removed`, null, { actor, parts });
}

/** @throws ERR_CREDENTIAL_UNREADABLE */
export async function resealCredentials(
  actor: Actor,
  parts: CredentialParts,
): Promise<{ readonly resealed: number }> {
  const resealed = await parts.credentials.reseal();
  if (resealed === 0) return { resealed };
  const detail = `${counted(resealed, 'credential')} sealed under the current secret`;
  return said(detail, { resealed }, { actor, parts });
}

function said<Result>(
  detail: string,
  result: Result,
  { actor, parts }: { readonly actor: Actor; readonly parts: CredentialParts },
): Promise<Result> {
  return act('credential', actor, parts, () => ({ draft: new Draft(), detail, result }));
}
