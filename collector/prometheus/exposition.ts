import { fail } from '../../core/errors.js';
import { clip } from '../../core/text.js';
import { readNumber } from './number.js';

/*
 * Prometheus' text format 0.0.4, and OpenMetrics 1.0 where a target insists on it. Only lines of metrics that somebody
 * asked for are read, those to the letter; all others are passed over. References: "Exposition formats",
 * prometheus.io/docs/instrumenting/exposition_formats; OpenMetrics 1.0, section 4.
 */

export interface ExpositionSample {
  readonly labels: ReadonlyMap<string, string>;
  /** Name and labels in the order of the labels' names: the same for no other sample of the page. */
  readonly key: string;
  /** As it stands there: NaN, infinities and negative numbers are lawful. */
  readonly value: number;
  /** Epoch milliseconds, if the line says when. */
  readonly timestampMs: number | undefined;
}

export interface Exposition {
  /** By name, in the page's order. */
  readonly samples: ReadonlyMap<string, readonly ExpositionSample[]>;
  /** By family, as the page writes them. */
  readonly types: ReadonlyMap<string, string>;
}

export interface ExpositionLimits {
  readonly linesMax: number;
  /** Of one line that is read. */
  readonly lineCharactersMax: number;
  readonly labelsMax: number;
  readonly samplesMax: number;
}

const EXPOSITION_LIMITS: ExpositionLimits = {
  linesMax: 500_000,
  lineCharactersMax: 16_384,
  labelsMax: 64,
  samplesMax: 10_000,
};

export interface ExpositionOptions {
  /** For messages. */
  readonly page: string;
  /** The metrics whose lines are read. */
  readonly wanted: ReadonlySet<string>;
  readonly dialect: 'text' | 'openmetrics';
  readonly limits?: Partial<ExpositionLimits>;
}

/** @throws ERR_PAGE_INVALID — a line that is read breaks the format, a sample is there twice, or the end is missing */
export function parseExposition(text: string, options: ExpositionOptions): Exposition {
  return new ExpositionReader(text, options).read();
}

/** What the samples of a family may have behind its name. */
const SUFFIX = /_(?:total|count|sum|bucket|created)$/;

/** The TYPE of the family that a sample of that name belongs to; undefined if the page does not say. */
export function typeOf(name: string, types: Exposition['types']): string | undefined {
  return types.get(name) ?? types.get(name.replace(SUFFIX, ''));
}

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

class ExpositionReader {
  readonly #text: string;
  readonly #options: ExpositionOptions;
  readonly #limits: ExpositionLimits;
  readonly #families: ReadonlySet<string>;
  readonly #samples = new Map<string, ExpositionSample[]>();
  readonly #keys = new Set<string>();
  readonly #types = new Map<string, string>();
  #line = 0;
  #at = 0;
  /** Where the line ends: its line feed. */
  #end = -1;
  #isOver = false;

  constructor(text: string, options: ExpositionOptions) {
    this.#text = text;
    this.#options = options;
    this.#limits = { ...EXPOSITION_LIMITS, ...options.limits };
    const { wanted } = options;
    this.#families = new Set([...wanted].flatMap((name) => [name, name.replace(SUFFIX, '')]));
  }

  read(): Exposition {
    while (this.#nextLine()) {
      this.#skipBlanks();
      if (this.#at === this.#end) continue;
      if (this.#code() === HASH) this.#comment();
      else this.#sample();
    }
    if (this.#options.dialect === 'openmetrics' && !this.#isOver) this.#fault('no # EOF: cut off');
    return { samples: this.#samples, types: this.#types };
  }

  #nextLine(): boolean {
    this.#at = this.#end + 1;
    if (this.#at >= this.#text.length) return false;
    this.#line += 1;
    if (this.#isOver) this.#fault('there is more after # EOF');
    if (this.#line > this.#limits.linesMax) this.#fault(`more than ${this.#limits.linesMax} lines`);
    this.#end = this.#text.indexOf('\n', this.#at);
    if (this.#end === -1) this.#fault('no line feed at the end: cut off');
    return true;
  }

  /** Only TYPE lines of wanted families, and the end of OpenMetrics, say something to us. */
  #comment(): void {
    const { dialect } = this.#options;
    const start = this.#at;
    this.#at += 1;
    this.#skipBlanks();
    const word = this.#word();
    if (word === 'EOF' && dialect === 'openmetrics') {
      this.#isOver = this.#end === start + '# EOF'.length;
      if (!this.#isOver) this.#fault('# EOF stands alone in its line');
    }
    if (word !== 'TYPE') return;
    this.#skipBlanks();
    const family = this.#word();
    if (!this.#families.has(family)) return;
    this.#skipBlanks();
    const type = this.#word();
    if (this.#types.has(family)) this.#fault(`a second TYPE of ${family}`);
    this.#types.set(family, type);
  }

  #sample(): void {
    const name = this.#name(isNameCode);
    if (!this.#options.wanted.has(name)) return;
    const { lineCharactersMax, samplesMax } = this.#limits;
    if (this.#end - this.#at > lineCharactersMax) {
      this.#fault(`longer than ${lineCharactersMax} characters`);
    }
    this.#skipBlanks();
    const labels = this.#code() === OPEN ? this.#labels() : NO_LABELS;
    this.#skipBlanks();
    const value = readNumber(this.#word());
    if (value === undefined) this.#fault('its value is no number');
    this.#skipBlanks();
    const timestampMs = this.#timestamp();
    this.#finish();
    const key = keyOf(name, labels);
    if (this.#keys.has(key)) this.#fault('the same sample a second time');
    if (this.#keys.size === samplesMax) this.#fault(`more than ${samplesMax} samples to read`);
    this.#keys.add(key);
    const sample = { labels, key, value, timestampMs };
    const known = this.#samples.get(name);
    if (known === undefined) this.#samples.set(name, [sample]);
    else known.push(sample);
  }

  #labels(): ReadonlyMap<string, string> {
    const labels = new Map<string, string>();
    this.#at += 1;
    for (;;) {
      this.#skipBlanks();
      if (this.#takes(CLOSE)) return labels;
      const name = this.#name(isLabelCode);
      if (name === '') this.#fault('a label has no name');
      this.#skipBlanks();
      if (!this.#takes(EQUALS)) this.#fault('a label without =');
      this.#skipBlanks();
      const value = this.#quoted();
      if (labels.has(name)) this.#fault('a label twice');
      if (labels.size === this.#limits.labelsMax) {
        this.#fault(`more than ${this.#limits.labelsMax} labels`);
      }
      labels.set(name, value);
      this.#skipBlanks();
      if (!this.#takes(COMMA) && this.#code() !== CLOSE) this.#fault('no comma between labels');
    }
  }

  /** A label's value; `\\`, `\"` and `\n` are the escapes there are. */
  #quoted(): string {
    if (!this.#takes(QUOTE)) this.#fault("a label's value is not in quotes");
    const start = this.#at;
    let hasEscapes = false;
    while (this.#code() !== QUOTE) {
      if (this.#at === this.#end) this.#fault("a label's value does not end");
      if (this.#code() === BACKSLASH) {
        hasEscapes = true;
        this.#at += 1;
        const escape = this.#text.slice(this.#at - 1, this.#at + 1);
        if (!(escape in ESCAPES)) this.#fault('an unknown escape in a label');
      }
      this.#at += 1;
    }
    const value = this.#text.slice(start, this.#at);
    this.#at += 1;
    return hasEscapes ? value.replaceAll(/\\./g, (escape) => ESCAPES[escape] ?? escape) : value;
  }

  /** Whole milliseconds in the text format, seconds in OpenMetrics. */
  #timestamp(): number | undefined {
    if (this.#at === this.#end || this.#code() === HASH) return undefined;
    const word = this.#word();
    const isText = this.#options.dialect === 'text';
    const number = isText && !/^-?[0-9]{1,16}$/.test(word) ? undefined : readNumber(word);
    if (number === undefined || !Number.isFinite(number)) this.#fault('its timestamp is no number');
    this.#skipBlanks();
    return isText ? number : number * 1000;
  }

  /** Nothing may follow, but for an exemplar in OpenMetrics, which says nothing to us. */
  #finish(): void {
    if (this.#at === this.#end) return;
    if (this.#options.dialect === 'openmetrics' && this.#code() === HASH) return;
    this.#fault('more than a name, labels, a value and a timestamp');
  }

  #name(isPart: (code: number, isFirst: boolean) => boolean): string {
    const start = this.#at;
    while (this.#at < this.#end && isPart(this.#code(), this.#at === start)) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  /** Up to a blank or the end of the line. */
  #word(): string {
    const start = this.#at;
    while (this.#at < this.#end && this.#code() !== SPACE && this.#code() !== TAB) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #skipBlanks(): void {
    while (this.#at < this.#end && (this.#code() === SPACE || this.#code() === TAB)) this.#at += 1;
  }

  #takes(code: number): boolean {
    if (this.#at === this.#end || this.#code() !== code) return false;
    this.#at += 1;
    return true;
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #fault(why: string): never {
    const { page } = this.#options;
    return fail('ERR_PAGE_INVALID', { page: clip(page), where: `line ${this.#line}`, why });
  }
}

const NO_LABELS: ReadonlyMap<string, string> = new Map();

/** With the lengths of the values, which may hold any character. */
function keyOf(name: string, labels: ReadonlyMap<string, string>): string {
  let key = name;
  for (const [label, value] of inOrder(labels)) key += `,${label}=${value.length}:${value}`;
  return key;
}

/** By their names; exporters write them so. */
function inOrder(labels: ReadonlyMap<string, string>): Iterable<readonly [string, string]> {
  let before = '';
  for (const label of labels.keys()) {
    if (label < before) return [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
    before = label;
  }
  return labels;
}

/** `[a-zA-Z_:][a-zA-Z0-9_:]*` */
function isNameCode(code: number, isFirst: boolean): boolean {
  return code === 0x3a || isLabelCode(code, isFirst);
}

/** `[a-zA-Z_][a-zA-Z0-9_]*` */
function isLabelCode(code: number, isFirst: boolean): boolean {
  const letter = code | 0x20;
  if ((letter >= 0x61 && letter <= 0x7a) || code === 0x5f) return true;
  return !isFirst && code >= 0x30 && code <= 0x39;
}
