import { GLOBAL_OPTIONS } from './global-options.js';
import type { Verb } from './verb.js';

/*
 * Completion of bash, made from the verbs once: a script without a call of Foreshift in it, so that a key of Tab costs nothing.
 */

/** Options whose value is a file. */
const FILE_VALUE = /<(?:file|folder)>/;

interface Words {
  /** As typed before: `config check`. */
  readonly path: string;
  readonly verbs: readonly string[];
  readonly options: readonly string[];
  /** Those of them that a file follows. */
  readonly files: readonly string[];
}

/** A script for `source`, or for a file in /etc/bash_completion.d. */
export function bashCompletion(verbs: readonly Verb[]): string {
  const all = wordsOf('', { usage: '', summary: '', verbs });
  const cases = all.map(
    ({ path, verbs: next, options, files }) =>
      `    '${path}') words='${[...next, ...options].join(' ')}' files='${files.join(' ')}' ;;`,
  );
  const common = GLOBAL_OPTIONS.map(([flags]) => flags);
  return `# Completion of foreshift for bash: source it, or put it into /etc/bash_completion.d.
_foreshift() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' word words='' files='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "\${path:+$path }$word" in
      ${all
        .filter(({ path }) => path !== '')
        .map(({ path }) => `'${path}'`)
        .join('|')}) path=\${path:+$path }$word ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  [[ -n $path ]] && words+=' ${common.map(nameOf).join(' ')}'
  files+=' ${filesOf(common).join(' ')}'
  words+=' --help'
  COMPREPLY=()
  if [[ " $files " == *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
  # A trace, a problem file: what is no word of ours may be a file.
  if ((\${#COMPREPLY[@]} == 0)) && [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _foreshift foreshift`;
}

function wordsOf(before: string, verb: Verb): Words[] {
  const own = verb.usage.split(' ')[0] ?? '';
  const path = before === '' ? own : `${before} ${own}`;
  const inner = verb.verbs ?? [];
  const options = (verb.options ?? []).map(([flags]) => flags);
  return [
    {
      path,
      verbs: inner.map(({ usage }) => usage.split(' ')[0] ?? ''),
      options: options.map(nameOf),
      files: filesOf(options),
    },
    ...inner.flatMap((each) => wordsOf(path, each)),
  ];
}

/** `--api <url>` → `--api` */
function nameOf(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

function filesOf(options: readonly string[]): string[] {
  return options.filter((flags) => FILE_VALUE.test(flags)).map(nameOf);
}
