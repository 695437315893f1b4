/*
 * A lost source under `onLostSource: consistency`: server A owns a resource since generation 1 and falls silent, or dies
 * and comes back; B is given it at generation 2. Nothing may begin at A after something began at B, although
 * A's agent decides alone, by a lease that redirectors renew. Time is in ticks, of which every clock counts as many.
 *
 * What mirrors what:
 *   agent of A            agent/ownership.ts: `renew` counts from the stamp, `admit` asks lease and confirmation
 *   redirectors           redirector/health/checker.ts (`isEntitled`), membership.ts (beats)
 *   coordinator           redirector/switch/lost-servers.ts (`update`, `isGone`, `#isRefusedToAll`, `#watchLeases`, `welcome`),
 *                         which stands for any of them: that two do no harm is switch.pml's
 *
 * Requests for A under generation 1 are always on their way; servers' clocks and redirectors' do not differ unless SKEW.
 */

#ifndef N
#define N 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef LEASE
#define LEASE 1   /* serving lease, in ticks */
#endif
#define BEAT 2    /* a member's lease, as it judges itself; the others give it one tick more */
#define MARGIN 1
#define OLD 9     /* older than anything that matters */

/* ---- agent of A ---- */
bool isUp = true;
bool owns = true;          /* on its disk: a restart does not change it */
bool confirmed = true;
byte leaseLeft = LEASE;
byte boot;                 /* which of its lives */

/* ---- redirectors ---- */
#define OK 0
#define SILENT 1
#define REFUSED 2
byte beatAge[N];           /* ticks since the last beat that the store took */
byte verdict[N];           /* of the health checks of A … */
byte reported[N];          /* … as the member's record has it */
#define NONE 0
#define FORMER 1           /* a loss that is over: the next has another name */
#define PRESENT 2
byte knowsLoss[N];
bool abandoned[N];         /* in the member's record, by the name of the present loss: it has stopped renewing */
byte stampAge[N];          /* of the last answer's stamp */
byte stampBoot[N];
byte renewalAge[N] = OLD;  /* of the stamp in a renewal on its way; OLD: none */
byte renewalBoot[N];

/* ---- the store ---- */
bool lost, dead;
bool moved;                /* committed: B since generation 2 */

/* ---- the coordinator's memory ---- */
bool isWatching;           /* `#unrenewedSinceMs` is set … */
byte waited;               /* … since so many ticks */

bool servedByB;            /* ghost */
byte faults;

#define IS_LIVE(i) (beatAge[i] < BEAT)
#define IS_OVER(i) (beatAge[i] > BEAT + MARGIN - 1)
#define IS_LONG_OVER(i) (beatAge[i] > BEAT + LEASE + 2 * MARGIN - 1)
#define BEAT_MAX (BEAT + LEASE + 2 * MARGIN)

#if N == 2
#define EVERY(x) (x(0) && x(1))
#define SOME(x) (x(0) || x(1))
#define COUNT(x) (x(0) + x(1))
#else
#define EVERY(x) (x(0) && x(1) && x(2))
#define SOME(x) (x(0) || x(1) || x(2))
#define COUNT(x) (x(0) + x(1) + x(2))
#endif

#define COUNTS(i) (!IS_OVER(i))
#define REPORTS(i) (!IS_OVER(i) && reported[i] != OK)
#ifdef ONE_SAYS_LOST
#define IS_MAJORITY SOME(REPORTS)
#else
#define IS_MAJORITY (2 * COUNT(REPORTS) > COUNT(COUNTS))
#endif

#define IS_REFUSED(i) (IS_LONG_OVER(i) || (abandoned[i] && reported[i] == REFUSED))
#define SAYS_REFUSED(i) (reported[i] == REFUSED)
#ifdef ONE_SAYS_DEAD
#define IS_REFUSED_TO_ALL SOME(SAYS_REFUSED)
#else
#ifdef RENEWED_ALL_THE_SAME
#define IS_REFUSED_TO_ALL EVERY(SAYS_REFUSED)
#else
#define IS_REFUSED_TO_ALL EVERY(IS_REFUSED)
#endif
#endif

#define DOES_NOT_RENEW(i) (abandoned[i] || IS_OVER(i))
#ifdef NO_STANDSTILL
#define IS_UNRENEWED true
#else
#define IS_UNRENEWED EVERY(DOES_NOT_RENEW)
#endif

#ifdef NO_LEASE_WAIT
#define IS_GONE true
#else
#define IS_GONE (dead || (isWatching && waited >= LEASE + MARGIN))
#endif

#ifdef RENEWS_THE_LOST
#define IS_ENTITLED(i) (IS_LIVE(i) && verdict[i] == OK)
#else
#ifdef RENEWS_WITHOUT_LEASE
#define IS_ENTITLED(i) (knowsLoss[i] == NONE && verdict[i] == OK)
#else
#define IS_ENTITLED(i) (IS_LIVE(i) && knowsLoss[i] == NONE && verdict[i] == OK)
#endif
#endif

#ifdef AVAILABILITY
#define ADMITS (isUp && owns)
#else
#define ADMITS (isUp && owns && confirmed && leaseLeft > 0)
#endif

#define OLDER(age, most) if :: age < most -> age++ :: else fi
/* A stamp that is as old as the lease is worth nothing, whosever it was; nor is what renews with it. */
#ifdef LEASE_FROM_ARRIVAL
#define AGES(i) \
  OLDER(stampAge[i], LEASE); if :: renewalAge[i] < LEASE -> renewalAge[i]++ :: else fi
#else
#define AGES(i) \
  OLDER(stampAge[i], LEASE); \
  if :: stampAge[i] == LEASE -> stampBoot[i] = 0 :: else fi; \
  if \
  :: renewalAge[i] < LEASE - 1 -> renewalAge[i]++ \
  :: renewalAge[i] == LEASE - 1 -> renewalAge[i] = OLD; renewalBoot[i] = 0 \
  :: else \
  fi
#endif

active [N] proctype Redirector() {
end:
  do
  :: atomic { renewalAge[_pid] == OLD && IS_ENTITLED(_pid) && stampAge[_pid] < LEASE ->
       renewalAge[_pid] = stampAge[_pid]; renewalBoot[_pid] = stampBoot[_pid] }
  :: atomic { renewalAge[_pid] != OLD && isUp ->                          /* Ownership.renew */
#ifndef BOOT_IGNORED
       if
       :: renewalBoot[_pid] == boot ->
#endif
          if
#ifdef LEASE_FROM_ARRIVAL
          :: leaseLeft < LEASE -> leaseLeft = LEASE
#else
          :: renewalAge[_pid] < LEASE && leaseLeft < LEASE - renewalAge[_pid] -> leaseLeft = LEASE - renewalAge[_pid]
#endif
          :: else
          fi;
          /* The digest is of the table that its sender knew: A is confirmed if that still gave it the resource. */
          if :: knowsLoss[_pid] == NONE || !moved -> confirmed = true :: else fi
#ifndef BOOT_IGNORED
       :: else
       fi
#endif
       ; renewalAge[_pid] = OLD; renewalBoot[_pid] = 0 }
  :: atomic { renewalAge[_pid] != OLD -> renewalAge[_pid] = OLD; renewalBoot[_pid] = 0 } /* lost */
  /* A health check's answer: a stamp, also for whoever does not renew. */
  :: atomic { isUp && (stampAge[_pid] != 0 || stampBoot[_pid] != boot || verdict[_pid] != OK) ->
       stampAge[_pid] = 0; stampBoot[_pid] = boot; verdict[_pid] = OK }
  :: atomic { faults < FAULTS && verdict[_pid] == OK -> verdict[_pid] = SILENT; faults++ }
  :: atomic { !isUp && verdict[_pid] != REFUSED -> verdict[_pid] = REFUSED }
  /* A beat, with what it has to say; after a lapse it is the first of a new life, which knows what the store knows. */
  :: atomic { beatAge[_pid] != 0 || reported[_pid] != verdict[_pid] || abandoned[_pid] != (knowsLoss[_pid] == PRESENT) ->
       if :: !IS_LIVE(_pid) -> knowsLoss[_pid] = (lost -> PRESENT : NONE) :: else fi;
       beatAge[_pid] = 0; reported[_pid] = verdict[_pid]; abandoned[_pid] = (knowsLoss[_pid] == PRESENT) }
  :: atomic { knowsLoss[_pid] != (lost -> PRESENT : NONE) -> knowsLoss[_pid] = (lost -> PRESENT : NONE) } /* the view reads */
  od
}

#define ANOTHER(i) \
  if :: knowsLoss[i] == PRESENT -> knowsLoss[i] = FORMER :: else fi; \
  abandoned[i] = false

active proctype Coordinator() {
end:
  do
  :: atomic { !lost && IS_MAJORITY ->                                     /* #record */
       lost = true; isWatching = false; waited = 0;
       ANOTHER(0); ANOTHER(1); ANOTHER(2 % N) }
  :: atomic { lost && !dead && IS_REFUSED_TO_ALL -> dead = true }         /* #confirm */
  :: atomic { lost && !isWatching && IS_UNRENEWED -> isWatching = true; waited = 0 } /* #watchLeases */
  :: atomic { lost && !moved && IS_GONE -> moved = true }                 /* taken by B, and committed */
  :: atomic { isWatching -> isWatching = false; waited = 0 }              /* another coordinates: it begins to wait */
#ifdef WELCOME_EARLY
  :: atomic { lost && isUp && !IS_MAJORITY -> lost = false; dead = false; isWatching = false; waited = 0 }
#else
  /* #welcomeBack: it first gives up what is not its own */
  :: atomic { lost && isUp && !IS_MAJORITY ->
       if :: moved -> owns = false :: else fi;
       lost = false; dead = false; isWatching = false; waited = 0 }
#endif
  od
}

active proctype World() {
end:
  do
  :: atomic { ADMITS -> assert(!servedByB) }                              /* S1 */
  :: atomic { moved && !servedByB -> servedByB = true }
  :: atomic { faults < FAULTS && isUp -> isUp = false; faults++ }
  :: atomic { !isUp ->                                                    /* Ownership.open, in another life */
       isUp = true; boot++; leaseLeft = 0;
#ifdef CONFIRMED_AT_BOOT
       confirmed = true
#else
       confirmed = false
#endif
     }
  :: atomic {                                                             /* a tick */
       if :: leaseLeft > 0 -> leaseLeft-- :: else fi;
       if :: isWatching && waited < LEASE + MARGIN -> waited++ :: else fi;
       OLDER(beatAge[0], BEAT_MAX); OLDER(beatAge[1], BEAT_MAX);
       AGES(0); AGES(1);
#if N > 2
       OLDER(beatAge[2], BEAT_MAX); AGES(2);
#endif
       skip
     }
#ifdef SKEW
  :: atomic { isWatching && waited < LEASE + MARGIN -> waited++ }         /* only the coordinator's clock */
#endif
  od
}
