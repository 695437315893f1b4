/** Memory that goes round: not used for anything else before whoever has it leaves it and all who still write from it are done. */
export class Block {
  readonly bytes: Buffer;
  /** Somebody reads into it, or has what is in it. */
  isHeld = true;
  readonly #free: (block: Block) => void;
  #uses = 0;

  constructor(length: number, free: (block: Block) => void) {
    // Apart from Node's pool, which would stay for as long as this.
    this.bytes = Buffer.allocUnsafeSlow(length);
    this.#free = free;
  }

  get isUsed(): boolean {
    return this.#uses > 0;
  }

  /** Somebody writes from it until `release` is called. */
  use(): void {
    this.#uses += 1;
  }

  readonly release = (): void => {
    this.#uses -= 1;
    if (this.#uses === 0 && !this.isHeld) this.#free(this);
  };

  /** Whoever held it reads nothing of it any more. One that nobody leaves goes when nobody knows it. */
  leave(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    if (this.#uses === 0) this.#free(this);
  }
}
