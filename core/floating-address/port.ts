/** An IP address that clients connect to, and that goes from one redirector to another. */
export interface FloatingAddress {
  /** In its one strict spelling. */
  readonly ip: string;
  readonly prefixLength: number;
  readonly interface: string;
}

/**
 * Puts addresses on this machine's interfaces and takes them off again. One call at a time for an address, but for
 * `announce`. Every call may be repeated. Errors: ERR_COMMAND_FAILED, ERR_COMMAND_MISSING; then whether the address is there
 * is not known, until `lower` resolves.
 */
export interface AddressDriver {
  /** The system removes an address by itself when its life is over, whatever becomes of this process. */
  readonly limitsLife: boolean;
  /** Shorter lives it cannot keep to. */
  readonly lifeMinMs: number;
  /** There, from now on; if lives are limited, until at the latest after `lifeMs`, unless it is raised again before. */
  raise(address: FloatingAddress, lifeMs: number): Promise<void>;
  /** Tells the neighbours that it is here. */
  announce(address: FloatingAddress): Promise<void>;
  /**
   * Until it is lowered, beginnings of new connections are lost on the way, so that clients try again a moment later,
   * when another has it. What is connected goes on. Where the system cannot, nothing happens.
   */
  shield(address: FloatingAddress): Promise<void>;
  /** Surely not there any more. */
  lower(address: FloatingAddress): Promise<void>;
}
