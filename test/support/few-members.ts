import type { MemberId } from '../../core/domain.js';
import type { MemberReport } from '../../redirector/membership.js';
import type { Members } from '../../redirector/switch/peers.js';
import { m } from './names.js';

/** Redirectors that live until they are said to have gone; this one is the first. */
export class FewMembers implements Members {
  readonly self = m('r1');
  readonly boot = 'b';
  readonly isUsurped = false;
  leaseMaxMs = 0;
  live = [m('r1'), m('r2'), m('r3')];
  readonly over = new Set<MemberId>();
  readonly panic: boolean[] = [];

  isLive(): boolean {
    return true;
  }

  liveMembers(): MemberId[] {
    return this.live;
  }

  deadMembers(): MemberId[] {
    return [...this.over];
  }

  isOver(member: MemberId): boolean {
    return this.over.has(member);
  }

  isLongOver(member: MemberId): boolean {
    return this.over.has(member);
  }

  report({ panic }: Partial<MemberReport>): void {
    if (panic !== undefined) this.panic.push(panic);
  }
}
