import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { readErrorPages } from '../../cli/services/error-pages.js';
import { configSchema } from '../../core/config/schema.js';
import { freePort } from '../../demo/free-port.js';
import { ErrorPages } from '../../redirector/adapters/http/error-pages.js';
import { RunningUp } from '../support/foreshift.js';
import { untilWithin } from '../support/until.js';

const until = untilWithin(20_000);

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-pages-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the files of error pages', () => {
  const read = async (errorPages: Record<string, string>, errorPageBytesMax = 1024) =>
    new ErrorPages(
      await readErrorPages(configSchema.parse({ http: { errorPages, errorPageBytesMax } }), folder),
    );

  it('are read as they are, with the type that their names say', async () => {
    await writeFile(join(folder, 'a.html'), '<p>\u{1F6B2}</p>');
    await writeFile(join(folder, 'b.JSON'), '{}');
    const pages = await read({ '502': 'a.html', '5xx': join(folder, 'b.JSON') });
    expect(Buffer.from(pages.of(502)?.body ?? []).toString()).toBe('<p>\u{1F6B2}</p>');
    expect(pages.of(502)?.contentType).toBe('text/html; charset=utf-8');
    expect(pages.of(503)?.contentType).toBe('application/json');
    expect(pages.of(404)).toBeUndefined();
  });

  it('may be as long as the limit, and no longer', async () => {
    await writeFile(join(folder, 'full.txt'), 'x'.repeat(1024));
    expect((await read({ '500': 'full.txt' })).of(500)?.body).toHaveLength(1024);
    await writeFile(join(folder, 'long.txt'), 'x'.repeat(1025));
    await expect(read({ '500': 'long.txt' })).rejects.toThrow('longer than the 1024 bytes');
    await expect(read({ '500': '/dev/zero' })).rejects.toThrow('its name ends in none of');
  });

  it('are refused by name where they cannot be read or are of no known type', async () => {
    await expect(read({ '500': 'none.html' })).rejects.toMatchObject({
      code: 'ERR_FILE_UNREADABLE',
    });
    await writeFile(join(folder, 'page.php'), '');
    await expect(read({ '500': 'page.php' })).rejects.toMatchObject({
      code: 'ERR_ERROR_PAGE_INVALID',
    });
  });
});

describe('a process with error pages', () => {
  it('serves them, takes up others, and keeps the former if those are no good', async () => {
    const port = await freePort();
    await writeFile(join(folder, 'gone.html'), 'first');
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        'agents: { listen: "127.0.0.1:0" }',
        `listeners: [{ listen: "127.0.0.1:${port}" }]`,
        'http: { errorPageBytesMax: 100, errorPages: { 404: gone.html } }',
        '',
      ].join('\n'),
    );
    const up = await RunningUp.start(folder);
    const page = async (): Promise<string> => {
      const { statusCode, body, headers } = await request(`http://127.0.0.1:${port}/none`);
      expect(statusCode).toBe(404);
      expect(headers['foreshift-executed']).toBe('no');
      return body.text();
    };
    try {
      expect(await page()).toBe('first');
      await writeFile(join(folder, 'gone.html'), 'x'.repeat(101));
      await until('it is refused', () =>
        up.log.some(({ msg }) => msg === 'named files not taken, the former stay'),
      );
      expect(await page()).toBe('first');
      await writeFile(join(folder, 'gone.html'), 'second');
      await until('it is taken', async () => (await page()) === 'second');
    } finally {
      await up.stop();
    }
  });
});
