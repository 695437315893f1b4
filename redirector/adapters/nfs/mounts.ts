/** Who has mounted what, for whoever asks: a hint, as RFC 1813 says of it, and not kept. */
export class Mounts {
  readonly #mounts = new Map<string, { readonly host: string; readonly path: string }>();
  readonly #mountsMax: () => number;

  constructor(mountsMax: () => number) {
    this.#mountsMax = mountsMax;
  }

  /** The oldest makes room. */
  add(host: string, path: string): void {
    const key = `${host} ${path}`;
    this.#mounts.delete(key);
    this.#mounts.set(key, { host, path });
    for (const oldest of this.#mounts.keys()) {
      if (this.#mounts.size <= this.#mountsMax()) return;
      this.#mounts.delete(oldest);
    }
  }

  remove(host: string, path: string): void {
    this.#mounts.delete(`${host} ${path}`);
  }

  removeAll(host: string): void {
    for (const mount of this.#mounts.values()) {
      if (mount.host === host) this.remove(host, mount.path);
    }
  }

  all(): { readonly host: string; readonly path: string }[] {
    return [...this.#mounts.values()];
  }
}
