import type { Cancel, Clock } from '../core/clock/port.js';
import type { TableView } from '../core/table-store/view.js';

export interface NewsListener {
  write(text: string): unknown;
  end(): unknown;
}

export interface NewsStreamOptions {
  readonly listenersMax: number;
  /** News that come close together are told once. */
  readonly pauseMs: number;
  /** Something is said this often, so that a dead connection shows. */
  readonly beatMs: number;
}

export const NEWS_STREAM_DEFAULTS: NewsStreamOptions = {
  listenersMax: 64,
  pauseMs: 250,
  beatMs: 10_000,
};

/**
 * Tells whoever listens (server-sent events) that there is something new to ask for; never what. While nobody listens it waits for no
 * time, so that a process whose start failed can end.
 */
export class NewsStream {
  readonly #view: TableView;
  readonly #clock: Clock;
  readonly #options: NewsStreamOptions;
  readonly #listeners = new Set<NewsListener>();
  readonly #end: () => void;
  #cancel: Cancel | undefined;
  #cancelBeat: Cancel | undefined;

  constructor(
    parts: { readonly view: TableView; readonly clock: Clock },
    options: NewsStreamOptions = NEWS_STREAM_DEFAULTS,
  ) {
    this.#view = parts.view;
    this.#clock = parts.clock;
    this.#options = options;
    this.#end = this.#view.onChange(() => {
      this.#soon();
    });
  }

  /** The end of it; undefined: too many listen already. */
  join(listener: NewsListener): (() => void) | undefined {
    if (this.#listeners.size >= this.#options.listenersMax) return undefined;
    this.#listeners.add(listener);
    this.#cancelBeat ??= this.#beat();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  close(): void {
    this.#end();
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
    this.#rest();
  }

  #rest(): void {
    this.#cancel?.();
    this.#cancelBeat?.();
    this.#cancel = this.#cancelBeat = undefined;
  }

  #soon(): void {
    if (this.#listeners.size === 0) return;
    this.#cancel ??= this.#clock.after(this.#options.pauseMs, () => {
      this.#cancel = undefined;
      this.#tell(`event: news\ndata: ${this.#view.revision}\n\n`);
    });
  }

  #beat(): Cancel {
    return this.#clock.after(this.#options.beatMs, () => {
      this.#tell(': still here\n\n');
      this.#cancelBeat = this.#beat();
    });
  }

  #tell(text: string): void {
    for (const listener of this.#listeners) listener.write(text);
  }
}
