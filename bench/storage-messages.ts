/* What the bench of storage tells the proxies that it starts. */

/** Where a server is, and what it serves. */
export interface StorageServer {
  readonly port: number;
  /** Of a second program of it, if its protocol has one. */
  readonly mountPort?: number;
  /** By which clients ask for the volume. */
  readonly path: string;
}

export interface StorageProxyArguments {
  readonly kind: 'relay' | 'ours';
  readonly protocol: string;
  readonly server: StorageServer;
}
