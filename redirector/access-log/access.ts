/** How a piece of work ended, for its client. */
export type AccessEnd =
  | 'whole'
  /** It broke off after it had begun. */
  | 'cut'
  /** The client went first. */
  | 'gone'
  /** The redirector's own answer, or a reset: no server gave one. */
  | 'refused';

interface Access {
  /** IP of the client. */
  readonly client: string;
  readonly end: AccessEnd;
  /** Why, in a word; undefined: there is nothing to say. */
  readonly reason?: string | undefined;
  /** Undefined: it was for none, or came to none. */
  readonly resource?: string | undefined;
  readonly server?: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** From its first byte, or its head, to its end. */
  readonly ms: number;
}

export interface HttpAccess extends Access {
  readonly scheme: 'http' | 'https';
  /** Undefined: the request could not be read. */
  readonly request?: {
    readonly method: string;
    /** Host and port as they came. */
    readonly authority: string;
    readonly path: string;
    /** With its question mark, or empty. */
    readonly query: string;
    readonly minorVersion: number;
  };
  /** The name that it was given; undefined: it has none. */
  readonly id?: string | undefined;
  /** 0: there was no answer. */
  readonly status: number;
}

export type TcpAccess = Access;
