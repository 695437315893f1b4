/*
 * A table store that comes back older: from a backup, or after a failover that lost what had been acknowledged; with
 * redirectors that remember more, or with all of them begun anew; and an agent that may have lost its disk. One
 * resource, two servers; switches only as far as they hand out generations (the rest of them is switch.pml's).
 *
 * What mirrors what:
 *   views                 core/table-store/view.ts (`#isOlder`, `#restore`), restoration.ts
 *   coordinator           redirector/switch/acquaintance.ts, reconciler.ts (`catchUp`, `settle`, `#adopt`, `#date`), ledger.ts
 *   agents                agent/ownership.ts
 *
 * A generation is one number, incarnation * 16 + epoch. A transaction is one atomic step on what the store holds: that
 * a late one fails by its checks is switch.pml's. The coordinator's waiting after another store appeared
 * (`quietUntilMs`, longer than `restoreAfterMs` and than any call) is what `ALL_FOLLOW` and `HAVE_ARRIVED` stand for.
 */

#ifndef SWITCHES
#define SWITCHES 2
#endif
#ifndef FAULTS
#define FAULTS 1   /* how often a store is put back, or a disk is lost */
#endif
#define INCARNATION 16
#define FIRST 1

mtype = { CLOSED, DRAINED, RELEASED };

/* ---- the store, and its backup ---- */
byte reserved = FIRST, since = FIRST, generation;
bit owner;
mtype record = CLOSED;
byte storeId = 1;
byte oldReserved = FIRST, oldSince = FIRST, oldGeneration;
bit oldOwner;
mtype oldRecord = CLOSED;

/* ---- two redirectors ---- */
byte vReserved[2] = FIRST, vSince[2] = FIRST, vStore[2] = 1, vIncarnation[2];
bit vOwner[2];
bool regressed[2];
/* Acquaintance and reconciler: of this era. */
bool made[2] = true;
bool answered[4];            /* [redirector * 2 + server]: its agent answered a health check … */
byte answeredHighest[4];     /* … with the highest generation that it had heard of (of any era) */
bool asked[4];               /* what it owns */

/* ---- agents ---- */
byte heard[2] = { FIRST, 0 };
byte owns[2] = { FIRST, 0 };
byte releases[2], takes[2];  /* the latest message of each kind: it may arrive at any time, and again */

/* ---- one request on its way, and the newest generation under which something ran ---- */
bit requestServer;
byte requestSince, newest = FIRST;

byte switches, faults, best;
bool isBackedUp, isDiskLost;

#define MAX(a, b) ((a) > (b) -> (a) : (b))
#ifdef SAME_INCARNATION
#define NEXT_INCARNATION(x) (x)
#else
#define NEXT_INCARNATION(x) ((x) + INCARNATION + 1)
#endif

/* S3: what is reserved now was never heard of by any agent, nor is it in any table. */
#define reserve(x) \
  reserved = x; \
  assert(reserved > heard[0] && reserved > heard[1] && reserved > vSince[0] && reserved > vSince[1])

#define FOLLOWS(i) (vStore[i] == storeId && !regressed[i])
#define IS_CAUGHT_UP(i) (answeredHighest[2 * i] <= reserved && answeredHighest[2 * i + 1] <= reserved)
/* What a former history had sent has arrived; agents have answered since, and what they own by that is in the table. */
#define HAVE_ARRIVED (owns[0] <= since && owns[1] <= since && \
                      releases[0] <= heard[0] && releases[1] <= heard[1] && takes[0] <= heard[0] && takes[1] <= heard[1] && \
                      answeredHighest[2 * _pid] == heard[0] && answeredHighest[2 * _pid + 1] == heard[1])
#define ALL_FOLLOW (FOLLOWS(0) && FOLLOWS(1))

#ifdef ACT_UNHEARD
#define MADE(i) true
#else
#define MADE(i) made[i]
#endif
#ifdef GIVE_UNHEARD
#define IS_UNCLAIMED(i) true
#else
#define IS_UNCLAIMED(i) MADE(i)
#endif

#define IS_OLDER(i) (reserved < vReserved[i] || (vStore[i] != storeId && since < vSince[i]))

/* A new era: another store, or another incarnation. */
inline begin(i) {
  vIncarnation[i] = reserved / INCARNATION;
  made[i] = false; answered[2 * i] = false; answered[2 * i + 1] = false; asked[2 * i] = false; asked[2 * i + 1] = false
}

inline readAll(i) {
  if
  :: vStore[i] != storeId || vIncarnation[i] != reserved / INCARNATION -> begin(i)
  :: else
  fi;
  assert(reserved >= vReserved[i]);                                       /* S3: no view falls */
  regressed[i] = false; vStore[i] = storeId; vReserved[i] = reserved; vSince[i] = since; vOwner[i] = owner
}

/* `#raise`: what was open is of another history. */
#define raise(highest) \
  best = MAX(highest, reserved); \
  reserve(NEXT_INCARNATION(best)); \
  best = 0; record = CLOSED; generation = 0

/* `settle` */
inline settle(i, s) {
  asked[2 * i + s] = true;
  if
  :: heard[s] > reserved -> raise(heard[s])
  :: else
  fi;
  if
  :: owns[s] > since -> owner = s; since = owns[s]; reserve(reserved + 1) /* #adopt */
  :: owns[s] <= since && owns[s] != 0 && owner != s -> releases[s] = since
  :: owner == s && owns[s] != since && IS_UNCLAIMED(i) && heard[s] < since -> takes[s] = since
  :: owner == s && owns[s] != since && IS_UNCLAIMED(i) && heard[s] >= since -> reserve(reserved + 1); since = reserved /* #date */
  :: else
  fi
}

active [2] proctype Redirector() {
end:
  do
  /* ---- view ---- */
  :: atomic {
       vStore[_pid] != storeId || regressed[_pid] || vReserved[_pid] != reserved || vSince[_pid] != since ->
         if
#ifndef FOLLOW_OLDER
         :: IS_OLDER(_pid) -> regressed[_pid] = true; vStore[_pid] = storeId
         :: !IS_OLDER(_pid) -> readAll(_pid)
#else
         :: readAll(_pid)
#endif
         fi
     }
  :: atomic {                                                             /* restoration */
       regressed[_pid] && vStore[_pid] == storeId && IS_OLDER(_pid) ->
         raise(vReserved[_pid]);
         if :: vSince[_pid] > since -> since = vSince[_pid]; owner = vOwner[_pid] :: else fi;
         readAll(_pid)
     }
  /* ---- health checks ---- */
  :: atomic { !answered[2 * _pid] || answeredHighest[2 * _pid] != heard[0] ->
       answered[2 * _pid] = true; answeredHighest[2 * _pid] = heard[0] }
  :: atomic { !answered[2 * _pid + 1] || answeredHighest[2 * _pid + 1] != heard[1] ->
       answered[2 * _pid + 1] = true; answeredHighest[2 * _pid + 1] = heard[1] }
  /* ---- coordinator: whichever of them; it has read what is in the store ---- */
  :: atomic {                                                             /* catchUp */
       FOLLOWS(_pid) && (made[_pid] || (answered[2 * _pid] && answered[2 * _pid + 1])) &&
       (answeredHighest[2 * _pid] > reserved || answeredHighest[2 * _pid + 1] > reserved) ->
         best = MAX(answeredHighest[2 * _pid], answeredHighest[2 * _pid + 1]);
         raise(best);
         readAll(_pid)
     }
#define SETTLES(s) \
  :: atomic { \
       FOLLOWS(_pid) && record == CLOSED && (MADE(_pid) || (answered[2 * _pid] && answered[2 * _pid + 1])) && \
       IS_CAUGHT_UP(_pid) && \
       (!asked[2 * _pid + s] || (owner == s) != (owns[s] == since)) -> \
         settle(_pid, s); readAll(_pid) \
     }
  SETTLES(0)
  SETTLES(1)
  :: atomic {                                                             /* isMade */
       !made[_pid] && ALL_FOLLOW && HAVE_ARRIVED && answered[2 * _pid] && answered[2 * _pid + 1] &&
       IS_CAUGHT_UP(_pid) &&
       (record != CLOSED || (asked[2 * _pid] && asked[2 * _pid + 1])) ->
         made[_pid] = true
     }
  :: atomic {                                                             /* ledger.open … and up to `drained` */
       FOLLOWS(_pid) && MADE(_pid) && record == CLOSED && switches < SWITCHES ->
         switches++;
         reserve(reserved + 1);
         generation = reserved; record = DRAINED; releases[owner] = generation;
         readAll(_pid)
     }
  :: atomic {                                                             /* the source gave it up */
       FOLLOWS(_pid) && MADE(_pid) && record == DRAINED && heard[owner] == generation && owns[owner] == 0 ->
         record = RELEASED; takes[1 - owner] = generation;
         readAll(_pid)
     }
  :: atomic {                                                             /* the target has it: commit */
       FOLLOWS(_pid) && MADE(_pid) && record == RELEASED && owns[1 - owner] == generation ->
         owner = 1 - owner; since = generation; record = CLOSED; generation = 0;
         readAll(_pid)
     }
  /* ---- requests: by the table that this redirector has ---- */
  :: atomic { requestSince == 0 && !regressed[_pid] -> requestServer = vOwner[_pid]; requestSince = vSince[_pid] }
  od
}

active proctype World() {
end:
  do
  /* ---- agents ---- */
#define AGENT(s) \
  :: atomic { releases[s] > heard[s] -> heard[s] = releases[s]; owns[s] = 0 } \
  :: atomic { takes[s] > heard[s] -> heard[s] = takes[s]; owns[s] = takes[s] }
  AGENT(0)
  AGENT(1)
  /* ---- a request arrives: the fence ---- */
  :: atomic { requestSince != 0 ->
       if
       :: owns[requestServer] == requestSince ->
          assert(requestSince >= newest);                                 /* S1 */
          newest = requestSince
       :: else
       fi;
       requestSince = 0; requestServer = 0 }
  /* ---- faults: put back at most once, since nobody can tell two lost histories apart ---- */
  :: atomic { !isBackedUp && faults < FAULTS ->
       isBackedUp = true;
       oldReserved = reserved; oldSince = since; oldOwner = owner; oldRecord = record; oldGeneration = generation }
#define PUT_BACK \
  faults++; storeId++; \
  reserved = oldReserved; since = oldSince; owner = oldOwner; record = oldRecord; generation = oldGeneration
  :: atomic { faults < FAULTS && isBackedUp && storeId == 1 -> PUT_BACK }
  :: atomic { faults < FAULTS && isBackedUp && storeId == 1 -> PUT_BACK;                  /* … and every redirector begins anew */
       vReserved[0] = 0; vSince[0] = 0; vOwner[0] = 0; vStore[0] = 0; regressed[0] = false; begin(0);
       vReserved[1] = 0; vSince[1] = 0; vOwner[1] = 0; vStore[1] = 0; regressed[1] = false; begin(1);
       answeredHighest[0] = 0; answeredHighest[1] = 0; answeredHighest[2] = 0; answeredHighest[3] = 0;
       /* What they had sent has arrived by then, or never does: their connections ended with them. */
       releases[0] = 0; releases[1] = 0; takes[0] = 0; takes[1] = 0 }
#ifdef LOST_DISK
  /* Its process ended with the disk: what was sent to it has arrived, or never does. */
#define LOSES_DISK(s) \
  :: atomic { !isDiskLost && faults < FAULTS -> \
       faults++; isDiskLost = true; heard[s] = 0; owns[s] = 0; releases[s] = 0; takes[s] = 0 }
  LOSES_DISK(0)
  LOSES_DISK(1)
#endif
  od
}
