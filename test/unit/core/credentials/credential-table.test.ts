import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import type { CredentialName } from '../../../../core/credentials/credential-table.js';
import { CredentialTable, USER } from '../../../../core/credentials/credential-table.js';
import { Keyring } from '../../../../core/credentials/keyring.js';
import type { Sealed } from '../../../../core/credentials/sealed.js';
import { MemorySessionStore } from '../../../../core/session-store/memory.js';

const ANN: CredentialName = { kind: 'chap', user: 'iqn.2001-04.com.example:ann' };
const BEN: CredentialName = { kind: 'chap', user: 'ben' };
const SECRET = 'twelve bytes and more';

describe('the credential table', () => {
  let store: MemorySessionStore;

  beforeEach(() => {
    store = new MemorySessionStore();
  });

  const tableWith = (keyring: Keyring): CredentialTable =>
    new CredentialTable({ store, keyring, clock: new SimulatedClock() });

  const table = (): CredentialTable => tableWith(new Keyring('the secret of a cluster'));

  it('gives back what was put, whatever its letters, and the last that was', async () => {
    const secrets = fc
      .string({ minLength: 12, maxLength: 60, unit: 'grapheme' })
      .filter((text) => Buffer.byteLength(text) <= 255);
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(USER), secrets, async (user, secret) => {
        const credentials = table();
        await credentials.put({ kind: 'chap', user }, 'something before it');
        await credentials.put({ kind: 'chap', user }, secret);
        expect(await table().secretOf({ kind: 'chap', user })).toBe(secret);
      }),
    );
  });

  it('leaves nothing of a secret in the store, and tells none', async () => {
    await table().put(ANN, SECRET);
    const resting = JSON.stringify(await store.list('credential'));
    const told = JSON.stringify(await table().list());
    for (const form of ['utf8', 'base64', 'hex', 'base64url'] as const) {
      const written = Buffer.from(SECRET).toString(form).replaceAll('=', '');
      expect(resting).not.toContain(written);
      expect(told).not.toContain(written);
    }
    expect(told).toContain(ANN.user);
  });

  it('seals the same secret differently each time', async () => {
    await table().put(ANN, SECRET);
    const first = await store.get('credential', `chap/${ANN.user}`);
    await table().put(ANN, SECRET);
    expect(await store.get('credential', `chap/${ANN.user}`)).not.toEqual(first);
  });

  it('does not open what was moved to another user', async () => {
    await table().put(ANN, SECRET);
    const value = await store.get('credential', `chap/${ANN.user}`);
    await store.put('credential', 'chap/ben', value!);
    await expect(table().secretOf(BEN)).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_UNREADABLE',
    });
  });

  it.each(['iv', 'tag', 'text', 'keyId'] as const)(
    'does not open with its %s changed',
    async (part) => {
      await table().put(BEN, SECRET);
      const value = (await store.get('credential', 'chap/ben')) as { readonly sealed: Sealed };
      const { sealed } = value;
      for (const changed of ['', 'AAAA', `${sealed[part].slice(0, -4)}AAA=`]) {
        await store.put('credential', 'chap/ben', {
          ...value,
          sealed: { ...sealed, [part]: changed },
        });
        await expect(table().secretOf(BEN)).rejects.toMatchObject({
          code: 'ERR_CREDENTIAL_UNREADABLE',
        });
      }
    },
  );

  it('says of a record that is none that it is damaged, and of one of a later version nothing', async () => {
    await store.put('credential', 'chap/ben', { sealed: 7 });
    await store.put('credential', 'nt-hash/ann', {});
    await expect(table().secretOf(BEN)).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_UNREADABLE',
    });
    expect(await table().list()).toEqual([{ ...BEN, changedAtMs: null, keyId: null }]);
    await expect(table().reseal()).rejects.toMatchObject({ code: 'ERR_CREDENTIAL_UNREADABLE' });
  });

  it('forgets what is removed, and says whether there was anything', async () => {
    await table().put(BEN, SECRET);
    expect(await table().remove(BEN)).toBe(true);
    expect(await table().remove(BEN)).toBe(false);
    expect(await table().secretOf(BEN)).toBeUndefined();
  });

  it.each([
    ['', SECRET],
    ['a b', SECRET],
    ['x/y', SECRET],
    ['x'.repeat(129), SECRET],
    ['ben', 'eleven byte'],
    ['ben', 'é'.repeat(128)],
  ])('refuses the user "%s" with the secret "%s", and keeps nothing', async (user, secret) => {
    await expect(table().put({ kind: 'chap', user }, secret)).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_INVALID',
    });
    expect(await table().list()).toEqual([]);
  });

  describe('after the cluster got another secret', () => {
    const former = 'the secret of a cluster';
    const now = new Keyring('another secret of it', [former]);

    it('opens what rests under the former one where that is known', async () => {
      await table().put(BEN, SECRET);
      expect(await tableWith(now).secretOf(BEN)).toBe(SECRET);
      const forgetful = tableWith(new Keyring('another secret of it'));
      await expect(forgetful.secretOf(BEN)).rejects.toMatchObject({
        code: 'ERR_CREDENTIAL_UNREADABLE',
      });
    });

    it('needs the former one no more once all is sealed anew', async () => {
      await table().put(BEN, SECRET);
      await table().put(ANN, SECRET);
      await tableWith(now).put(ANN, 'set since, under the new one');
      expect(await tableWith(now).reseal()).toBe(1);
      expect(await tableWith(now).reseal()).toBe(0);
      const forgetful = tableWith(new Keyring('another secret of it'));
      expect(await forgetful.secretOf(BEN)).toBe(SECRET);
      expect(await forgetful.secretOf(ANN)).toBe('set since, under the new one');
      await expect(table().secretOf(BEN)).rejects.toMatchObject({
        code: 'ERR_CREDENTIAL_UNREADABLE',
      });
    });
  });
});
