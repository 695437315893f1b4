import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { GLOBAL_OPTIONS } from '../../../cli/global-options.js';
import { productFolder } from '../../../cli/product.js';
import type { Verb } from '../../../cli/verb.js';
import { VERBS } from '../../../cli/verbs/all.js';

/* What README and docs tell people to type is there to be typed. */

const PAGES = ['README.md', ...readdirSync(`${productFolder}docs`).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .sort();

/** Of every command in a page: what stands after `foreshift`. */
function commandsIn(text: string): string[] {
  const whole = text.replaceAll(/ \\\n\s*/g, ' ');
  const inline = [...whole.matchAll(/`(?:npx )?foreshift ([a-z-][^`]*)`/g)];
  const fenced = [...whole.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => [
    ...block.matchAll(/(?:^|&& |\()(?:npx )?foreshift ([a-z-][^#|)\n]*)/gm),
  ]);
  return [...inline, ...fenced].map(([, command = '']) => command.trim());
}

/** What is wrong with it; undefined: nothing. */
function faultOf(command: string): string | undefined {
  // `pin|unpin`, `reference errors … api`: words for several are looked at by the first.
  const words = command.split(/\s+/);
  let verb: Verb | undefined;
  let verbs: readonly Verb[] = VERBS;
  let at = 0;
  for (; at < words.length; at++) {
    const next = verbs.find(({ usage }) => usage.split(' ')[0] === words[at]);
    if (next === undefined) break;
    verb = next;
    verbs = next.verbs ?? [];
  }
  if (words[0] === 'VERB' || words[0]?.startsWith('--')) return undefined;
  if (verb === undefined) return `there is no verb ${words[0] ?? ''}`;
  const known = [...(verb.options ?? []), ...GLOBAL_OPTIONS].flatMap(([flags]) =>
    flags.split(/[ ,]+/).filter((word) => word.startsWith('-')),
  );
  const unknown = words.slice(at).filter((word) => {
    return word.startsWith('--') && word !== '--help' && !known.includes(word);
  });
  return unknown.length === 0 ? undefined : `${verb.usage} has no ${unknown.join(', ')}`;
}

describe('a command in the documents', () => {
  it.each(PAGES)('%s names only verbs and options that there are', (page) => {
    const commands = commandsIn(readFileSync(`${productFolder}${page}`, 'utf8'));
    const faults = commands.flatMap((command) => {
      const fault = faultOf(command);
      return fault === undefined ? [] : [`foreshift ${command}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  it('would be found if it were wrong, wherever it stands', () => {
    const page =
      'Type `foreshift fly` or `npx foreshift drain s1 --slowly`.\n\n```sh\nnpx foreshift plan --newer # a new one\n```\n';
    expect(commandsIn(page).map(faultOf)).toEqual([
      'there is no verb fly',
      'drain <server> has no --slowly',
      'plan [id] has no --newer',
    ]);
    expect(commandsIn(readFileSync(`${productFolder}README.md`, 'utf8')).length).toBeGreaterThan(
      20,
    );
  });
});

describe('the page of what is accepted', () => {
  const page = readFileSync(`${productFolder}docs/ACCEPTANCE.md`, 'utf8');
  const rows = page.split('\n').flatMap((line) => {
    const [, number, , file, name] = line.split('|').map((cell) => cell.trim());
    return /^\d+$/.test(number ?? '') ? [{ number: Number(number), file, name }] : [];
  });

  it('has all twelve, and names tests that there are', () => {
    expect([...new Set(rows.map(({ number }) => number))]).toEqual(
      Array.from({ length: 12 }, (_, at) => at + 1),
    );
    for (const { file = '', name = '' } of rows) {
      const test = readFileSync(`${productFolder}${file.replaceAll('`', '')}`, 'utf8');
      expect({ file, name, isThere: name !== '' && test.includes(name) }).toMatchObject({
        isThere: true,
      });
    }
  });
});
