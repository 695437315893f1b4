import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ExpositionLimits } from '../../../../collector/prometheus/exposition.js';
import { parseExposition, typeOf } from '../../../../collector/prometheus/exposition.js';
import { readNumber } from '../../../../collector/prometheus/number.js';
import { codeOf } from '../../../../core/errors.js';
import { nodeExporterPage } from '../../../support/node-exporter-page.js';
import { fuzzRuns } from '../../../support/fuzz.js';

interface Options {
  readonly dialect?: 'text' | 'openmetrics';
  readonly limits?: Partial<ExpositionLimits>;
}

function parse(text: string, { dialect = 'text', limits = {} }: Options = {}) {
  const wanted = new Set(['a', 'b_total', 'h_count']);
  return parseExposition(text, { page: 'the page', wanted, dialect, limits });
}

/** `labels value @timestamp` of each sample of `a`. */
function samplesOf(text: string, options: Options = {}): string[] {
  return (parse(text, options).samples.get('a') ?? []).map(
    ({ labels, value, timestampMs }) =>
      `${JSON.stringify(Object.fromEntries(labels))} ${value} @${timestampMs ?? '-'}`,
  );
}

/** The message of the refusal. */
function refusal(text: string, options: Options = {}): string {
  try {
    parse(text, options);
  } catch (error) {
    expect(codeOf(error)).toBe('ERR_PAGE_INVALID');
    return (error as Error).message;
  }
  throw new Error('the page was taken');
}

describe('parseExposition', () => {
  it.each([
    ['a bare sample', 'a 1\n', ['{} 1 @-']],
    ['a decimal in any writing', 'a -1.5E+3\n', ['{} -1500 @-']],
    ['infinities and NaN, which are lawful', 'a +Inf\na{x="1"} -Inf\na{x="2"} NaN\n', 3],
    ['labels', 'a{x="1",y="2"} 3\n', ['{"x":"1","y":"2"} 3 @-']],
    ['no labels in braces, and a comma behind the last', 'a{} 1\na{x="",} 2\n', 2],
    ['blanks wherever they may be', ' a\t{ x = "1" , y="2" } \t 3  4 \n', 1],
    ['escapes', 'a{x="\\\\ \\" \\n"} 1\n', ['{"x":"\\\\ \\" \\n"} 1 @-']],
    [
      'what would be special elsewhere, in quotes',
      'a{x="}, y=#{ 7"} 1\n',
      ['{"x":"}, y=#{ 7"} 1 @-'],
    ],
    ['text of all the world', 'a{x="日本 🦀"} 1\n', ['{"x":"日本 🦀"} 1 @-']],
    ['a timestamp in milliseconds', 'a 1 1700000000123\n', ['{} 1 @1700000000123']],
    ['a timestamp before 1970', 'a 1 -5\n', ['{} 1 @-5']],
    ['blank lines and comments', '\n# just so\n#\n \n# HELP a is\\n it\na 1\n', ['{} 1 @-']],
    ['an empty page', '', []],
    ['no line that was asked for', 'aa 1\na_total 2\nb 3\n', []],
  ])('reads %s', (_, text, expected) => {
    const found = samplesOf(text);
    expect(typeof expected === 'number' ? found.length : found).toEqual(expected);
  });

  it('passes over lines that nobody asked for, whatever they are', () => {
    expect(samplesOf('aa{x="1} nonsense\n{"quoted.name"} 1\n%%%\na 1\n')).toEqual(['{} 1 @-']);
  });

  it.each([
    [
      'no line feed at the end: the page was cut',
      'a 1\na{x="1"} 2',
      'line 2: no line feed at the end',
    ],
    ['no value', 'a\n', 'line 1: its value is no number'],
    ['a value that is no number', 'a 0x10\n', 'its value is no number'],
    ['an underscore in a number', 'a 1_000\n', 'its value is no number'],
    ['a comma for a point', 'a 1,5\n', 'its value is no number'],
    ['a value glued to the labels of another', 'a{x="1"}2"\n', 'its value is no number'],
    ['a label without a value', 'a{x} 1\n', 'a label without ='],
    ['a label without quotes', 'a{x=1} 1\n', "a label's value is not in quotes"],
    ['a label without a name', 'a{="1"} 1\n', 'a label has no name'],
    ['a label that begins with a digit', 'a{1x="1"} 1\n', 'a label has no name'],
    ['a quote that does not end', 'a{x="1} 1\n', "a label's value does not end"],
    ['an escape at the end of the line', 'a{x="1\\\n', 'an unknown escape in a label'],
    ['an unknown escape', 'a{x="\\t"} 1\n', 'an unknown escape in a label'],
    ['braces that do not close', 'a{x="1"\n', 'no comma between labels'],
    ['two labels without a comma', 'a{x="1" y="2"} 1\n', 'no comma between labels'],
    ['a comma alone', 'a{,} 1\n', 'a label has no name'],
    ['a label twice', 'a{x="1",x="1"} 1\n', 'a label twice'],
    [
      'a sample twice',
      'a{x="1",y="2"} 1\na{y="2",x="1"} 1\n',
      'line 2: the same sample a second time',
    ],
    ['a timestamp with a fraction', 'a 1 1.5\n', 'its timestamp is no number'],
    ['more at the end', 'a 1 2 3\n', 'more than a name, labels, a value and a timestamp'],
    ['an exemplar, which is OpenMetrics', 'a 1 # {} 1\n', 'more than a name'],
    ['line ends of other systems', 'a 1\r\n', 'its value is no number'],
    ['a second TYPE', '# TYPE a counter\n# TYPE a gauge\n', 'line 2: a second TYPE of a'],
  ])('refuses %s', (_, text, why) => {
    expect(refusal(text)).toContain(why);
    expect(refusal(text)).toContain('the page cannot be used: line');
  });

  it.each([
    ['labels', 'a{x="1",y="2",z="3"} 1\n', { labelsMax: 2 }, 'more than 2 labels'],
    ['samples', 'a{x="1"} 1\na{x="2"} 1\na{x="3"} 1\n', { samplesMax: 2 }, 'more than 2 samples'],
    ['lines', '\n\n\na 1\n', { linesMax: 3 }, 'more than 3 lines'],
    ['characters', `a{x="${'y'.repeat(90)}"} 1\n`, { lineCharactersMax: 90 }, 'longer than 90'],
  ])('has a limit of %s', (_, text, limits, why) => {
    expect(refusal(text, { limits })).toContain(why);
    expect(samplesOf(text).length).toBeGreaterThan(0);
  });

  it('reads OpenMetrics where it is told to', () => {
    const text = 'a{x="1"} 1 1700000000.25 # {trace="t"} 0.5 170\na 2 # {} 1\n# UNIT a s\n# EOF\n';
    const expected = ['{"x":"1"} 1 @1700000000250', '{} 2 @-'];
    expect(samplesOf(text, { dialect: 'openmetrics' })).toEqual(expected);
  });

  it.each([
    ['cut off', 'a 1\n', 'no # EOF: cut off'],
    ['that goes on after its end', '# EOF\na 1\n', 'there is more after # EOF'],
    ['with more in the line of its end', 'a 1\n# EOF now\n', '# EOF stands alone'],
  ])('refuses OpenMetrics %s', (_, text, why) => {
    expect(refusal(text, { dialect: 'openmetrics' })).toContain(why);
  });

  it('knows the type of a sample by its family', () => {
    const { types } = parse(
      '# TYPE a gauge\n# TYPE b counter\n#  TYPE\th histogram\n# TYPE other counter\n',
    );
    expect(typeOf('a', types)).toBe('gauge');
    expect(typeOf('b_total', types)).toBe('counter');
    expect(typeOf('h_count', types)).toBe('histogram');
    expect(types.has('other')).toBe(false);
  });

  it('tells samples apart by all their labels, and only by them', () => {
    const { samples } = parse('a{x="1,y=2"} 1\na{x="1",y="2"} 2\n');
    const keys = samples.get('a')?.map(({ key }) => key) ?? [];
    expect(new Set(keys).size).toBe(2);
  });
});

describe('parseExposition on anything', () => {
  const RUNS = fuzzRuns(10_000);
  const PIECES = [
    ...['a', 'b_total', 'h_count', 'zz', '{', '}', '"', '=', ',', '\\', '#', ' ', '\t', '\n', '\r'],
    ...['x="1"', '{x="1"}', ' 1', ' 1\n', ' NaN\n', '+Inf', '-1', '1e308', '1e999', '0x1', ' 17\n'],
    ...[
      '# TYPE a counter\n',
      '# HELP a ',
      '# EOF\n',
      '# {} 1',
      '\u0000',
      '\uffff',
      '🦀',
      '__proto__',
    ],
  ];

  /** Throws what is no coded error of a page. */
  function attempt(text: string, dialect: 'text' | 'openmetrics'): void {
    try {
      parse(text, { dialect, limits: { samplesMax: 50 } });
    } catch (error) {
      if (codeOf(error) !== 'ERR_PAGE_INVALID') throw error;
    }
  }

  it('never throws but a coded error: text of hostile pieces', () => {
    const text = fc
      .array(fc.constantFrom(...PIECES), { maxLength: 40 })
      .map((list) => list.join(''));
    fc.assert(
      fc.property(text, fc.constantFrom('text', 'openmetrics'), (page, dialect) => {
        attempt(page, dialect);
      }),
      RUNS,
    );
  });

  it('never throws but a coded error: bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = `a{x="${Buffer.from(bytes).toString('utf8')}`;
        attempt(text, 'text');
      }),
      RUNS,
    );
  });

  it('refuses each page that is cut, or reads of it what stands there', () => {
    const page = nodeExporterPage({ timeMs: 1000, cpu: [{ user: 1 }, { user: 2 }] });
    const wanted = new Set(['node_cpu_seconds_total', 'node_time_seconds']);
    const read = (text: string): Map<string, number> => {
      const options = { page: 'p', wanted, dialect: 'text' } as const;
      const { samples } = parseExposition(text, options);
      return new Map([...samples.values()].flat().map(({ key, value }) => [key, value]));
    };
    const whole = read(page);
    for (let end = 0; end < page.length; end++) {
      if (end === 0 || page[end - 1] === '\n') {
        const isTrue = [...read(page.slice(0, end))].every(
          ([key, value]) => whole.get(key) === value,
        );
        if (!isTrue) throw new Error(`cut at ${end} it says something else`);
      } else {
        expect(() => read(page.slice(0, end))).toThrow('cut off');
      }
    }
  });

  it('reads back every page that is written by the rules', () => {
    const label = fc.tuple(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/), fc.string());
    const sample = fc.tuple(
      fc.uniqueArray(label, { maxLength: 4, selector: ([name]) => name }),
      fc.double(),
      fc.option(fc.integer(), { nil: undefined }),
    );
    const escaped = (text: string): string =>
      text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    fc.assert(
      fc.property(sample, ([labels, value, timestamp]) => {
        const inside = labels.map(([name, text]) => `${name}="${escaped(text)}"`).join(',');
        const number = Number.isFinite(value) ? String(value) : String(value).replace('inity', '');
        const [read] = parse(`a{${inside}} ${number} ${timestamp ?? ''}\n`).samples.get('a') ?? [];
        expect(JSON.stringify([...(read?.labels ?? [])])).toBe(JSON.stringify(labels));
        expect(read?.timestampMs).toBe(timestamp);
        expect(read?.value).toBe(Object.is(value, -0) ? 0 : value);
      }),
      RUNS,
    );
  });
});

describe('readNumber', () => {
  it.each([
    ['0', 0],
    ['+1.', 1],
    ['.5', 0.5],
    ['1e-3', 0.001],
    ['-inf', -Infinity],
    ['+Infinity', Infinity],
    ['nan', NaN],
    ['1e999', Infinity],
    ['', undefined],
    ['.', undefined],
    ['e5', undefined],
    ['1e', undefined],
    ['--1', undefined],
    ['0b1', undefined],
    ['infinite', undefined],
    ['1 ', undefined],
  ])('%s is %s', (text, number) => {
    expect(readNumber(text)).toBe(number);
  });
});
