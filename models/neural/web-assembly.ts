/* What the types of Node do not know of WebAssembly (webassembly.github.io/spec, "JavaScript Interface"), as far as it is needed here. */

export interface Memory {
  /** Another one after each `grow`. */
  readonly buffer: ArrayBuffer;
  /** By so many pages of 64 KiB. */
  grow(pages: number): number;
}

interface Engine {
  /** @throws CompileError — the code is wrong, or uses what the machine does not have */
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (pages: { readonly initial: number }) => Memory;
  readonly CompileError: new () => Error;
}

export const webAssembly = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;
