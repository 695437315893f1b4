/* What a bench of the data plane and the processes that it starts say to each other. */

export interface ProxyArguments {
  /** `ours-threads`: as a config has it; it alone may have several. */
  readonly kind: 'ours' | 'ours-tcp' | 'ours-threads' | 'node' | 'undici';
  readonly backends: readonly number[];
  /** In ours only. */
  readonly resources: number;
  readonly accessLog: string | undefined;
  /** That take connections. */
  readonly threads: number;
}

/** `collect`: the garbage; `move`: so many resources, the last ones, to the other server; `split`: who did what of several threads. */
export type ProxyCommand =
  | { readonly do: 'collect' }
  | { readonly do: 'split' }
  | { readonly do: 'move'; readonly count: number };

/** Requests so far. */
export interface Split {
  readonly main: number;
  readonly others: number;
}

export interface Moved {
  /** From the hold to the resume. */
  readonly wholeMs: number;
  /** Of that, on the loop: mark, flip, release. */
  readonly workMs: number;
  /** Before it: the next table from the one before. */
  readonly makingMs: number;
  /** From the last request in flight that ended until nothing that was held waits any more. */
  readonly beyondMs: number;
}

export type ProxyReply = { readonly collected: true } | Moved | Split;

export interface SlowArguments {
  readonly port: number;
  /** Clients that send their head byte by byte. */
  readonly dripping: number;
  /** Connections that have had their answer. */
  readonly idle: number;
}

export interface SlowOpen {
  /** Now; one that was turned away is not here again at once. */
  readonly dripping: number;
}
