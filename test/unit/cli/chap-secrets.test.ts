import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Security, readSecurity } from '../../../cli/services/security.js';
import { SystemClock } from '../../../core/clock/system.js';
import { configSchema } from '../../../core/config/schema.js';

const chap = { user: 'alice', secretFile: 'secret' };
const config = configSchema.parse({
  iscsi: { targets: [{ name: 'iqn.2026-01.test:vol', resource: 'vol', chap }] },
});

describe('the secret of a target', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-chap-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function secretIn(text: string): Promise<string | undefined> {
    await writeFile(join(folder, 'secret'), text);
    const parts = { clock: new SystemClock(), folder, secret: '' };
    return new Security(config, await readSecurity(config, parts)).chapOf(chap).secret;
  }

  it('is the line in its file', async () => {
    expect(await secretIn('a secret of sixteen\n')).toBe('a secret of sixteen');
    expect(await secretIn(' spaces are its own ')).toBe(' spaces are its own ');
  });

  it('is in the credential table where no file is named', async () => {
    const bare = configSchema.parse({
      iscsi: { targets: [{ name: 'iqn.2026-01.test:vol', resource: 'vol', chap: { user: 'al' } }] },
    });
    const parts = { clock: new SystemClock(), folder, secret: '' };
    const security = new Security(bare, await readSecurity(bare, parts));
    expect(security.chapOf({ user: 'al' })).toEqual({ user: 'al', secret: undefined });
  });

  it('is refused if it could be guessed, or is none', async () => {
    for (const text of ['', '\n', 'eleven char', 'two lines are\nno secret\n', 'x'.repeat(256)]) {
      await expect(secretIn(text)).rejects.toMatchObject({ code: 'ERR_CHAP_SECRET_INVALID' });
    }
    await rm(join(folder, 'secret'), { force: true });
    const parts = { clock: new SystemClock(), folder, secret: '' };
    await expect(readSecurity(config, parts)).rejects.toMatchObject({
      code: 'ERR_FILE_UNREADABLE',
    });
  });
});
