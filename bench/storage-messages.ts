/* What the bench of storage and the proxies that it starts say to each other. */

/** Where a server is, and what it serves. */
export interface StorageServer {
  readonly port: number;
  /** Of a second program of it, if its protocol has one. */
  readonly mountPort: number;
  readonly path: string;
}

export interface StorageProxyArguments {
  readonly kind: 'relay' | 'ours';
  readonly protocol: string;
  readonly server: StorageServer;
}

export interface StorageProxyReady {
  readonly port: number;
}
