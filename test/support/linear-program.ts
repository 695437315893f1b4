import type { Highs } from 'highs';
import highs from 'highs';

// Its types are those of a CommonJS module, what is imported is none.
const loadHighs = highs as unknown as typeof highs.default;

/** Σ coefficient × variable, by the variable's name. */
export type Terms = ReadonlyMap<string, number>;

/** A value that is taken for whole may be off by this. */
const WHOLE = 1e-6;

/** A mixed-integer linear program, solved by HiGHS. Variables are 0 or more. */
export class LinearProgram {
  readonly #highs: Highs;
  readonly #rows: string[] = [];
  readonly #binaries = new Set<string>();

  private constructor(highs: Highs) {
    this.#highs = highs;
  }

  static async create(): Promise<LinearProgram> {
    return new LinearProgram(await loadHighs());
  }

  /** 0 or 1. */
  binary(name: string): string {
    this.#binaries.add(name);
    return name;
  }

  atMost(terms: Terms, limit: number): void {
    this.#row(terms, '<=', limit);
  }

  atLeast(terms: Terms, limit: number): void {
    this.#row(terms, '>=', limit);
  }

  equal(terms: Terms, value: number): void {
    this.#row(terms, '=', value);
  }

  /** The least value of these terms, and what is 1 there; undefined: not proven within that time. */
  minimum(
    terms: Terms,
    seconds: number,
  ): { readonly value: number; readonly ones: ReadonlySet<string> } | undefined {
    // A row needs a variable, and an objective, too.
    const text = [
      'Minimize',
      ` obj: ${textOf(terms)} + 0 none`,
      'Subject To',
      ...this.#rows.map((row, at) => ` c${at}: ${row}`),
      'Binaries',
      ` ${[...this.#binaries].join(' ')}`,
      'End',
    ].join('\n');
    const solution = this.#highs.solve(text, {
      // With it HiGHS 1.15.3 calls a few problems infeasible that are not.
      presolve: 'off',
      mip_rel_gap: 0,
      mip_abs_gap: 0,
      time_limit: seconds,
    });
    if (solution.Status === 'Time limit reached') return undefined;
    if (solution.Status !== 'Optimal') throw new Error(`HiGHS says ${solution.Status} of\n${text}`);
    const isOne = (name: string): boolean => solution.Columns[name]!.Primal > 1 - WHOLE;
    return {
      value: solution.ObjectiveValue,
      ones: new Set([...this.#binaries].filter((name) => name in solution.Columns && isOne(name))),
    };
  }

  #row(terms: Terms, relation: string, limit: number): void {
    this.#rows.push(`${textOf(terms)} + 0 none ${relation} ${limit}`);
  }
}

function textOf(terms: Terms): string {
  return [...terms]
    .map(([name, factor]) => `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} ${name}`)
    .join(' ');
}
