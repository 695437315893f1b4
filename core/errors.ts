/**
 * Every coded error of the product: what it means and what to do. `docs/ERRORS.md` is this table in prose
 * (a test compares them). `status` is the API's answer, `exit` the command line's.
 * Expected outcomes are values, not errors; bugs are assertions.
 */
const ERRORS = {
  // Words and values
  ERR_NAME_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{what} name "{name}" is not allowed',
    remedy: 'Use 1 to 128 of the characters A-Z a-z 0-9 . _ : -',
  },
  ERR_ADDRESS_INVALID: {
    status: 400,
    exit: 64,
    meaning: '"{address}" is not an address',
    remedy: 'Write host:port, or [v6]:port.',
  },
  ERR_GENERATION_INVALID: {
    status: 400,
    exit: 64,
    meaning: '"{value}" is not a generation',
    remedy: 'Write incarnation.epoch, for example 1.41.',
  },
  ERR_JSON_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{what} is not acceptable JSON: {why}',
    remedy: 'Send well-formed JSON within the limits of size and depth.',
  },
  // Disk and stores
  ERR_DISK_FAILED: {
    status: 503,
    exit: 1,
    meaning: 'could not {verb} {path}: {why}',
    remedy: 'Look at the free space, the permissions and the health of the disk.',
  },
  ERR_DISK_UNSYNCED: {
    status: 503,
    exit: 1,
    meaning: 'the disk did not confirm a write: it may or may not be there',
    remedy: 'Look at the disk, then start the process again: it reads what is really there.',
  },
  ERR_DATA_LOCKED: {
    status: 503,
    exit: 1,
    meaning: '{path} is held by process {process}',
    remedy: 'Stop that process, or give this one a data directory of its own.',
  },
  ERR_DATA_CORRUPT: {
    status: 503,
    exit: 1,
    meaning: '{path} cannot be read',
    remedy: 'Restore the data directory from a backup, or move the file away to start without it.',
  },
  ERR_STORE_UNAVAILABLE: {
    status: 503,
    exit: 1,
    meaning: '{store} is not available; nothing was changed',
    remedy: 'The data plane serves on. Look at the store; the call is safe to repeat.',
  },
  ERR_STORE_AMBIGUOUS: {
    status: 503,
    exit: 1,
    meaning: '{store} did not answer in time: the change may or may not have been made',
    remedy: 'Read the state before repeating the call.',
  },
  ERR_STORE_REFUSED: {
    status: 502,
    exit: 1,
    meaning: '{store} refused the call: {why}',
    remedy:
      'Repeating it will not help. Look for another writer, another version or a limit there.',
  },
  ERR_RECORD_INVALID: {
    status: 503,
    exit: 1,
    meaning: 'the record {key} of the table store cannot be read: {where} {why}',
    remedy: 'Run versions that are at most one release apart, or restore the store from a backup.',
  },
  // Redis
  ERR_REDIS_UNREACHABLE: {
    status: 503,
    exit: 1,
    meaning: '{redis} cannot be reached: {why}',
    remedy: 'Start it, or correct `redis.url` or `redis.sentinels` in the config.',
  },
  ERR_REDIS_LOGIN: {
    status: 503,
    exit: 3,
    meaning: '{redis} refuses the login: {why}',
    remedy:
      'Set FORESHIFT_REDIS_PASSWORD in the environment, and `redis.username` if it is not the default user.',
  },
  ERR_REDIS_FORBIDDEN: {
    status: 503,
    exit: 3,
    meaning: '{redis} forbids this user what is needed: {why}',
    remedy: 'Give the user the commands, keys and channels that docs/REDIS.md names.',
  },
  ERR_REDIS_READ_ONLY: {
    status: 503,
    exit: 1,
    meaning: '{redis} takes no writes: {why}',
    remedy: 'Name the master, or its Sentinels; give a master the replicas that it wants.',
  },
  ERR_REDIS_FULL: {
    status: 503,
    exit: 1,
    meaning: '{redis} has no room: {why}',
    remedy: 'Raise its maxmemory or free its disk; reads and the data plane go on meanwhile.',
  },
  ERR_REDIS_CLUSTER: {
    status: 503,
    exit: 1,
    meaning: '{redis} is part of a Redis Cluster: {why}',
    remedy: 'Use a single server, or a master with replicas and Sentinels.',
  },
  ERR_REDIS_LOADING: {
    status: 503,
    exit: 1,
    meaning: '{redis} is not ready yet: {why}',
    remedy: 'Wait until it has read its data; the call is repeated by itself.',
  },
  ERR_REDIS_DATA: {
    status: 503,
    exit: 1,
    meaning: '{redis} holds or answers something else than Foreshift wrote: {why}',
    remedy: 'Give this cluster a Redis, or a name (`cluster`), that nobody else writes under.',
  },
  ERR_REDIS_REFUSED: {
    status: 503,
    exit: 1,
    meaning: '{redis} answered with an error: {why}',
    remedy: 'Look at its version and its configuration.',
  },
  ERR_REDIS_UNSAFE: {
    status: 503,
    exit: 3,
    meaning: '{redis} would not keep what it is given: {why}',
    remedy: '{fix}; or accept the loss with `redis.allowUnsafe: true`.',
  },
  ERR_REDIS_OPEN: {
    status: 503,
    exit: 3,
    meaning: '{redis} lets anybody in: {why}',
    remedy: '{fix}; or accept it with `redis.allowUnsafe: true`.',
  },
  // Series, jobs, limits
  ERR_SERIES_INVALID: {
    status: 400,
    exit: 64,
    meaning: '"{series}" is not a series',
    remedy: 'Write server/NAME/METRIC or resource/NAME/METRIC.',
  },
  ERR_SAMPLE_INVALID: {
    status: 400,
    exit: 64,
    meaning: 'the sample of {series} at {timeMs} cannot be stored: {why}',
    remedy: 'Send finite values that are not negative, at epoch milliseconds before the year 2200.',
  },
  ERR_EVENT_INVALID: {
    status: 400,
    exit: 64,
    meaning: 'the event cannot be stored: {where} {why}',
    remedy: 'Run parts of the same version.',
  },
  ERR_LIMIT_REACHED: {
    status: 429,
    exit: 3,
    meaning: 'the limit of {limit} {what} is reached',
    remedy: 'Try again later, or raise the limit in the config.',
  },
  ERR_SERIES_REFUSED: {
    status: 429,
    exit: 3,
    meaning:
      'the limit of {limit} {what} is reached: {refused} values of new ones were not taken, the rest was',
    remedy:
      'Raise `limits.resourcesMax` or `limits.serversMax`, or look for names that change with every start.',
  },
  ERR_SCHEDULE_INVALID: {
    status: 400,
    exit: 64,
    meaning: '"{schedule}" is not a schedule: {why}',
    remedy: 'Write a cron pattern of five or six fields, or a period in milliseconds.',
  },
  // Network
  ERR_LISTEN_FAILED: {
    status: 503,
    exit: 1,
    meaning: 'could not listen on {address}: {why}',
    remedy: 'Free the port, or choose another address in the config.',
  },
  ERR_TLS_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{origin} cannot be used for TLS: {why}',
    remedy:
      'Give PEM files: a certificate with those that signed it, its own key without a passphrase, authorities.',
  },
  ERR_NETWORK_INVALID: {
    status: 400,
    exit: 64,
    meaning: '"{network}" is not a network',
    remedy: 'Write an IP address, or the first address of a network and its prefix: 10.0.0.0/8.',
  },
  ERR_CALL_REFUSED: {
    status: 502,
    exit: 1,
    meaning: 'nothing listens at {url}',
    remedy: 'Start what should listen there, or correct the address.',
  },
  ERR_CALL_FAILED: {
    status: 502,
    exit: 1,
    meaning: 'could not reach {url}: {why}',
    remedy: 'Look at the network between this machine and that one; the call was not carried out.',
  },
  ERR_CALL_AMBIGUOUS: {
    status: 504,
    exit: 1,
    meaning: 'no whole answer from {url}: {why}',
    remedy: 'The call may have been carried out: look before repeating it.',
  },
  ERR_CALL_FORBIDDEN: {
    status: 403,
    exit: 3,
    meaning: 'calls to {url} are not allowed: {why}',
    remedy: 'Allow its network under limits.outboundNetworks in the config if it is meant.',
  },
  ERR_CALL_OVERSIZED: {
    status: 502,
    exit: 1,
    meaning: 'the answer of {url} is longer than {bytes} bytes',
    remedy: 'Look whether the address is the right one; raise the limit if it is.',
  },

  ERR_CONFLICT: {
    status: 409,
    exit: 4,
    meaning: '{what} was changed by somebody else at the same time',
    remedy: 'Look at it again and repeat the change if it is still wanted.',
  },

  // Config and command line
  ERR_CONFIG_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{file}:{line}: {key}: {what}',
    remedy: 'Mend that line; `foreshift config check` says whether the rest is well.',
  },

  ERR_OPTION_MISSING: {
    status: 400,
    exit: 64,
    meaning: '{option} is needed',
    remedy: 'Give it; --help says what it means.',
  },
  ERR_OPTION_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{option} {value}: expected {allowed}',
    remedy: 'Give it a value of that kind, or leave it out.',
  },
  ERR_FILE_UNREADABLE: {
    status: 400,
    exit: 64,
    meaning: '{file}: {why}',
    remedy: 'Name a file that is there and that this user may read.',
  },
  ERR_CHAP_SECRET_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{file} holds no secret for CHAP: {why}',
    remedy: 'Write 12 to 255 printable characters into it, in one line.',
  },
  ERR_ERROR_PAGE_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{file} cannot be an error page: {why}',
    remedy: 'Name a short file whose name says what it is: .html, .txt, .json or .xml.',
  },
  ERR_FILE_UNWRITABLE: {
    status: 400,
    exit: 64,
    meaning: '{file}: {why}',
    remedy: 'Name a file that this user may write.',
  },
  ERR_NO_PLAN_WAITS: {
    status: 404,
    exit: 3,
    meaning: 'no plan waits for a decision',
    remedy:
      'Run `foreshift plan` to hold a round now; `foreshift status` says what the balancer does.',
  },
  ERR_API_UNREACHABLE: {
    status: 502,
    exit: 1,
    meaning: 'no Foreshift answers at {url}: {why}',
    remedy: 'Start one with `foreshift up`, or name its API by --api.',
  },

  // Demo
  ERR_DEMO_NOT_STARTED: {
    status: 503,
    exit: 1,
    meaning: 'the demo has not started',
    remedy: 'Start it before asking it anything.',
  },
  ERR_DEMO_STORAGE_ABSENT: {
    status: 503,
    exit: 1,
    meaning: 'demo --storage needs what is not here: {what}',
    remedy: 'Run it as root on Debian: {install}.',
  },
  ERR_PROGRAM_ABSENT: {
    status: 503,
    exit: 1,
    meaning: '{program} is not installed',
    remedy:
      'Install it (on Debian: redis-server, influxdb), or run the demo without --distributed, which needs neither.',
  },
  ERR_PROGRAM_FAILED: {
    status: 503,
    exit: 1,
    meaning: '{program} could not be started; it ended with {how} and said: {said}',
    remedy: 'Mend what it complains of, and try again.',
  },
  ERR_TRACE_EMPTY: {
    status: 400,
    exit: 64,
    meaning: 'the trace has no load that could be turned into requests',
    remedy: 'Take one with cpu, hits or network above zero.',
  },

  // Collector and import
  ERR_PAGE_STATUS: {
    status: 502,
    exit: 1,
    meaning: '{page} answered with status {status}',
    remedy: 'Write the address of the page itself: redirects are not followed.',
  },
  ERR_PAGE_TYPE: {
    status: 502,
    exit: 1,
    meaning: '{page} is {type}, not {expected}',
    remedy: 'Look whether the address is that of the metrics page, and its `source` the right one.',
  },
  ERR_PAGE_INVALID: {
    status: 502,
    exit: 1,
    meaning: '{page} cannot be used: {where}: {why}',
    remedy: 'Nothing of this page was used. Look at what the exporter answers there.',
  },
  ERR_TRACE_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{file}:{line}: {what}',
    remedy: '{fix}',
  },
  ERR_TRACE_OVERSIZED: {
    status: 400,
    exit: 64,
    meaning: '{file} holds {count} {what}; {limit} are allowed',
    remedy: 'Cut the trace into parts, in resources or in time, or use a longer step.',
  },
  ERR_TRACE_UNREADABLE: {
    status: 400,
    exit: 64,
    meaning: '{file} cannot be read: {why}',
    remedy: 'Give the path of a .csv file, or of one compressed by gzip whose name ends in .gz.',
  },

  // Models and forecaster
  ERR_ANALYSIS_LOST: {
    status: 503,
    exit: 1,
    meaning: 'the analysis broke off: {why}',
    remedy: 'The next round begins anew with the whole history; the log says what happened.',
  },

  ERR_FORECASTS_UNUSABLE: {
    status: 503,
    exit: 1,
    meaning: 'the saved state of the forecasts cannot be used: {why}',
    remedy: 'Nothing need be done: they are learnt anew from the stored history.',
  },
  ERR_BACKEND_UNAVAILABLE: {
    status: 503,
    exit: 1,
    meaning: 'nothing here can compute the neural forecaster: {why}',
    remedy: 'Set forecast.backend to auto, or install the packages again; the other models go on.',
  },
  ERR_BACKTEST_LOST: {
    status: 503,
    exit: 1,
    meaning: 'the backtest broke off: {why}',
    remedy: 'Forecasts go on as they are; the next backtest begins anew.',
  },
  ERR_TRAINING_LOST: {
    status: 503,
    exit: 1,
    meaning: 'the training broke off: {why}',
    remedy: 'The weights are as they were; it is tried again. The log says what happened.',
  },
  ERR_WEIGHTS_UNUSABLE: {
    status: 503,
    exit: 1,
    meaning: 'the weights of the neural forecaster cannot be used: {why}',
    remedy:
      'Nothing need be done, the other models go on; the weights come with the product, or are made by npm run train.',
  },

  // Planner
  ERR_PLANNING_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{what} cannot be planned with: {why}',
    remedy: 'Correct the value where it comes from; nothing was planned.',
  },
  ERR_CHANGE_INVALID: {
    status: 400,
    exit: 64,
    meaning: 'the change "{change}" cannot be tried: {why}',
    remedy:
      'Write: add SERVER like SERVER; add SERVER cpu=8 memory=64GiB zone=b; remove SERVER; lose SERVER; resize SERVER cpu=16; limit KEY=VALUE; move RESOURCE SERVER.',
  },
  ERR_ADVISER_BUSY: {
    status: 503,
    exit: 1,
    meaning: '{questions} questions to the planner wait already',
    remedy: 'Ask again in a while; they are answered one after the other.',
  },
  ERR_ADVICE_LOST: {
    status: 503,
    exit: 1,
    meaning: 'the answer broke off: {why}',
    remedy: 'Ask again; nothing was changed. The log of the api says what happened.',
  },

  // Addresses of clients
  ERR_COMMAND_FAILED: {
    status: 502,
    exit: 1,
    meaning: '`{command}` failed: {why}',
    remedy: 'Run it by hand, as the user that Foreshift runs as; it is tried again by itself.',
  },
  ERR_COMMAND_MISSING: {
    status: 502,
    exit: 3,
    meaning: '`{command}` cannot be run: {why}',
    remedy: 'Install it, or correct its path in the config.',
  },

  // Redirector and agent
  ERR_AGENT_ANSWER: {
    status: 502,
    exit: 1,
    meaning: 'the agent of {server} answered something else than expected: {why}',
    remedy:
      'Look whether an agent of this cluster, with this secret, listens at its control address.',
  },
  ERR_MESSAGE_INVALID: {
    status: 400,
    exit: 64,
    meaning: 'the message cannot be used: {where} {why}',
    remedy: 'Run agents and redirectors of the same version.',
  },
  ERR_AGENT_NOT_STARTED: {
    status: 503,
    exit: 1,
    meaning: 'the agent of {server} has not started',
    remedy: 'Start it before its server takes requests.',
  },
  ERR_ADVERTISE_MISSING: {
    status: 400,
    exit: 64,
    meaning: 'the agent of {server} would be announced at {host}, where nobody reaches it',
    remedy: 'Name the host by which redirectors reach it (--advertise), or listen at that address.',
  },
  ERR_SERVER_UNTOLD: {
    status: 503,
    exit: 1,
    meaning: 'server {server} could not be told what it owns: {why}',
    remedy:
      'Look whether it runs, and whether the agent may tell it: by a signal and its pid file (nfs-ganesha), by its management socket (tgtd).',
  },
  ERR_TARGET_INVALID: {
    status: 400,
    exit: 64,
    meaning: '{file}:{line} does not describe a target: {why}',
    remedy:
      'Write one <target> block in the words of targets.conf that docs/PROTOCOLS.md names; the agent reads it when the resource comes.',
  },
  ERR_SERVER_LOGIN: {
    status: 502,
    exit: 1,
    meaning: 'the redirector cannot log in at {server} to {target}: it {why}',
    remedy: '{fix}',
  },
  ERR_CREDENTIAL_INVALID: {
    status: 400,
    exit: 64,
    meaning: 'no credential can have this {what}: {why}',
    remedy: 'Users have 1 to 128 of A-Z a-z 0-9 . _ : @ + -, secrets 12 to 255 bytes.',
  },
  ERR_CREDENTIAL_UNKNOWN: {
    status: 404,
    exit: 1,
    meaning: 'there is no credential of kind {kind} for {user}',
    remedy: 'Look at `foreshift credential list`.',
  },
  ERR_CREDENTIAL_UNREADABLE: {
    status: 503,
    exit: 1,
    meaning: 'the credential {place} cannot be opened: {why}',
    remedy:
      'Name the former secret in FORESHIFT_FORMER_SECRETS and run `foreshift credential reseal`, or set the credential anew.',
  },
  ERR_SECRET_MISSING: {
    status: 400,
    exit: 64,
    meaning: 'the {role} alone shares a secret with other processes, and was given none',
    remedy: 'Set the same FORESHIFT_SECRET, at least 16 characters, in every process.',
  },
  ERR_ROLE_ALONE: {
    status: 400,
    exit: 64,
    meaning: 'the {role} alone needs a {name} that other processes share; it is embedded',
    remedy:
      'Set {name}.engine (redis, or influx for metrics) in every process, or run all in one: `foreshift up`.',
  },
  ERR_MEMBER_TOKEN: {
    status: 401,
    exit: 3,
    meaning: 'the token is not that of redirector {member}',
    remedy: 'Set the same FORESHIFT_SECRET in every process.',
  },
  ERR_AGENT_ABSENT: {
    status: 409,
    exit: 3,
    meaning: 'server {server} has no agent',
    remedy: 'Start an agent beside it, or declare its fence as none.',
  },

  // Histories that somebody else keeps
  ERR_HISTORY_UNREACHABLE: {
    status: 502,
    exit: 1,
    meaning: '{source} cannot be reached: {why}',
    remedy:
      'Look at the address and its scheme, at firewalls between here and there, and whether it runs.',
  },
  ERR_HISTORY_REFUSED: {
    status: 502,
    exit: 1,
    meaning: '{source} refused: {why}',
    remedy: '{fix}',
  },
  ERR_HISTORY_INVALID: {
    status: 502,
    exit: 1,
    meaning: '{source} answered with something that is not to be understood: {why}',
    remedy:
      'Look whether the address is that of its API, and nothing between here and there answers in its place.',
  },
  ERR_HISTORY_UNKNOWN: {
    status: 400,
    exit: 64,
    meaning: '{source} has no {what} "{name}"',
    remedy: 'Take one that it has: {known}.',
  },
  ERR_HISTORY_DOUBLE: {
    status: 400,
    exit: 64,
    meaning: '{source}: several series of the query have {label}="{name}"',
    remedy: 'Add them up: sum by ({label}) (…).',
  },
  ERR_HISTORY_EMPTY: {
    status: 400,
    exit: 64,
    meaning: '{source} has no load there: {why}',
    remedy:
      'Look whether the query is the right one, and whether it was written to in the last days (--days).',
  },
  ERR_HISTORY_SHORT: {
    status: 400,
    exit: 64,
    meaning: '{source} has {has} of history; {least} are the least to learn from and to judge by',
    remedy: 'Go back further (--days), or wait until there is more.',
  },
  ERR_HISTORY_OVERSIZED: {
    status: 400,
    exit: 64,
    meaning: '{source} holds {count} {what}; {limit} are allowed',
    remedy: 'Take fewer days (--days), a longer step (--step), or a query of fewer resources.',
  },

  // Replay
  ERR_REPLAY_OPTION: {
    status: 400,
    exit: 64,
    meaning: '{option}: {what}',
    remedy: '`foreshift replay --help` says what is allowed.',
  },
  ERR_REPLAY_TRACE: {
    status: 400,
    exit: 64,
    meaning: 'the trace cannot be replayed: {why}',
    remedy: '{fix}',
  },

  // Forecasts of a trace
  ERR_FORECAST_TRACE: {
    status: 400,
    exit: 64,
    meaning: '{file} cannot be forecast: {why}',
    remedy: '{fix}',
  },

  // API
  ERR_NO_FORECAST: {
    status: 409,
    exit: 1,
    meaning: 'there is no forecast yet',
    remedy: 'Wait for the first round; `foreshift status` says when one was held.',
  },
  ERR_ROUND_LATE: {
    status: 504,
    exit: 1,
    meaning: 'no round ended within {seconds} s',
    remedy:
      'Look at the log of the forecaster; the round may still end, `foreshift plan` shows its plan.',
  },
  ERR_ROUTE_UNKNOWN: {
    status: 404,
    exit: 1,
    meaning: 'there is nothing at {path}',
    remedy:
      'Look at the list of routes in docs/API.md or at /openapi.json; run a CLI of the same version.',
  },
  ERR_REQUEST_INVALID: {
    status: 400,
    exit: 64,
    meaning: 'the request cannot be used: {where}: {why}',
    remedy: 'Correct that part and send it again; nothing was changed.',
  },
  ERR_HOST_REFUSED: {
    status: 403,
    exit: 3,
    meaning: 'the API answers only requests for a loopback host',
    remedy: 'Call it as 127.0.0.1, [::1] or localhost, on its own machine.',
  },
  ERR_CROSS_SITE: {
    status: 403,
    exit: 3,
    meaning: 'a page of another site asked for this',
    remedy: 'Use the console of this API, or call it without a browser.',
  },
  ERR_LOGIN_NEEDED: {
    status: 401,
    exit: 3,
    meaning: 'this API wants to know who asks',
    remedy:
      'Send a token: --api-token-file or FORESHIFT_TOKEN for the command line, `authorization: Bearer …` over HTTP. `foreshift token NAME` makes one.',
  },
  ERR_TOKEN_REFUSED: {
    status: 401,
    exit: 3,
    meaning: 'the token is not taken: {why}',
    remedy:
      'Ask for another: `foreshift token NAME --role operator` makes one on the host of an api.',
  },
  ERR_ROLE_NEEDED: {
    status: 403,
    exit: 3,
    meaning: '{name} may look, but this needs the role {needed}',
    remedy: 'Use a token of that role; nothing was changed.',
  },
  ERR_KEY_REUSED: {
    status: 422,
    exit: 1,
    meaning: 'the Idempotency-Key was given to another request',
    remedy: 'Give each act a key of its own, and the same one only to the same act sent again.',
  },
  ERR_MEDIA_TYPE: {
    status: 415,
    exit: 64,
    meaning: 'the body is not declared as JSON',
    remedy: 'Send content-type: application/json.',
  },
  ERR_PLAN_UNKNOWN: {
    status: 404,
    exit: 1,
    meaning: 'there is no plan {plan}',
    remedy: '`foreshift history` lists the plans that are remembered.',
  },
  ERR_PLAN_DECIDED: {
    status: 409,
    exit: 3,
    meaning: 'plan {plan} does not wait for a decision: it is {status}',
    remedy: '`foreshift plan` shows the plan that waits, if there is one.',
  },
  ERR_PLAN_STALE: {
    status: 409,
    exit: 4,
    meaning: 'plan {plan} is stale: {why} (made on table {base}, now {current})',
    remedy: 'Run `foreshift plan` for one that fits.',
  },
  ERR_PLAN_EMPTY: {
    status: 400,
    exit: 64,
    meaning: 'no move of plan {plan} is left',
    remedy: 'Leave some of its moves in, or reject it.',
  },
  ERR_NOTHING_TO_UNDO: {
    status: 409,
    exit: 3,
    meaning: 'plan {plan} moved nothing that could be taken back',
    remedy:
      'Its resources were moved again since, its sources are not ready, or it was never applied.',
  },
  ERR_SERVER_UNKNOWN: {
    status: 404,
    exit: 1,
    meaning: 'there is no server {server}',
    remedy: '`foreshift status` lists the servers.',
  },
  ERR_RESOURCE_UNKNOWN: {
    status: 404,
    exit: 1,
    meaning: 'there is no resource {resource}',
    remedy: '`foreshift status --resources` lists the resources.',
  },
  ERR_RESOURCE_SHARED: {
    status: 409,
    exit: 1,
    meaning: '{resource} is shared: all of its servers serve it, none of them alone',
    remedy: 'Name its servers in `resources.policies`, or make one drain; nothing moves it.',
  },
  ERR_AGENT_TOKEN: {
    status: 401,
    exit: 3,
    meaning: 'the token is not that of the agent of {server}',
    remedy: 'Give the agent the token that `foreshift agent-token {server}` prints.',
  },
  ERR_ANNOUNCEMENT_INVALID: {
    status: 400,
    exit: 64,
    meaning: 'the announcement cannot be used: {where} {why}',
    remedy: 'Run an agent of the same version as the api.',
  },
  ERR_AGENT_DUPLICATE: {
    status: 409,
    exit: 3,
    meaning: 'server {server} is already announced from {address}',
    remedy: 'Give each server a name of its own, or stop the other agent first.',
  },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  readonly status: number;
  readonly exit: number;
  readonly meaning: string;
  readonly remedy: string;
}

export type ErrorCode = keyof typeof ERRORS;
export type ErrorFacts = Readonly<Record<string, string | number>>;

/** An operational failure with a stable `code`. Compare codes, never messages. */
export class ForeshiftError extends Error {
  readonly code: ErrorCode;
  /** The variables of the message: safe to log and to send. */
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts, options?: ErrorOptions) {
    super(filled(ERRORS[code].meaning, facts), options);
    this.name = 'ForeshiftError';
    this.code = code;
    this.facts = facts;
  }

  get remedy(): string {
    return filled(ERRORS[this.code].remedy, this.facts);
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get exit(): number {
    return ERRORS[this.code].exit;
  }
}

export function fail(code: ErrorCode, facts: ErrorFacts = {}, options?: ErrorOptions): never {
  throw new ForeshiftError(code, facts, options);
}

/** The code of one of our errors; undefined for anything else. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof ForeshiftError ? error.code : undefined;
}

/** The whole table, for the documentation and its test. */
export function errorTable(): readonly (ErrorEntry & { readonly code: ErrorCode })[] {
  return Object.entries(ERRORS).map(([code, entry]) => ({ code: code as ErrorCode, ...entry }));
}

function filled(template: string, facts: ErrorFacts): string {
  return template.replaceAll(/\{(\w+)\}/g, (hole, name: string) => String(facts[name] ?? hole));
}
