import type { Screen } from './screen.js';

/** Where a verb's words go: data to standard output, talk and progress to standard error. */
export interface Terminal {
  /** Data, one or more lines, without the last line end. */
  print(text: string): void;
  /** Talk. */
  say(text: string): void;
  /** A line that the next one of its kind takes the place of; only where a person watches. */
  progress(text: string): void;
  readonly style: Style;
  /** A person can be asked: standard input and output are a terminal. */
  readonly isInteractive: boolean;
  ask(question: string): Promise<string>;
  readonly columns: number;
  /** The whole of it, for a picture that changes; undefined where nobody watches. */
  screen(): Screen | undefined;
}

/** Colours and weights, or plain text where they are not wanted. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const ESCAPE = '\u001b[';

export function styleOf(isColoured: boolean): Style {
  const wrap =
    (on: number, off: number) =>
    (text: string): string =>
      isColoured ? `${ESCAPE}${on}m${text}${ESCAPE}${off}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
  };
}

/** What could move the cursor, or worse, and is none of our styles. Line ends and tabs may stay. */
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[\d+m)/g;

/** Names, reasons and answers are of unknown origin: nothing in them commands the terminal. @param isStyled styles may stay */
export function printable(text: string, isStyled: boolean): string {
  const safe = text.replaceAll(CONTROL, '?');
  if (!isStyled) return safe.replaceAll('\u001b', '?');
  // A style that is not ours looks like one; it ends here all the same.
  return safe.includes(ESCAPE) ? `${safe}${ESCAPE}0m` : safe;
}

/** https://no-color.org, and terminals that say that they cannot. */
export function wantsColour(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const { NO_COLOR = '', TERM } = environment;
  return isTerminal && NO_COLOR === '' && TERM !== 'dumb';
}
