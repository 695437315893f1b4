/*
 * Code for WebAssembly (webassembly.github.io/spec, "Binary Format" and "SIMD") that multiplies small matrices, four rows and eight columns
 * at a time, and does at once what follows a product in the network. Each sum goes through its terms in order, from a bias or from 0: the
 * results are those of tfjs, bit by bit.
 */

/** What is done to a product, in this order. */
export interface ProductSteps {
  /** Sums begin with a bias, one a column; else with 0. */
  readonly hasBias?: boolean;
  readonly isBent?: boolean;
  /** Another matrix of the same shape is added. */
  readonly addsMatrix?: boolean;
  /** A row is added to each. */
  readonly addsRow?: boolean;
  readonly isBentLast?: boolean;
}

/** Rows and columns at a time; terms of a sum must be a multiple of `TERMS`. */
export const ROWS = 4;
export const COLUMNS = 8;
export const TERMS = 4;

/**
 * Addresses in bytes. `weights` are packed by eight columns: all terms of the first eight, eight numbers a term, then of the next.
 * Strides are those of rows; `tiles` times `ROWS` rows and `panels` times `COLUMNS` columns are made.
 */
const PARAMETERS = [
  'left',
  'leftStride',
  'weights',
  'terms',
  'bias',
  'matrix',
  'matrixStride',
  'row',
  'out',
  'outStride',
  'tiles',
  'panels',
] as const;
export type Product = (places: Readonly<Record<(typeof PARAMETERS)[number], number>>) => void;

type Code = readonly number[];

const NUMBERS = ['termsLeft', 'tilesLeft', 'weight', 'leftTile', 'matrixTile', 'outTile'] as const;
const LEFTS = ['left0', 'left1', 'left2', 'left3'] as const;
const LOCALS: readonly string[] = [...PARAMETERS, ...NUMBERS, ...LEFTS];
/** Of four numbers each: two for each row, then those of the weights, then one number four times. */
const SUMS = LOCALS.length;
const WEIGHTS = SUMS + 2 * ROWS;
const FACTOR = WEIGHTS + 2;
const VECTORS = 2 * ROWS + 3;

const I32 = 0x7f;
const V128 = 0x7b;
const NUMBER_BYTES = 4;
const HALF_BYTES = 4 * NUMBER_BYTES;
const PANEL_BYTES = COLUMNS * NUMBER_BYTES;

/** Functions `p0`, `p1`, … of a module that is given its memory as `env.memory`, one for each of these. */
export function productModule(products: readonly ProductSteps[]): Uint8Array {
  const bodies = products.map((steps) => sized([...localsCode(), ...bodyOf(steps), END]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...listed(PARAMETERS.map(() => [I32])), 0]]),
    ...section(2, [[...named('env'), ...named('memory'), 0x02, 0x00, 1]]),
    ...section(
      3,
      products.map(() => [0]),
    ),
    ...section(
      7,
      products.map((_, at) => [...named(`p${at}`), 0x00, ...unsigned(at)]),
    ),
    ...section(10, bodies),
  ]);
}

/** Makes functions of what a module of `productModule` exports. */
export function productOf(exported: unknown): Product {
  const call = exported as (...places: number[]) => void;
  return (p) => {
    call(
      p.left,
      p.leftStride,
      p.weights,
      p.terms,
      p.bias,
      p.matrix,
      p.matrixStride,
      p.row,
      p.out,
      p.outStride,
      p.tiles,
      p.panels,
    );
  };
}

function bodyOf(steps: ProductSteps): number[] {
  return repeated('panels', [
    ...set('leftTile', get('left')),
    ...set('matrixTile', get('matrix')),
    ...set('outTile', get('out')),
    ...set('tilesLeft', get('tiles')),
    ...repeated('tilesLeft', [
      ...tileOf(steps),
      ...advance('leftTile', times(get('leftStride'), ROWS)),
      ...advance('matrixTile', times(get('matrixStride'), ROWS)),
      ...advance('outTile', times(get('outStride'), ROWS)),
    ]),
    ...advance('weights', times(get('terms'), PANEL_BYTES)),
    ...['bias', 'matrix', 'row', 'out'].flatMap((name) => advance(name, constant(PANEL_BYTES))),
  ]);
}

function tileOf({ hasBias, isBent, addsMatrix, addsRow, isBentLast }: ProductSteps): number[] {
  const sums = Array.from({ length: 2 * ROWS }, (_, at) => ({
    local: SUMS + at,
    row: at >> 1,
    offset: (at % 2) * HALF_BYTES,
  }));
  const addTo = (local: number, addend: Code): number[] => [
    ...getAt(local),
    ...addend,
    ...ADD_FOUR,
    ...setAt(local),
  ];
  const bend = sums.flatMap(({ local }) => [
    ...getAt(local),
    ...ZEROS,
    ...MAX_FOUR,
    ...setAt(local),
  ]);
  return [
    ...set('weight', get('weights')),
    ...set('termsLeft', get('terms')),
    ...LEFTS.flatMap((name, row) =>
      set(name, [...get('leftTile'), ...times(get('leftStride'), row), ...ADD]),
    ),
    ...sums.flatMap(({ local, offset }) => [
      ...(hasBias === true ? [...get('bias'), ...loadFour(offset)] : ZEROS),
      ...setAt(local),
    ]),
    ...repeated(
      'termsLeft',
      [
        ...Array.from({ length: TERMS }, (_, term) => termOf(term)).flat(),
        ...LEFTS.flatMap((name) => advance(name, constant(TERMS * NUMBER_BYTES))),
        ...advance('weight', constant(TERMS * PANEL_BYTES)),
      ],
      TERMS,
    ),
    ...(isBent === true ? bend : []),
    ...(addsMatrix === true
      ? sums.flatMap(({ local, row, offset }) =>
          addTo(local, [...rowAt('matrixTile', 'matrixStride', row), ...loadFour(offset)]),
        )
      : []),
    ...(addsRow === true
      ? sums.flatMap(({ local, offset }) => addTo(local, [...get('row'), ...loadFour(offset)]))
      : []),
    ...(isBentLast === true ? bend : []),
    ...sums.flatMap(({ local, row, offset }) => [
      ...rowAt('outTile', 'outStride', row),
      ...getAt(local),
      ...storeFour(offset),
    ]),
  ];
}

/** One more term of each sum. */
function termOf(term: number): number[] {
  return [
    ...[0, 1].flatMap((half) => [
      ...get('weight'),
      ...loadFour(term * PANEL_BYTES + half * HALF_BYTES),
      ...setAt(WEIGHTS + half),
    ]),
    ...LEFTS.flatMap((name, row) => [
      ...get(name),
      ...loadOne(term * NUMBER_BYTES),
      ...setAt(FACTOR),
      ...[0, 1].flatMap((half) => [
        ...getAt(SUMS + 2 * row + half),
        ...getAt(FACTOR),
        ...getAt(WEIGHTS + half),
        ...MULTIPLY_FOUR,
        ...ADD_FOUR,
        ...setAt(SUMS + 2 * row + half),
      ]),
    ]),
  ];
}

const END = 0x0b;
const ADD = [0x6a];
const ADD_FOUR = [0xfd, 0xe4, 0x01];
const MULTIPLY_FOUR = [0xfd, 0xe6, 0x01];
const MAX_FOUR = [0xfd, 0xe9, 0x01];
const ZEROS = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];

/** Again and again, until a local that counts down by `by` is 0; once at least. */
function repeated(name: string, body: Code, by = 1): number[] {
  const countDown = [...get(name), ...constant(-by), ...ADD, 0x22, ...unsigned(indexOf(name))];
  return [0x03, 0x40, ...body, ...countDown, 0x0d, 0, END];
}

function rowAt(name: string, stride: string, row: number): number[] {
  return [...get(name), ...times(get(stride), row), ...ADD];
}

function advance(name: string, by: Code): number[] {
  return set(name, [...get(name), ...by, ...ADD]);
}

function times(value: Code, by: number): number[] {
  return [...value, ...constant(by), 0x6c];
}

function constant(value: number): number[] {
  return [0x41, ...signed(value)];
}

function get(name: string): number[] {
  return getAt(indexOf(name));
}

function set(name: string, value: Code): number[] {
  return [...value, ...setAt(indexOf(name))];
}

function getAt(local: number): number[] {
  return [0x20, ...unsigned(local)];
}

function setAt(local: number): number[] {
  return [0x21, ...unsigned(local)];
}

function loadFour(offset: number): number[] {
  return [0xfd, 0x00, 0, ...unsigned(offset)];
}

/** One number, four times. */
function loadOne(offset: number): number[] {
  return [0xfd, 0x09, 0, ...unsigned(offset)];
}

function storeFour(offset: number): number[] {
  return [0xfd, 0x0b, 0, ...unsigned(offset)];
}

function indexOf(name: string): number {
  return LOCALS.indexOf(name);
}

function localsCode(): number[] {
  const numbers = LOCALS.length - PARAMETERS.length;
  return listed([
    [...unsigned(numbers), I32],
    [...unsigned(VECTORS), V128],
  ]);
}

function section(id: number, entries: readonly Code[]): number[] {
  return [id, ...sized(listed(entries))];
}

function listed(entries: readonly Code[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()];
}

function sized(code: Code): number[] {
  return [...unsigned(code.length), ...code];
}

function named(name: string): number[] {
  return sized([...Buffer.from(name)]);
}

/** Seven bits a byte, the lowest first (LEB128). */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isDone = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40);
  return isDone ? [low] : [low | 0x80, ...signed(rest)];
}
