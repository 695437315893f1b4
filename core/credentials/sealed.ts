import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { fail } from '../errors.js';
import type { Keyring } from './keyring.js';

const CIPHER = 'aes-256-gcm';
/** What NIST SP 800-38D recommends for GCM. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

const base64Schema = z.string().max(4096);

/** A secret as it rests: nothing of it can be read without the key, and it opens in its own place only. */
export const sealedSchema = z.object({
  keyId: z.string().max(64),
  iv: base64Schema,
  tag: base64Schema,
  text: base64Schema,
});
export type Sealed = Readonly<z.output<typeof sealedSchema>>;

/** @param place where it will rest: moved elsewhere it does not open */
export function seal(secret: string, place: string, { current }: Keyring): Sealed {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, current.bytes, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(place));
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return {
    keyId: current.id,
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    text: text.toString('base64'),
  };
}

/** @throws ERR_CREDENTIAL_UNREADABLE – sealed under another secret, for another place, or damaged */
export function unseal(sealed: Sealed, place: string, keyring: Keyring): string {
  const key = keyring.keyOf(sealed.keyId);
  if (key === undefined) {
    const why = 'it was sealed under a cluster secret that is not known here';
    return fail('ERR_CREDENTIAL_UNREADABLE', { place, why });
  }
  try {
    const decipher = createDecipheriv(CIPHER, key.bytes, Buffer.from(sealed.iv, 'base64'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    const text = Buffer.from(sealed.text, 'base64');
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
  } catch (error) {
    const why = 'it was damaged, or stood elsewhere when it was sealed';
    return fail('ERR_CREDENTIAL_UNREADABLE', { place, why }, { cause: error });
  }
}
