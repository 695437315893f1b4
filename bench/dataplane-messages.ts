/* What a bench of the data plane and the proxies that it starts say to each other. */

export interface ProxyArguments {
  readonly kind: 'ours' | 'ours-tcp' | 'node' | 'undici';
  readonly backends: readonly number[];
  /** In ours only. */
  readonly resources: number;
  readonly accessLog: string | undefined;
}

export interface ProxyReady {
  readonly port: number;
}

/** `collect`: the garbage; `move`: so many resources, the last ones, to the other server. */
export type ProxyCommand =
  { readonly do: 'collect' } | { readonly do: 'move'; readonly count: number };

export interface Moved {
  /** From the hold to the resume. */
  readonly wholeMs: number;
  /** Of that, on the loop: mark, flip, release. */
  readonly workMs: number;
  /** Before it: the next table from the one before. */
  readonly makingMs: number;
  /** From the last request in flight that ended to the resume. */
  readonly beyondMs: number;
}

export type ProxyReply = { readonly collected: true } | Moved;
