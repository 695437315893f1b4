import { CONTEXT_INPUTS, STEP_INPUTS } from './inputs.js';
import { LAYERS, OUTPUTS } from './layers.js';
import type { Product, ProductSteps } from './product-code.js';
import { COLUMNS, productModule, productOf, ROWS } from './product-code.js';
import type { Memory } from './web-assembly.js';
import { webAssembly } from './web-assembly.js';

const NUMBER_BYTES = 4;
const PAGE_BYTES = 1 << 16;

type LayerName = (typeof LAYERS)[number]['name'];

/** What the network is made of, by the names of its formula. */
const PRODUCTS = {
  hidden: { hasBias: true, isBent: true },
  joined: { hasBias: true },
  met: { addsRow: true, isBentLast: true },
  mixed: { hasBias: true, isBent: true, addsMatrix: true },
  linear: {},
  out: { addsMatrix: true, addsRow: true },
} as const satisfies Record<string, ProductSteps>;

/** Numbers in the memory; rows lie one after the other. */
interface Matrix {
  /** In bytes. */
  readonly at: number;
  readonly columns: number;
}

/** What depends on how many steps an origin has. */
interface Steps {
  readonly count: number;
  readonly inputs: Matrix;
  readonly met: Matrix;
  readonly mixed: Matrix;
  readonly linear: Matrix;
  readonly out: Matrix;
}

/**
 * The network (`network.ts`) for asking alone, in code of its own: one origin after the other, so that what is between the layers stays in
 * the nearest cache, and nothing passes over numbers but the products. It says what tfjs says on wasm, bit by bit.
 */
export class SimdNetwork {
  readonly #memory: Memory = new webAssembly.Memory({ initial: 1 });
  #endBytes = 0;
  readonly #products: Readonly<Record<keyof typeof PRODUCTS, Product>>;
  readonly #layers: ReadonlyMap<LayerName, Matrix>;
  /** Of as many origins as there are rows in a tile. */
  readonly #contexts: Matrix;
  readonly #hidden: Matrix;
  readonly #joined: Matrix;
  readonly #straight: Matrix;
  #steps: Steps | undefined;

  /** @throws CompileError — this machine has no SIMD */
  constructor(weights: Float32Array) {
    const module = new webAssembly.Module(productModule(Object.values(PRODUCTS)));
    const { exports } = new webAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#products = Object.fromEntries(
      Object.keys(PRODUCTS).map((name, at) => [name, productOf(exports[`p${at}`])]),
    ) as Record<keyof typeof PRODUCTS, Product>;
    let from = 0;
    this.#layers = new Map(
      LAYERS.map(({ name, rows, columns }) => {
        const layer = weights.subarray(from, (from += rows * columns));
        return [name, this.#pack(layer, columns)];
      }),
    );
    this.#contexts = this.#room(ROWS, CONTEXT_INPUTS);
    this.#hidden = this.#room(ROWS, this.#layer('context').columns);
    this.#joined = this.#room(ROWS, this.#layer('join').columns);
    this.#straight = this.#room(ROWS, OUTPUTS);
  }

  /** Its memory is the garbage collector's. */
  dispose(): void {
    this.#steps = undefined;
  }

  /** As that of `Network`. */
  run(context: Float32Array, steps: Float32Array, origins: number): Float32Array {
    const count = steps.length / STEP_INPUTS / origins;
    const said = new Float32Array(origins * count * OUTPUTS);
    const own = this.#stepsOf(count);
    const numbers = new Float32Array(this.#memory.buffer);
    for (let from = 0; from < origins; from += ROWS) {
      const to = Math.min(origins, from + ROWS);
      const contexts = context.subarray(from * CONTEXT_INPUTS, to * CONTEXT_INPUTS);
      numbers.set(contexts, this.#contexts.at / NUMBER_BYTES);
      this.#seeHistories();
      for (let origin = from; origin < to; origin++) {
        const size = count * STEP_INPUTS;
        const inputs = steps.subarray(origin * size, (origin + 1) * size);
        numbers.set(inputs, own.inputs.at / NUMBER_BYTES);
        this.#seeSteps(own, origin - from);
        let at = origin * count * OUTPUTS;
        for (let step = 0; step < count; step++) {
          const row = own.out.at / NUMBER_BYTES + step * own.out.columns;
          for (let output = 0; output < OUTPUTS; output++) said[at++] = numbers[row + output]!;
        }
      }
    }
    return said;
  }

  /** Of the histories: what joins each step, and what goes straight to the end. */
  #seeHistories(): void {
    const { hidden, joined } = this.#products;
    this.#multiply(hidden, this.#contexts, 'context', this.#hidden, ROWS, { bias: 'contextBias' });
    this.#multiply(joined, this.#hidden, 'join', this.#joined, ROWS, { bias: 'joinBias' });
    this.#multiply(joined, this.#contexts, 'contextLinear', this.#straight, ROWS, {
      bias: 'outBias',
    });
  }

  /** Of the steps of one origin. @param row which of the histories is theirs */
  #seeSteps({ count, inputs, met, mixed, linear, out }: Steps, row: number): void {
    const products = this.#products;
    const joined = rowOf(this.#joined, row);
    const straight = rowOf(this.#straight, row);
    this.#multiply(products.met, inputs, 'step', met, count, { row: joined });
    this.#multiply(products.mixed, met, 'mix', mixed, count, { bias: 'mixBias', matrix: met });
    this.#multiply(products.linear, inputs, 'stepLinear', linear, count, {});
    this.#multiply(products.out, mixed, 'out', out, count, { matrix: linear, row: straight });
  }

  #multiply(
    product: Product,
    left: Matrix,
    layer: LayerName,
    out: Matrix,
    rows: number,
    more: { readonly bias?: LayerName; readonly matrix?: Matrix; readonly row?: number },
  ): void {
    product({
      left: left.at,
      leftStride: left.columns * NUMBER_BYTES,
      weights: this.#layer(layer).at,
      terms: left.columns,
      bias: more.bias === undefined ? 0 : this.#layer(more.bias).at,
      matrix: more.matrix?.at ?? 0,
      matrixStride: (more.matrix?.columns ?? 0) * NUMBER_BYTES,
      row: more.row ?? 0,
      out: out.at,
      outStride: out.columns * NUMBER_BYTES,
      tiles: Math.ceil(rows / ROWS),
      panels: out.columns / COLUMNS,
    });
  }

  #layer(name: LayerName): Matrix {
    return this.#layers.get(name)!;
  }

  /** By eight columns, as products want it; columns that there are not are 0. */
  #pack(layer: Float32Array, columns: number): Matrix {
    const terms = layer.length / columns;
    const packed = this.#room(terms, columns);
    const numbers = new Float32Array(this.#memory.buffer, packed.at, terms * packed.columns);
    for (const [from, value] of layer.entries()) {
      const column = from % columns;
      const term = (from - column) / columns;
      const lane = column % COLUMNS;
      numbers[(column - lane) * terms + term * COLUMNS + lane] = value;
    }
    return packed;
  }

  #stepsOf(count: number): Steps {
    if (this.#steps?.count === count) return this.#steps;
    // Only the last ones asked for are kept: they stand at the end.
    if (this.#steps !== undefined) this.#endBytes = this.#steps.inputs.at;
    const room = (columns: number): Matrix => this.#room(count, columns);
    this.#steps = {
      count,
      inputs: room(STEP_INPUTS),
      met: room(this.#layer('step').columns),
      mixed: room(this.#layer('mix').columns),
      linear: room(OUTPUTS),
      out: room(OUTPUTS),
    };
    return this.#steps;
  }

  /** Whole tiles of rows, whole panels of columns but for what is only read. */
  #room(rows: number, columns: number): Matrix {
    const isInput = columns === CONTEXT_INPUTS || columns === STEP_INPUTS;
    const wide = isInput ? columns : Math.ceil(columns / COLUMNS) * COLUMNS;
    const at = this.#endBytes;
    this.#endBytes += Math.ceil(rows / ROWS) * ROWS * wide * NUMBER_BYTES;
    const missing = this.#endBytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return { at, columns: wide };
  }
}

function rowOf({ at, columns }: Matrix, row: number): number {
  return at + row * columns * NUMBER_BYTES;
}
