/** A terminal taken over as a whole, for a picture that changes. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** From the top; what is more than fits is cut, what stood there is gone. */
  draw(lines: readonly string[]): void;
  /** Who watches presses a key – `q`, `up`, `space` – or wants an end (`quit`), by a key or a signal. */
  onKey(handle: (key: string) => void): void;
  onResize(handle: () => void): void;
  /** Gives the terminal back as it was; once more does nothing. */
  close(): void;
}
