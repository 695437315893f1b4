import type { Latin1 } from './bytes.js';
import { COLON, CR, LF, TOKEN, VALUE, VALUE_8_BIT, isBlank } from './characters.js';
import type { HttpFault } from './fault.js';
import { FAULTS } from './fault.js';
import { nameAt } from './known-names.js';

/**
 * Reads the field lines of one head (or trailer section), and notes on the way what the fields say about the message
 * itself: the hot part of the codec. It only collects; `framing.ts` and the heads judge.
 */
export class FieldScan {
  /** Flat: lower-case name, value, … */
  fields: string[] = [];
  fault: HttpFault | undefined;
  hosts = 0;
  host = '';
  lengths = 0;
  length = '';
  codings = 0;
  coding = '';
  expectation = '';
  upgrade = '';
  /** All Connection headers as one list. */
  connection = '';
  readonly #headersMax: number;
  readonly #valueCharacters: Uint8Array;

  constructor(headersMax: number, allowsEightBit: boolean) {
    this.#headersMax = headersMax;
    this.#valueCharacters = allowsEightBit ? VALUE_8_BIT : VALUE;
  }

  begin(): void {
    this.fields = [];
    this.fault = undefined;
    this.hosts = this.lengths = this.codings = 0;
    this.host = this.length = this.coding = this.expectation = this.upgrade = this.connection = '';
  }

  /**
   * Reads the line that begins at `at`; the source has at least its LF. Returns where the next line begins, or -1 with
   * `fault` set. Never looks beyond the first LF, so a line means the same alone and among others.
   */
  line(source: Latin1, at: number): number {
    const { bytes, text } = source;
    let nameEnd = at;
    while (TOKEN[bytes[nameEnd] ?? 0] === 1) nameEnd++;
    if (bytes[nameEnd] !== COLON || nameEnd === at) {
      return this.refuse(nameFault(bytes, at, nameEnd));
    }

    let valueStart = nameEnd + 1;
    let code = bytes[valueStart] ?? 0;
    while (isBlank(code)) code = bytes[++valueStart] ?? 0;
    let lineEnd = valueStart;
    const characters = this.#valueCharacters;
    while (characters[code] === 1) code = bytes[++lineEnd] ?? 0;
    if (code !== CR || bytes[lineEnd + 1] !== LF) return this.refuse(byteFault(code));
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1] ?? 0)) valueEnd--;

    if (this.fields.length >= 2 * this.#headersMax) return this.refuse(FAULTS.headersTooMany);
    const name = nameAt(source, at, nameEnd);
    const value = text.slice(valueStart, valueEnd);
    this.fields.push(name, value);
    return this.#note(name, value) ? lineEnd + 2 : -1;
  }

  refuse(fault: HttpFault): -1 {
    this.fault = fault;
    return -1;
  }

  /** Names are told apart by their length first: most differ there. */
  #note(name: string, value: string): boolean {
    switch (name.length) {
      case 4:
        if (name === 'host') {
          this.hosts += 1;
          this.host = value;
        }
        return true;
      case 6:
        // A second expectation makes a list, which is none that is known.
        if (name === 'expect') this.expectation += this.expectation === '' ? value : `,${value}`;
        return true;
      case 7:
        if (name === 'upgrade') this.upgrade += this.upgrade === '' ? value : `,${value}`;
        return true;
      case 10:
        if (name === 'connection') {
          this.connection += this.connection === '' ? value : `,${value}`;
        }
        return true;
      case 14:
        if (name === 'content-length') {
          this.lengths += 1;
          this.length = value;
          return true;
        }
        return this.#isNoLookalike(name, 'content-length');
      case 17:
        if (name === 'transfer-encoding') {
          this.codings += 1;
          this.coding = value;
          return true;
        }
        return this.#isNoLookalike(name, 'transfer-encoding');
      default:
        return true;
    }
  }

  /** `content_length` and the like: some servers read any punctuation in a name as a hyphen. */
  #isNoLookalike(name: string, framing: string): boolean {
    if (name.charCodeAt(0) !== framing.charCodeAt(0) || plainName(name) !== framing) return true;
    this.refuse(FAULTS.headerLookalike);
    return false;
  }
}

/** The name with all punctuation as hyphens: how the most careless reader (CGI and its heirs) sees it. */
export function plainName(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, '-');
}

/** Why a line with no `token:` at its start is refused. */
function nameFault(bytes: Uint8Array, at: number, nameEnd: number): HttpFault {
  const code = bytes[nameEnd] ?? 0;
  if (nameEnd === at) {
    if (isBlank(code)) return FAULTS.headerFolded;
    if (code === COLON) return FAULTS.headerNameEmpty;
  } else if (isBlank(code)) {
    let next = nameEnd;
    while (isBlank(bytes[next] ?? 0)) next++;
    return bytes[next] === COLON ? FAULTS.headerNameSpaced : FAULTS.headerNameInvalid;
  }
  if (code === CR && bytes[nameEnd + 1] === LF) return FAULTS.headerColonMissing;
  return code === CR || code === LF || code === 0 ? byteFault(code) : FAULTS.headerNameInvalid;
}

/** Why a byte is refused where a line's text may stand. CR and LF stand for those that are not the line's end. */
export function byteFault(code: number): HttpFault {
  if (code === LF) return FAULTS.bareLineFeed;
  if (code === CR) return FAULTS.bareCarriageReturn;
  if (code === 0) return FAULTS.nulByte;
  return code >= 0x80 ? FAULTS.eightBitByte : FAULTS.controlCharacter;
}
