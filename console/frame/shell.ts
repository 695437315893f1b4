import type { Address, PageName } from './address.js';
import { PAGES, at, formatAddress } from './address.js';
import type { Problem, Session, Status } from './answers.js';
import { sentence } from './controls.js';
import { notUpToDate } from './sentences.js';
import type { Field, Question } from './sight.js';
import type { Child, Deed, Tree } from './tree.js';
import { h } from './tree.js';

/* What stands around every page: where one is and may go, who one is, what was just done, and the question that is open. */

export interface Notice {
  readonly tone: 'calm' | 'bad';
  readonly text: string;
}

export interface ShellState {
  readonly address: Address;
  readonly title: string;
  readonly session: Session;
  readonly status: Status | undefined;
  readonly page: readonly Tree[];
  readonly fault: Problem | undefined;
  readonly notice: Notice | undefined;
  readonly question: Question | undefined;
  /** Why the open question was not carried out. */
  readonly questionFault: string | undefined;
  readonly isHelpShown: boolean;
}

export interface ShellActs {
  readonly find: (text: string) => void;
  readonly logOut: () => void;
  readonly changeTheme: () => void;
  readonly showHelp: (isShown: boolean) => void;
  readonly forget: () => void;
  readonly cancel: () => void;
  readonly confirm: (deed: Deed) => void;
}

const TITLES: Readonly<Record<PageName, string>> = {
  cluster: 'Cluster',
  forecast: 'Forecast',
  plan: 'Plan',
  switches: 'Switches',
  explain: 'Explain',
  servers: 'Servers',
  settings: 'Settings',
  audit: 'Audit',
};

export function shell(state: ShellState, acts: ShellActs): Tree[] {
  const { title, page, fault, notice } = state;
  return [
    h('a', { class: 'skip', href: '#main' }, 'To the page'),
    header(state, acts),
    h(
      'main',
      { id: 'main', tabindex: -1, 'aria-label': title },
      fault === undefined ? null : sentence(notUpToDate(fault.detail)),
      page.length === 0 && fault === undefined
        ? h('p', { class: 'quiet', 'aria-busy': 'true' }, 'Asking …')
        : page,
    ),
    h(
      'div',
      { class: 'notices', role: 'status', 'aria-live': 'polite' },
      notice === undefined
        ? null
        : h(
            'p',
            { class: `notice ${notice.tone}` },
            notice.text,
            button('Close', acts.forget, 'close'),
          ),
    ),
    ...dialogs(state, acts),
  ];
}

function header({ address, session, status }: ShellState, acts: ShellActs): Tree {
  return h(
    'header',
    {},
    h(
      'div',
      { class: 'top' },
      h('h1', {}, 'Foreshift'),
      status === undefined
        ? null
        : h(
            'p',
            { class: 'where' },
            h('strong', {}, status.cluster),
            h('span', { class: `mode ${status.mode}` }, status.mode),
            status.paused === null ? null : h('span', { class: 'mode paused' }, 'paused'),
            h('span', { class: 'quiet' }, `table ${status.generation}`),
          ),
      h(
        'form',
        {
          role: 'search',
          on: {
            submit: (deed) => {
              acts.find(deed.fields.find ?? '');
            },
          },
        },
        h('input', {
          id: 'find',
          name: 'find',
          type: 'search',
          placeholder: 'Server, resource or plan  ( / )',
          'aria-label': 'Go to a server, a resource or a plan',
          autocomplete: 'off',
          spellcheck: 'false',
        }),
      ),
      h(
        'div',
        { class: 'who' },
        button('Light or dark', acts.changeTheme, 'theme'),
        button(
          '?',
          () => {
            acts.showHelp(true);
          },
          'help',
          'Keys',
        ),
        h('span', { class: 'quiet' }, `${session.name}, ${session.role}`),
        session.hasLogin ? button('Log out', acts.logOut) : null,
      ),
    ),
    h(
      'nav',
      { 'aria-label': 'Pages' },
      PAGES.map((page, index) =>
        h(
          'a',
          {
            href: formatAddress(at(page)),
            'aria-current': page === address.page ? 'page' : undefined,
            'aria-keyshortcuts': String(index + 1),
          },
          h('kbd', { 'aria-hidden': 'true' }, String(index + 1)),
          TITLES[page],
        ),
      ),
    ),
  );
}

function button(text: string, click: () => void, kind?: string, label?: string): Tree {
  return h('button', { type: 'button', class: kind, 'aria-label': label, on: { click } }, text);
}

function dialogs({ question, questionFault, isHelpShown }: ShellState, acts: ShellActs): Tree[] {
  if (question !== undefined) return [questionDialog(question, questionFault, acts)];
  return isHelpShown ? [helpDialog(acts)] : [];
}

function questionDialog(
  { title, text, fields, confirm }: Question,
  fault: string | undefined,
  acts: ShellActs,
): Tree {
  return h(
    'dialog',
    { key: `question ${title}`, 'aria-labelledby': 'question', on: { close: acts.cancel } },
    h(
      'form',
      { on: { submit: acts.confirm } },
      h('h2', { id: 'question' }, title),
      h('p', {}, text),
      fields.map(fieldRow),
      fault === undefined ? null : h('p', { class: 'bad', role: 'alert' }, fault),
      h(
        'div',
        { class: 'bar' },
        h('button', { type: 'submit', class: 'main', 'data-changes': true }, confirm),
        button('Cancel', acts.cancel),
      ),
    ),
  );
}

function fieldRow({ name, label, kind, isNeeded }: Field): Child {
  return h(
    'label',
    { class: 'field', key: name },
    h('span', {}, isNeeded ? label : `${label} (optional)`),
    h('input', {
      name,
      type: kind === 'time' ? 'datetime-local' : 'text',
      required: isNeeded,
      maxlength: 400,
      autocomplete: 'off',
    }),
  );
}

const KEYS = [
  ['1 – 8', 'the pages'],
  ['/', 'go to a server, a resource or a plan'],
  ['j  k', 'the next, the former row; Enter opens it'],
  ['← ↑ → ↓', 'the cells of the heat map; Enter explains its server'],
  ['t', 'light, dark, as the system has it'],
  ['?', 'these keys'],
  ['Esc', 'closes what is open'],
] as const;

function helpDialog(acts: ShellActs): Tree {
  const close = (): void => {
    acts.showHelp(false);
  };
  return h(
    'dialog',
    { key: 'help', 'aria-labelledby': 'keys', on: { close } },
    h('h2', { id: 'keys' }, 'Keys'),
    h(
      'dl',
      { class: 'facts' },
      KEYS.map(([key, words]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, words)]),
    ),
    h('p', { class: 'quiet' }, 'The address holds what you see: send it, and others see the same.'),
    h('div', { class: 'bar' }, button('Close', close)),
  );
}

/** In place of everything else, where the API has a login. */
export function loginForm(fault: string, logIn: (token: string) => void): Tree[] {
  return [
    h(
      'form',
      {
        class: 'login',
        on: {
          submit: (deed) => {
            logIn((deed.fields.token ?? '').trim());
          },
        },
      },
      h('h1', {}, 'Foreshift'),
      // Which token it is stands in the token: for programs that keep passwords.
      h('input', { type: 'text', autocomplete: 'username', value: 'token', hidden: true }),
      h('label', { for: 'token' }, 'Token'),
      h('input', {
        id: 'token',
        name: 'token',
        type: 'password',
        autocomplete: 'current-password',
        required: true,
      }),
      h('button', { type: 'submit', class: 'main' }, 'Log in'),
      h(
        'p',
        { class: 'quiet' },
        h('code', {}, 'foreshift token NAME --role viewer'),
        ' makes one on the host of an api.',
      ),
      h('p', { class: 'bad', role: 'alert' }, fault),
    ),
  ];
}
