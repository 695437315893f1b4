/*
 * The switch: one batch of two moves that need each other (a swap: resource 0 from server 0 to server 1, resource 1
 * the other way), carried out by redirectors each of which may coordinate, with agents that are the fence. Everything
 * that `design` promises of it is an assertion; a state in which nothing can happen any more and something is not
 * settled is an invalid end state, which spin reports. How to run it: docs/ARCHITECTURE.md, Tests.
 *
 * What mirrors what:
 *   store                 the records of core/table-store: one transaction is one atomic step
 *   Coordinator part      driver.ts, protocol.ts (`nextStep`), ledger.ts, coordinator-lease.ts. A decision is made by
 *                         a look at the store, its transaction arrives later, or never, also if its maker was
 *                         paused, replaced, or has died meanwhile
 *   Participant part      participant.ts: it acts by what it last read; the gate's table changes where it calls `apply`
 *   Member part           membership.ts: leases as the owner and as the others judge them are two bits
 *   Agents                agent/ownership.ts: what was ever asked may arrive at any time, and as often as it likes
 *
 * Deadlines are choices: wherever the code gives up after some time, the model may at any time. So what holds here
 * holds whatever the limits are. A fault is a choice that is counted; after FAULTS of them, or earlier, they are over.
 */

#ifndef N
#define N 2 /* redirectors */
#endif
#ifndef SWITCHES
#define SWITCHES 1 /* that are opened, in all */
#endif
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef REQUESTS
#define REQUESTS 2 /* for resource 0, in all */
#endif

/* States of the record (records/switch.ts); CLOSED: there is no record. And what a coordinator may decide. */
mtype = { CLOSED, OPENED, PREPARED, HELD, DRAINED, RELEASED, TAKEN, ATTACHED, COMMITTED, RETURNING, WITHDRAWN,
          NOTHING, OPEN, ABORT, GIVE_BACK, COMMIT, COMMIT_BACK, CLOSE };

/* Steps of a member, in the order of STEPS in participant.ts; 0: none. */
#define S_PREPARED 1
#define S_HELD 2
#define S_DRAINED 3
#define S_ATTACHED 4
#define S_RESUMED 5

/* ---- the store ---- */
mtype record = CLOSED;
byte generation;            /* of the open switch */
byte returnGeneration;      /* of its give-back */
byte reserved = 1;          /* head.reserved */
byte owner[2] = { 0, 1 };   /* placements: server and since, a resource */
byte since[2] = 1;
byte coordinator = N;       /* whose life holds the coordinator's lease; N: nobody's */
byte ack[N];                /* the acks of this switch by the present lives */
bool lease[N] = true;            /* a member that counts: its lease is not over, as the others judge it */

mtype decided[N] = NOTHING; /* a transaction on its way: it was decided by what was read, and checks that it is still so */

/*
 * `Draft.expect`: each transaction of a coordinator checks the record of its term, the roster, the open switch and the
 * head, by their revisions. One that writes such a record makes all others fail that are on their way and check it:
 * they might as well be lost at once.
 */
#define TERM 1
#define ROSTER 2
#define RECORD 4
#define HEAD 8
#ifdef BLIND
#define CHECKED 0
#else
#ifdef NO_TERM
#define CHECKED (ROSTER | RECORD | HEAD)
#else
#ifdef NO_ROSTER
#define CHECKED (TERM | RECORD | HEAD)
#else
#define CHECKED (TERM | ROSTER | RECORD | HEAD)
#endif
#endif
#endif
#define wrote(what) \
  if \
  :: (CHECKED & (what)) != 0 -> FORGET(0); FORGET(1); FORGET(2) \
  :: else \
  fi
#define FORGET(c) decided[(c) % N] = NOTHING

/* ---- redirectors ---- */
bool alive[N] = true;
bool self[N] = true;        /* its own lease lives, as it judges itself */
bool joining[N];            /* its record is written, and it does not count itself in yet */
mtype seen[N] = CLOSED;     /* the record as it was last read … */
byte seenGeneration[N];     /* … */
byte seenOwner[N];          /* … and the placement of resource 0 */
byte seenSince[N] = 1;
byte gateOwner[N];          /* the gate's table */
byte gateSince[N] = 1;
byte current[N];            /* the switch in which it takes part; 0: none */
byte step[N];               /* what it has completed of it */
bool hold[N];

/* ---- requests: at most one under way a redirector ---- */
#define NO_REQUEST 0
#define ON_ITS_WAY 1
#define RUNNING 2
byte request[N];
byte requestServer[N];
byte requestSince[N];
bool orphan[N];             /* its redirector has died or begun a new life: nobody waits for it */
byte requests;
byte newest = 1;            /* ghost: the newest generation under which something ran */

/* ---- agents: [server * 2 + resource] ---- */
#define AT(s, r) ((s) * 2 + (r))
byte heard[4] = { 1, 0, 0, 1 };     /* `seen` */
byte owns[4] = { 1, 0, 0, 1 };      /* `since`; 0: not owned */
bool closing[4];
bool taking[4];             /* heard, and the disk does not have it yet */
#ifdef AGENT_CRASH
byte diskHeard[4] = { 1, 0, 0, 1 };
byte diskOwns[4] = { 1, 0, 0, 1 };
#endif
byte releases[4];           /* asked for, ever: a bit a generation. What was asked may arrive late and twice */
byte takes[4];

byte switches, faults;

#if N == 2
#define ALL(x) ((!lease[0] || ack[0] >= x) && (!lease[1] || ack[1] >= x))
#define SOME(x) ((lease[0] && ack[0] >= x) || (lease[1] && ack[1] >= x))
#define EACH(x) (x(0) && x(1))
#else
#define ALL(x) ((!lease[0] || ack[0] >= x) && (!lease[1] || ack[1] >= x) && (!lease[2] || ack[2] >= x))
#define SOME(x) ((lease[0] && ack[0] >= x) || (lease[1] && ack[1] >= x) || (lease[2] && ack[2] >= x))
#define EACH(x) (x(0) && x(1) && x(2))
#endif

#ifdef SOME_ACKS
#define ACKED(x) SOME(x)
#else
#define ACKED(x) ALL(x)
#endif

#define SOURCE(r) (owner[r])
#define TARGET(r) (1 - owner[r])

/* An agent has answered `done`, and would again: the disk has it. */
#define GAVE(s, r, g) (heard[AT(s, r)] == g && owns[AT(s, r)] == 0 && !closing[AT(s, r)] && !taking[AT(s, r)])
#define HAS(s, r, g) (owns[AT(s, r)] == g && !taking[AT(s, r)])

#ifdef UNFENCED
/* `hasAgent` is false: nobody is asked, everybody counts as done. */
#define SOURCES_GAVE(g) true
#define TARGETS_GAVE(g) true
#define TARGETS_HAVE(g) true
#define SOURCES_HAVE(g) true
#else
#define SOURCES_GAVE(g) (GAVE(SOURCE(0), 0, g) && GAVE(SOURCE(1), 1, g))
#define TARGETS_GAVE(g) (GAVE(TARGET(0), 0, g) && GAVE(TARGET(1), 1, g))
#define TARGETS_HAVE(g) (HAS(TARGET(0), 0, g) && HAS(TARGET(1), 1, g))
#define SOURCES_HAVE(g) (HAS(SOURCE(0), 0, g) && HAS(SOURCE(1), 1, g))
#endif

/* What is promised of a commit (S2): whoever takes itself for live holds. */
#ifdef SKEW
#define SEES(i) true
#else
#define SEES(i) (!self[i] || hold[i])
#endif

/* Everything is settled (L1, L2). */
#define IS_QUIET(i) (alive[i] && self[i] && lease[i] && !hold[i] && !joining[i] && current[i] == 0 && \
                     request[i] == NO_REQUEST && gateSince[i] == since[0] && gateOwner[i] == owner[0])
#ifdef UNFENCED
#define AGREED true
#else
#define AGREED (HAS(owner[0], 0, since[0]) && HAS(owner[1], 1, since[1]) && \
                owns[AT(1 - owner[0], 0)] == 0 && owns[AT(1 - owner[1], 1)] == 0)
#endif
#define QUIET (record == CLOSED && switches == SWITCHES && EACH(IS_QUIET) && AGREED)

/* ------------------------------------------------------------------------------------------------ coordinator */

/* `questionOf`, from the moment at which the record says so: when it is heard is another matter. */
#ifdef UNFENCED
#define ASK(what, s0, s1, g)
#else
#define ASK(what, s0, s1, g) \
  what[AT(s0, 0)] = what[AT(s0, 0)] | (1 << (g)); \
  what[AT(s1, 1)] = what[AT(s1, 1)] | (1 << (g))
#endif

/* SwitchLedger: the transaction arrives. */
inline carryOut(c) {
#ifndef BLIND
  assert(coordinator == c);                                               /* S5 */
#endif
  if
  :: decided[c] == OPEN ->
#ifndef REUSED_GENERATION
     reserved++;
     generation = reserved;
#else
     generation = since[0] + 1;
     if :: reserved < generation -> reserved = generation :: else fi;
#endif
     returnGeneration = 0;
     switches++;
     record = OPENED;
#ifndef REUSED_GENERATION
     ack[0] = 0; ack[1] = 0; ack[2 % N] = 0;                              /* they name the generation that they mean */
#endif
     wrote(RECORD | HEAD)
  :: decided[c] == ABORT || decided[c] == CLOSE ->
#ifdef HALF_COMMIT
     if :: since[0] == generation -> owner[1] = TARGET(1); since[1] = generation :: else fi;
#endif
     record = CLOSED; generation = 0; returnGeneration = 0;
     wrote(RECORD)
  :: decided[c] == GIVE_BACK ->
     if
#ifdef GIVE_BACK_SAME_GENERATION
     :: returnGeneration = generation
#else
     :: reserved++; returnGeneration = reserved
#endif
     fi;
     if                                                                   /* undoStateAfter */
     :: record == DRAINED -> record = WITHDRAWN; ASK(takes, SOURCE(0), SOURCE(1), returnGeneration)
     :: else -> record = RETURNING; ASK(releases, TARGET(0), TARGET(1), returnGeneration)
     fi;
     wrote(RECORD | HEAD)
  :: decided[c] == COMMIT ->
     assert(EACH(SEES));                                                  /* S2 */
     owner[0] = TARGET(0); since[0] = generation;
#ifndef HALF_COMMIT
     owner[1] = TARGET(1); since[1] = generation;
#endif
     record = COMMITTED;
#ifdef RELEASE_AFTER_COMMIT
     ASK(releases, TARGET(0), TARGET(1), generation);                     /* the former sources */
#endif
     wrote(RECORD | HEAD)
  :: decided[c] == COMMIT_BACK ->
     since[0] = returnGeneration; since[1] = returnGeneration;
     record = COMMITTED;
     wrote(RECORD | HEAD)
  :: else ->                                                              /* advance */
     record = decided[c];
     if
     :: record == DRAINED ->
#ifndef RELEASE_AFTER_COMMIT
        ASK(releases, SOURCE(0), SOURCE(1), generation);
#endif
#ifdef TAKE_BEFORE_RELEASE
        ASK(takes, TARGET(0), TARGET(1), generation);
#endif
        skip
     :: record == RELEASED -> ASK(takes, TARGET(0), TARGET(1), generation); skip
     :: record == WITHDRAWN -> ASK(takes, SOURCE(0), SOURCE(1), returnGeneration); skip
     :: else
     fi;
     wrote(RECORD)
  fi
}

/* ------------------------------------------------------------------------------------------------ redirector */

inline look(i) {
  assert(since[0] == since[1] && owner[0] != owner[1]);                   /* S4: the batch whole, or not at all */
  seen[i] = record; seenGeneration[i] = generation;
  seenOwner[i] = owner[0]; seenSince[i] = since[0];
}

inline apply(i) {
  assert(seenSince[i] >= gateSince[i]);                                   /* S3 */
  gateOwner[i] = seenOwner[i]; gateSince[i] = seenSince[i]
}

/* #enter: a former switch ends, the one that was read begins. */
inline enter(i) {
  if
  :: current[i] != seenGeneration[i] ->
     if
     :: current[i] != 0 ->
        apply(i);
#ifndef HOLD_FOREVER
        hold[i] = false
#endif
     :: else
     fi;
     current[i] = seenGeneration[i]; step[i] = 0
  :: else
  fi
}

/* ASKED */
#define ASKS(i, s) ( \
  (seen[i] == OPENED && s <= S_PREPARED) || \
  ((seen[i] == PREPARED || seen[i] == RETURNING || seen[i] == WITHDRAWN) && s <= S_HELD) || \
  ((seen[i] == HELD || seen[i] == DRAINED || seen[i] == RELEASED) && s <= S_DRAINED) || \
  ((seen[i] == TAKEN || seen[i] == ATTACHED) && s <= S_EARLY) || \
  (seen[i] == COMMITTED && s <= S_RESUMED))
#ifdef RESUME_BEFORE_COMMIT
#define S_EARLY S_RESUMED
#else
#define S_EARLY S_ATTACHED
#endif

#ifdef UNFENCED
#define MAY_SEND(i) (self[i])            /* `consistency`: nothing is sent after the own lease */
#else
#define MAY_SEND(i) true                 /* served on by the last table: the fence sees to the rest */
#endif

/*
 * A drain ends with its work, or at its deadline with an obstacle: then the switch is undone, by the coordinator's
 * choice; after the commit it goes on all the same.
 */
#ifdef NO_DRAIN
#define IS_DRAINED(i) true
#else
#define IS_DRAINED(i) (request[i] == NO_REQUEST || orphan[i] || seen[i] == COMMITTED)
#endif

#ifdef UNFENCED
#define OWN(i) (self[i] && !orphan[i])   /* of whom S1 is claimed */
#else
#define OWN(i) true
#endif

#define BESIDE(i, j) assert(j == i || request[j] != RUNNING || !OWN(j) || requestServer[j] == requestServer[i])

/* S1: nothing runs under an older generation than something did, nor beside work at another server. */
inline runs(i) {
  assert(requestSince[i] >= newest);
  newest = requestSince[i];
  BESIDE(i, 0); BESIDE(i, 1); BESIDE(i, 2 % N);
  request[i] = RUNNING
}

active [N] proctype Redirector() {
  do
  /* ---- coordinator ---- */
  :: atomic {                                                             /* CoordinatorLease.acquire */
#ifdef NO_TAKEOVER
       self[_pid] && coordinator == N && switches == 0 ->
#else
       self[_pid] && coordinator != _pid && (coordinator == N || !lease[coordinator]) ->
#endif
         coordinator = _pid;
         wrote(TERM)
     }
  /* SwitchDriver.step: what `nextStep` says of the record and the facts, and a transaction leaves. */
#define DECIDES(guard, what) \
  :: atomic { \
       coordinator == _pid && self[_pid] && decided[_pid] == NOTHING && (guard) -> \
         decided[_pid] = what \
     }
  DECIDES(record == CLOSED && switches < SWITCHES, OPEN)
  DECIDES(record == OPENED && ACKED(S_PREPARED), PREPARED)                /* beforeHold */
  DECIDES(record == PREPARED && ACKED(S_HELD), HELD)
  DECIDES(record == HELD && ACKED(S_DRAINED), DRAINED)                    /* afterDrain */
  DECIDES(record == OPENED || record == PREPARED || record == HELD, ABORT) /* troubleBeforeRelease: or a deadline */
#ifdef ABORT_AFTER_TAKE
  DECIDES(record == RELEASED || record == TAKEN, ABORT)
#endif
#ifdef RELEASE_AFTER_COMMIT
  DECIDES(record == DRAINED, RELEASED)
#else
  DECIDES(record == DRAINED && SOURCES_GAVE(generation), RELEASED)        /* afterRelease */
#endif
  DECIDES(record == RELEASED && TARGETS_HAVE(generation), TAKEN)          /* afterTake */
  DECIDES(record == TAKEN && ACKED(S_ATTACHED), ATTACHED)                 /* afterAttach */
  DECIDES(record == ATTACHED && ACKED(S_ATTACHED), COMMIT)
  DECIDES(record == DRAINED || record == RELEASED || record == TAKEN || record == ATTACHED, GIVE_BACK) /* or a deadline */
  DECIDES(record == RETURNING && TARGETS_GAVE(returnGeneration), WITHDRAWN) /* afterWithdrawal */
  DECIDES(record == WITHDRAWN && SOURCES_HAVE(returnGeneration), COMMIT_BACK) /* afterReturn */
  DECIDES(record == COMMITTED, CLOSE)                                     /* all resumed, or resumeTimeoutMs */
  /* Also of one that has died: what it sent is on its way. */
  :: atomic {
       decided[_pid] != NOTHING ->
         carryOut(_pid);
         decided[_pid] = NOTHING
     }
  /* ---- participant ---- */
  :: atomic {                                                             /* the view reads */
       alive[_pid] && (seen[_pid] != record || seenGeneration[_pid] != generation || seenSince[_pid] != since[0]) ->
         look(_pid);
         enter(_pid);
         if :: record == CLOSED -> apply(_pid) :: else fi                 /* #pass: no record, the table as it is */
     }
  :: atomic {                                                             /* #complete, one #bringAbout at a time */
       alive[_pid] && current[_pid] != 0 && current[_pid] == seenGeneration[_pid] && ASKS(_pid, step[_pid] + 1) &&
       (step[_pid] + 1 != S_DRAINED || IS_DRAINED(_pid)) ->
         step[_pid]++;
         if
#ifndef NO_HOLD
         :: step[_pid] == S_HELD -> hold[_pid] = true
#endif
         :: step[_pid] == S_RESUMED -> apply(_pid); hold[_pid] = false
         :: else
         fi;
         if                                                               /* #acknowledge; of another switch: no ack */
         :: current[_pid] == generation -> ack[_pid] = step[_pid]
         :: else
         fi
     }
  /* ---- member ---- */
  :: atomic {                                                             /* #rejoin: a new life, which all can see */
       !self[_pid] && !joining[_pid] ->
         joining[_pid] = true;
         lease[_pid] = true;
#ifndef ACK_BY_NAME
         ack[_pid] = 0;                                                   /* of another boot */
#endif
         if
         :: coordinator == _pid -> coordinator = N; wrote(TERM)           /* its term was of the former life */
         :: else
         fi;
         if :: request[_pid] != NO_REQUEST -> orphan[_pid] = true :: else fi;
         look(_pid);
         wrote(ROSTER)
     }
  :: atomic {                                                             /* Participant.join, then: a member */
       joining[_pid] ->
         joining[_pid] = false;
         enter(_pid);
         if :: !hold[_pid] || step[_pid] == S_RESUMED -> apply(_pid) :: else fi;
         if
#ifndef NO_REJOIN_HOLD
         :: current[_pid] != 0 && seen[_pid] != OPENED && step[_pid] != S_RESUMED -> hold[_pid] = true
#endif
         :: else
         fi;
         alive[_pid] = true; self[_pid] = true
     }
  :: atomic { !self[_pid] && !joining[_pid] && lease[_pid] -> lease[_pid] = false } /* it is over for the others too */
#ifdef SKEW
  :: atomic { self[_pid] && !lease[_pid] -> lease[_pid] = true }          /* until they see its next beat */
#endif
  /* ---- requests ---- */
  :: atomic {                                                             /* the gate is asked … */
       alive[_pid] && !joining[_pid] && requests < REQUESTS && request[_pid] == NO_REQUEST && !hold[_pid] &&
       MAY_SEND(_pid) ->
         requests++;
         requestServer[_pid] = gateOwner[_pid]; requestSince[_pid] = gateSince[_pid]; orphan[_pid] = false;
#ifdef UNFENCED
         runs(_pid)
#else
         request[_pid] = ON_ITS_WAY
#endif
     }
  :: atomic {                                                             /* … and the fence, some time later */
       request[_pid] == ON_ITS_WAY ->
         if
#ifdef NO_FENCE
         :: runs(_pid)
#else
         :: owns[AT(requestServer[_pid], 0)] == requestSince[_pid] && !closing[AT(requestServer[_pid], 0)] ->
            runs(_pid)
         :: else ->
            request[_pid] = NO_REQUEST;                                   /* 421: not executed */
            assert(FAULTS > 0)                                            /* without a fault nothing is refused */
#endif
         fi
     }
  :: atomic { request[_pid] == RUNNING -> request[_pid] = NO_REQUEST; orphan[_pid] = false }
  /* ---- faults ---- */
  :: atomic {                                                             /* paused, or cut off from the store */
       faults < FAULTS && self[_pid] -> self[_pid] = false; faults++
     }
  :: atomic {                                                             /* killed, and started again some time */
       faults < FAULTS && alive[_pid] ->
         faults++;
         alive[_pid] = false; self[_pid] = false; joining[_pid] = false;
         hold[_pid] = false; current[_pid] = 0; step[_pid] = 0;
         if :: request[_pid] != NO_REQUEST -> orphan[_pid] = true :: else fi
     }
#ifdef SKEW
  :: atomic { faults < FAULTS && lease[_pid] -> lease[_pid] = false; faults++ }
#endif
  :: QUIET -> break
  od
}

/* ------------------------------------------------------------------------------------------------ agents */

#ifdef NO_WAIT_FOR_WORK
#define IS_IDLE(s, r) true
#endif
#define IS_RUNNING_AT(i, s) (request[i] == RUNNING && requestServer[i] == s)
#ifndef IS_IDLE
#if N == 2
#define IS_IDLE(s, r) (r == 1 || (!IS_RUNNING_AT(0, s) && !IS_RUNNING_AT(1, s)))
#else
#define IS_IDLE(s, r) (r == 1 || (!IS_RUNNING_AT(0, s) && !IS_RUNNING_AT(1, s) && !IS_RUNNING_AT(2, s)))
#endif
#endif

#define DIES_WITH(i, s) if :: IS_RUNNING_AT(i, s) -> request[i] = NO_REQUEST; orphan[i] = false :: else fi

#ifndef UNFENCED

/* Release, if not isStaleRelease: nothing new runs from now on. */
#define HEARS_RELEASE(k, g) (g > heard[k] || (g == heard[k] && owns[k] != 0 && owns[k] != g && !closing[k]))
#define HEARS_TAKE(k, g) (g > heard[k])
#define MESSAGES(k, g) \
  :: atomic { (releases[k] & (1 << g)) && HEARS_RELEASE(k, g) -> heard[k] = g; closing[k] = true; taking[k] = false; AT_ONCE(r) } \
  :: atomic { (takes[k] & (1 << g)) && HEARS_TAKE(k, g) -> heard[k] = g; taking[k] = true; AT_ONCE(r) }

#define CLOSES(k) (closing[k] && !taking[k])
#define gives(k) \
  owns[k] = 0; closing[k] = false; \
  SAVED(k, 0)
#define has(k) \
  owns[k] = heard[k]; closing[k] = false; taking[k] = false; \
  SAVED(k, heard[k])
#ifdef AGENT_CRASH
#define SAVED(k, x) diskOwns[k] = x; diskHeard[k] = heard[k]
#else
#define SAVED(k, x) skip
#endif
/* Resource 1 has no requests and nothing to wait for: what it needs of its agents is in one step. */
#define AT_ONCE(r) \
  if \
  :: r == 1 && taking[AT(s, r)] -> has(AT(s, r)) \
  :: r == 1 && CLOSES(AT(s, r)) -> gives(AT(s, r)) \
  :: else \
  fi

/* What the agent of one server knows of one resource. */
proctype Agent(byte s; byte r) {
  do
  MESSAGES(AT(s, r), 2)
  MESSAGES(AT(s, r), 3)
#if SWITCHES > 1
  MESSAGES(AT(s, r), 4)
  MESSAGES(AT(s, r), 5)
#endif
  :: atomic { CLOSES(AT(s, r)) && IS_IDLE(s, r) -> gives(AT(s, r)) }      /* idle, and on the disk: done */
  :: atomic { taking[AT(s, r)] -> has(AT(s, r)) }                         /* #finishTake */
#ifdef AGENT_CRASH
  :: atomic {                                                             /* killed with its server, and back */
       faults < FAULTS ->
         faults++;
         heard[AT(s, r)] = diskHeard[AT(s, r)]; owns[AT(s, r)] = diskOwns[AT(s, r)];
         closing[AT(s, r)] = false; taking[AT(s, r)] = false;
         if
         :: r == 0 -> DIES_WITH(0, s); DIES_WITH(1, s); DIES_WITH(2 % N, s)
         :: else
         fi
     }
#endif
  :: QUIET -> break
  od
}
#endif

init {
#ifndef UNFENCED
  atomic { run Agent(0, 0); run Agent(0, 1); run Agent(1, 0); run Agent(1, 1) };
#endif
#if FAULTS > 0
  if                                                                      /* the faults may be over sooner */
  :: atomic { faults < FAULTS -> faults = FAULTS }
  :: atomic { faults == FAULTS && QUIET }
  fi
#endif
}

#ifdef ENDLESS
/* Not of the protocol: something that goes on for ever, for who looks for it. */
active proctype Restless() {
  bit turn;
  do
  :: turn = 1 - turn
  od
}
#endif
