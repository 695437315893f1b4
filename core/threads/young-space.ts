import { setFlagsFromString } from 'node:v8';

/**
 * V8's space for what is new stays as it is now, in all threads of this process: it is scavenged more often, for a shorter time.
 * Else it grows while connections come, to 32 MB and more that none of them needs. To be said before much is loaded.
 */
export function keepYoungSpaceSmall(): void {
  // It doubles at most; the limit itself is read when the process begins, from the command line only.
  setFlagsFromString('--semi-space-growth-factor=1');
}
