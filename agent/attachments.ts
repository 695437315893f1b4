import type { ResourceId } from '../core/domain.js';

/**
 * How a server that cannot look at requests is kept from serving what it does not own: what clients are attached by, an export or
 * a target, is taken away when a resource is released, so that whatever comes later fails. Calls for one resource follow one another.
 */
export interface Attachments {
  /** The agent starts: these, and no others of those that it may own, are served. False: that could not be made so. */
  begin(owned: readonly ResourceId[]): Promise<boolean>;
  /** From now on nothing of it is served, whoever asks. False: that is not certain. */
  release(resource: ResourceId): Promise<boolean>;
  /** From now on it is served. False: it is not. */
  take(resource: ResourceId): Promise<boolean>;
}
