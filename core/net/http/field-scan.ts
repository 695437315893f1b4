import { COLON, CR, LF, SPACE, TAB, TOKEN, VALUE, VALUE_8_BIT } from './characters.js';
import type { HttpFault } from './fault.js';
import { FAULTS } from './fault.js';

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
   * Reads the line that begins at `at`; the text has at least its LF. Returns where the next line begins, or -1 with
   * `fault` set. Never looks beyond the first LF, so a line means the same alone and among others.
   */
  line(text: string, at: number): number {
    let nameEnd = at;
    let code = text.charCodeAt(nameEnd);
    while (TOKEN[code] === 1) code = text.charCodeAt(++nameEnd);
    if (code !== COLON || nameEnd === at) return this.refuse(nameFault(text, at, nameEnd));

    let valueStart = nameEnd + 1;
    code = text.charCodeAt(valueStart);
    while (code === SPACE || code === TAB) code = text.charCodeAt(++valueStart);
    let lineEnd = valueStart;
    const characters = this.#valueCharacters;
    while (characters[code] === 1) code = text.charCodeAt(++lineEnd);
    if (code !== CR || text.charCodeAt(lineEnd + 1) !== LF) return this.refuse(byteFault(code));
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;

    if (this.fields.length >= 2 * this.#headersMax) return this.refuse(FAULTS.headersTooMany);
    const name = text.slice(at, nameEnd).toLowerCase();
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

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Why a line with no `token:` at its start is refused. */
function nameFault(text: string, at: number, nameEnd: number): HttpFault {
  const code = text.charCodeAt(nameEnd);
  if (nameEnd === at) {
    if (isBlank(code)) return FAULTS.headerFolded;
    if (code === COLON) return FAULTS.headerNameEmpty;
  } else if (isBlank(code)) {
    let next = nameEnd;
    while (isBlank(text.charCodeAt(next))) next++;
    return text.charCodeAt(next) === COLON ? FAULTS.headerNameSpaced : FAULTS.headerNameInvalid;
  }
  if (code === CR && text.charCodeAt(nameEnd + 1) === LF) return FAULTS.headerColonMissing;
  return code === CR || code === LF || code === 0 ? byteFault(code) : FAULTS.headerNameInvalid;
}

/** Why a byte is refused where a line's text may stand. CR and LF stand for those that are not the line's end. */
export function byteFault(code: number): HttpFault {
  if (code === LF) return FAULTS.bareLineFeed;
  if (code === CR) return FAULTS.bareCarriageReturn;
  if (code === 0) return FAULTS.nulByte;
  return code >= 0x80 ? FAULTS.eightBitByte : FAULTS.controlCharacter;
}
