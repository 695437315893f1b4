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

/** Tells whoever listens (server-sent events) that there is something new to ask for; never what. */
export class NewsStream {
  readonly #view: TableView;
  readonly #clock: Clock;
  readonly #options: NewsStreamOptions;
  readonly #listeners = new Set<NewsListener>();
  readonly #end: () => void;
  #cancel: Cancel | undefined;
  #cancelBeat: Cancel;

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
    this.#cancelBeat = this.#beat();
  }

  /** The end of it; undefined: too many listen already. */
  join(listener: NewsListener): (() => void) | undefined {
    if (this.#listeners.size >= this.#options.listenersMax) return undefined;
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    this.#end();
    this.#cancel?.();
    this.#cancelBeat();
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }

  #soon(): void {
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
