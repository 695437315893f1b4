import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import type { Tree } from '../../console/frame/tree.js';
import { h } from '../../console/frame/tree.js';
import type { BrowserPage } from '../support/browser.js';
import { Browser } from '../support/browser.js';
import { describeWith } from '../support/installed.js';

/* What is on the screen follows the trees: whoever reads or types is not disturbed by what comes or goes elsewhere. */

const row = (name: string): Tree => h('li', { key: name }, h('a', { href: `#${name}` }, name));
const list = (...names: readonly string[]): Tree => h('ul', {}, names.map(row));

describeWith('chromium')('a page that changes while it is looked at', () => {
  let browser: Browser;
  let page: BrowserPage;
  const server = createServer((request, response) => {
    if (request.url !== '/patch.js') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><main></main>');
      return;
    }
    response.setHeader('content-type', 'text/javascript');
    readFile(`${productFolder}dist/console/frame/patch.js`).then(
      (script) => response.end(script),
      (error: unknown) => response.destroy(error as Error),
    );
  });

  beforeAll(async () => {
    browser = await Browser.open();
    page = await browser.page();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await page.open(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
    await page.holds('is there', async () => (await page.count('main')) === 1);
  });

  afterAll(async () => {
    await browser.close();
    server.close();
  });

  /** Resolves to what the screen has then. */
  const shown = (...trees: readonly Tree[]) =>
    page.evaluate<string>(`import('/patch.js').then(({ patch }) => {
      patch(document.querySelector('main'), ${JSON.stringify(trees)}, {});
      return document.querySelector('main').innerHTML;
    })`);
  const focus = (name: string) =>
    page.evaluate(`document.querySelector('a[href="#${name}"]').focus()`);
  const focused = () => page.evaluate<string>('document.activeElement.textContent');

  it.each([
    ['a sentence above goes', [h('p', {}, 'news'), list('a', 'b')], [list('a', 'b')]],
    ['a sentence above comes', [list('a', 'b')], [h('p', {}, 'news'), list('a', 'b')]],
    ['a text above goes', ['news', list('a', 'b')], [list('a', 'b')]],
    [
      'one of another kind takes its place',
      [h('p', {}, 'news'), h('div', {}, 'bar'), list('a', 'b')],
      [h('div', {}, 'bar'), list('a', 'b')],
    ],
    ['rows change places', [list('a', 'b', 'c')], [list('c', 'b', 'a')]],
    ['a row before it goes', [list('a', 'b', 'c')], [list('b', 'c')]],
    ['rows come around it', [list('b')], [list('a', 'b', 'c')]],
  ] as const)('keeps the focus where %s', async (_, before, after) => {
    await shown();
    const fresh = await shown(...after);
    await shown();
    await shown(...before);
    await focus('b');
    expect(await shown(...after)).toBe(fresh);
    expect(await focused()).toBe('b');
  });

  it('shows the trees, whatever was there', async () => {
    const pieces: readonly Tree[] = [
      'text',
      h('p', {}, 'one'),
      h('p', {}, 'two'),
      h('div', {}, list('a')),
      list('b', 'a'),
      h('section', { key: 'k' }, 'keyed'),
      h('section', { key: 'l' }, 'l'),
    ];
    const pages = Array.from({ length: 60 }, (_, seed) =>
      pieces
        .map((piece, index) => ({ piece, rank: (seed * 7919 + index * 104_729 + 13) % 31 }))
        .filter(({ rank }) => rank % 3 !== 0)
        .sort((a, b) => a.rank - b.rank)
        .map(({ piece }) => piece),
    );
    for (const trees of pages) {
      const changed = await shown(...trees);
      await shown();
      expect(changed).toBe(await shown(...trees));
      await shown(...(pages[(pages.indexOf(trees) + 17) % pages.length] ?? []));
    }
  });
});
