import type { Clock } from '../clock/port.js';
import { MemorySessionStore } from '../session-store/memory.js';
import { CredentialTable } from './credential-table.js';
import { Keyring } from './keyring.js';

/** A table that lives as long as its process, under a key that nobody else needs: the twin for tests and benches. */
export function credentialsInMemory(clock: Clock): CredentialTable {
  const keyring = new Keyring('the secret of a table in memory');
  return new CredentialTable({ store: new MemorySessionStore(), keyring, clock });
}
