import { GLOBAL_OPTIONS } from './global-options.js';
import type { Verb } from './verb.js';

/*
 * Completion of bash, made from the verbs once: a script without a call of Foreshift in it, so that a key of Tab costs nothing.
 */

/** The value of such an option may be a file. */
const FILE_VALUE = /<[^>]*\b(?:file|folder)\b[^>]*>/;

/** What follows a path of verbs, such as `config check`. */
interface Words {
  readonly path: string;
  /** Verbs, or the first argument where that is one of a few words. */
  readonly first: readonly string[];
  readonly options: readonly Option[];
}

interface Option {
  readonly name: string;
  readonly takesValue: boolean;
  /** Its value may be a file. */
  readonly isFile: boolean;
  /** The words that its value may be; none: any. */
  readonly values: readonly string[];
}

/** A script for `source`, or for a file in /etc/bash_completion.d. */
export function bashCompletion(verbs: readonly Verb[]): string {
  const all = wordsOf('', { usage: '', summary: '', verbs }, verbs);
  const common = GLOBAL_OPTIONS.map(([flags]) => optionOf(flags, {}));
  const named = (options: readonly Option[], is: (option: Option) => boolean): string =>
    [...options, ...common]
      .filter(is)
      .map(({ name }) => name)
      .join(' ');
  const paths = all.map(({ path, first, options }) => {
    // Before the first verb there are no options.
    const offered = path === '' ? '' : named(options, () => true);
    const taking = named(options, ({ takesValue }) => takesValue);
    const files = named(options, ({ isFile }) => isFile);
    return `    '${path}') first='${first.join(' ')}' options='${offered}' taking='${taking}' files='${files}' ;;`;
  });
  const values = all.flatMap(({ path, options }) =>
    options.flatMap(({ name, values: words }) =>
      words.length === 0 ? [] : [`    '${path} ${name}') values='${words.join(' ')}' ;;`],
    ),
  );
  return `# Completion of foreshift for bash: source it, or put it into /etc/bash_completion.d.
_foreshift() {
  local first options taking files values='' path='' argument='' word index
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  # --sort=cpu comes as three words.
  if [[ $current == = ]]; then current='';
  elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  _foreshift_path
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "\${path:+$path }$word" in
      ${all
        .filter(({ path }) => path !== '')
        .map(({ path }) => `'${path}'`)
        .join('|')}) path=\${path:+$path }$word; _foreshift_path ;;
      *) [[ $word != -* && " $taking " != *" \${COMP_WORDS[index-1]} "* ]] && argument=$word ;;
    esac
  done
  case "$path $previous" in
${values.join('\n')}
  esac
  COMPREPLY=()
  if [[ " $taking " == *" $previous "* ]]; then
    local before=''
    [[ $current == *,* ]] && before=\${current%,*},
    [[ -n $values ]] && mapfile -t COMPREPLY < <(compgen -P "$before" -W "$values" -- "\${current##*,}")
    [[ " $files " == *" $previous "* ]] && mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  [[ -n $argument ]] && first=''
  mapfile -t COMPREPLY < <(compgen -W "$first $options --help" -- "$current")
  # A trace, a problem file: what is no word of ours may be a file.
  if ((\${#COMPREPLY[@]} == 0)) && [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
_foreshift_path() {
  case "$path" in
${paths.join('\n')}
  esac
}
complete -o filenames -F _foreshift foreshift`;
}

/** @param roots every verb: an argument may be the path of any */
function wordsOf(before: string, verb: Verb, roots: readonly Verb[]): Words[] {
  const [own = '', argument] = verb.usage.split(' ');
  const path = before === '' ? own : `${before} ${own}`;
  const { verbs: inner = [], choices = {}, options = [] } = verb;
  const words = choices[/[a-z]+/.exec(argument ?? '')?.[0] ?? ''] ?? [];
  const isPath = argument === '[verb...]';
  return [
    {
      path,
      first: [...(isPath ? roots : inner).map(wordOf), ...words],
      options: options.map(([flags]) => optionOf(flags, choices)),
    },
    ...inner.flatMap((each) => wordsOf(path, each, roots)),
    ...(isPath ? roots.map((root) => pathArgument(path, root)) : []),
  ];
}

/** `schema config`: the verbs of `config` follow, and no options of it. */
function pathArgument(before: string, { usage, verbs = [] }: Verb): Words {
  return { path: `${before} ${wordOf({ usage })}`, first: verbs.map(wordOf), options: [] };
}

function wordOf({ usage }: Pick<Verb, 'usage'>): string {
  return usage.split(' ')[0] ?? '';
}

/** `--out <csv|json|file>`, and `--sort <by>` of a verb that says what that may be. */
function optionOf(flags: string, choices: NonNullable<Verb['choices']>): Option {
  const name = /--[a-z-]+/.exec(flags)?.[0] ?? flags;
  const [, value = ''] = /<([^>]*)>/.exec(flags) ?? [];
  const alternatives = value.split('|').filter((word) => word !== 'file');
  return {
    name,
    takesValue: value !== '',
    isFile: FILE_VALUE.test(flags),
    values: choices[name] ?? (value.includes('|') ? alternatives : []),
  };
}
