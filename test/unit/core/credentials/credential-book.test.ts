import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { CredentialBook } from '../../../../core/credentials/credential-book.js';
import type { CredentialName } from '../../../../core/credentials/credential-table.js';
import { CredentialTable } from '../../../../core/credentials/credential-table.js';
import { Keyring } from '../../../../core/credentials/keyring.js';
import { ForeshiftError } from '../../../../core/errors.js';
import { MemorySessionStore } from '../../../../core/session-store/memory.js';
import { RecordingLog } from '../../../support/recording-log.js';

const ANN: CredentialName = { kind: 'chap', user: 'ann' };
const BEN: CredentialName = { kind: 'chap', user: 'ben' };

describe('the credential book', () => {
  let clock: SimulatedClock;
  let log: RecordingLog;
  let store: MemorySessionStore;
  let table: CredentialTable;
  let book: CredentialBook;

  beforeEach(async () => {
    clock = new SimulatedClock();
    log = new RecordingLog();
    store = new MemorySessionStore();
    table = new CredentialTable({ store, keyring: new Keyring('a secret of tests'), clock });
    await table.put(ANN, 'what ann knows');
    book = new CredentialBook({ table, clock, log });
    await book.start();
  });

  afterEach(() => book.stop());

  it('knows from the start what the table has', () => {
    expect(book.secretOf(ANN)).toBe('what ann knows');
    expect(book.secretOf(BEN)).toBeUndefined();
  });

  it('takes up what is set, changed within one moment, and removed', async () => {
    await table.put(ANN, 'what ann knows now');
    await table.put(BEN, 'what ben knows');
    await clock.advance(5000);
    expect(book.secretOf(ANN)).toBe('what ann knows now');
    expect(book.secretOf(BEN)).toBe('what ben knows');
    await table.put(ANN, 'and a moment later');
    await table.remove(BEN);
    await clock.advance(5000);
    expect(book.secretOf(ANN)).toBe('and a moment later');
    expect(book.secretOf(BEN)).toBeUndefined();
  });

  it('goes on with what it knew while the store is away, and says so once', async () => {
    const list = store.list.bind(store);
    store.list = () =>
      Promise.reject(new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'a twin' }));
    await clock.advance(20_000);
    expect(book.secretOf(ANN)).toBe('what ann knows');
    expect(log.messages).toEqual(['credentials cannot be read']);
    store.list = list;
    await table.put(ANN, 'what ann knows now');
    await clock.advance(5000);
    expect(book.secretOf(ANN)).toBe('what ann knows now');
  });

  it('lets nobody in by one that cannot be opened, and takes up the others', async () => {
    await store.put('credential', 'chap/carl', (await store.get('credential', 'chap/ann')) ?? null);
    await table.put(BEN, 'what ben knows');
    await clock.advance(20_000);
    expect(book.secretOf({ kind: 'chap', user: 'carl' })).toBeUndefined();
    expect(book.secretOf(BEN)).toBe('what ben knows');
    expect(log.messages).toEqual(['a credential cannot be opened']);
  });
});
