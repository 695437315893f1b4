import type { Address } from './frame/address.js';
import { PAGES, at, formatAddress, parseAddress } from './frame/address.js';
import type { PageName } from './frame/address.js';
import type { Problem, Resources, Session, Status } from './frame/answers.js';
import { Refusal, ask, askSession, post } from './frame/asking.js';
import { Live } from './frame/live.js';
import { patch } from './frame/patch.js';
import { SESSION_OVER } from './frame/sentences.js';
import type { Notice, ShellActs } from './frame/shell.js';
import { loginForm, shell } from './frame/shell.js';
import type { Ask, Page, Question, Sight } from './frame/sight.js';
import type { Deed } from './frame/tree.js';
import { paintHeatMap } from './figures/heat-canvas.js';
import { auditPage } from './pages/audit.js';
import { clusterPage } from './pages/cluster.js';
import { explainPage } from './pages/explain.js';
import { forecastPage } from './pages/forecast.js';
import { planPage } from './pages/plan.js';
import { serversPage } from './pages/servers.js';
import { settingsPage } from './pages/settings.js';
import { switchesPage } from './pages/switches.js';
import { changeTheme, recallTheme } from './theme.js';
import { watchKeys } from './keys.js';

/* The console in a browser: what is shown follows the address and the answers; what is done goes to the API. */

const PAGE: Readonly<Record<PageName, Page>> = {
  cluster: clusterPage,
  forecast: forecastPage,
  plan: planPage,
  switches: switchesPage,
  explain: explainPage,
  servers: serversPage,
  settings: settingsPage,
  audit: auditPage,
};
const PAINTERS = { 'heat-map': paintHeatMap };
/** Of the line at the top. */
const STATUS: Ask = { path: '/v1/status', restMs: 5000 };
const RETRY_MS = 5000;
const NOTICE_MS = 8000;

class Console {
  readonly #root: Element;
  #address: Address = parseAddress(location.hash);
  #session: Session | undefined;
  #live: Live;
  #news: EventSource | undefined;
  #loginFault: string | undefined;
  #notice: Notice | undefined;
  #noticeEnd: ReturnType<typeof setTimeout> | undefined;
  #question: Question | undefined;
  #questionKey = '';
  #questionFault: string | undefined;
  #isHelpShown = false;
  #isDue = false;

  constructor(root: Element) {
    this.#root = root;
    this.#live = this.#newLive();
    addEventListener('hashchange', () => {
      this.#arrive(parseAddress(location.hash));
    });
    addEventListener('resize', () => {
      this.#showSoon();
    });
    document.addEventListener('visibilitychange', () => {
      this.#live.hide(document.hidden);
    });
    watchKeys({
      page: (index) => {
        const page = PAGES[index];
        if (page !== undefined) this.#go(at(page));
      },
      theme: () => {
        this.#changeTheme();
      },
      help: () => {
        this.#isHelpShown = true;
        this.#show();
      },
    });
  }

  /** Asks who looks, then follows. */
  async start(): Promise<void> {
    try {
      this.#session = await askSession();
    } catch (error) {
      if (problemIn(error).status === 401) {
        this.#loginFault ??= '';
        this.#show();
      } else {
        setTimeout(() => void this.start(), RETRY_MS);
      }
      return;
    }
    this.#loginFault = undefined;
    this.#live = this.#newLive();
    this.#news = new EventSource('/v1/stream');
    this.#news.addEventListener('news', () => {
      this.#live.news();
    });
    this.#show();
  }

  #newLive(): Live {
    return new Live({
      ask,
      problemIn: (error) => this.#problemIn(error),
      nowMs: () => performance.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => {
          clearTimeout(timer);
        };
      },
      onChange: () => {
        this.#showSoon();
      },
    });
  }

  #problemIn(error: unknown): Problem {
    const problem = problemIn(error);
    if (problem.status === 401) this.#leave(SESSION_OVER);
    return problem;
  }

  async #logIn(token: string): Promise<void> {
    try {
      await post('/v1/session', { token });
    } catch (error) {
      this.#loginFault = problemIn(error).detail;
      this.#show();
      return;
    }
    await this.start();
  }

  /** The session is over. */
  #leave(why: string): void {
    this.#news?.close();
    this.#live.end();
    this.#session = undefined;
    this.#question = undefined;
    this.#loginFault = why;
    this.#showSoon();
  }

  #arrive(address: Address): void {
    const isOther =
      address.page !== this.#address.page || address.parts.join() !== this.#address.parts.join();
    this.#address = address;
    this.#show();
    if (!isOther) return;
    document.getElementById('main')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  #go(address: Address): void {
    location.hash = formatAddress(address);
  }

  #change(address: Address): void {
    history.replaceState(null, '', formatAddress(address));
    this.#address = address;
    this.#show();
  }

  #changeTheme(): void {
    changeTheme();
    this.#show();
  }

  /** Answers that come together are shown together. */
  #showSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#show();
    });
  }

  #show(): void {
    const session = this.#session;
    if (session === undefined) {
      if (this.#loginFault === undefined) return;
      const form = loginForm(this.#loginFault, (token) => void this.#logIn(token));
      patch(this.#root, form, PAINTERS);
      return;
    }
    const sight = this.#sight(session);
    const page = PAGE[this.#address.page];
    const title = page.title(sight);
    document.title = `${title} · Foreshift`;
    const state = {
      address: this.#address,
      title,
      session,
      status: this.#live.read<Status>(STATUS.path),
      page: page.view(sight),
      fault: this.#live.fault,
      notice: this.#notice,
      question: this.#question,
      questionFault: this.#questionFault,
      isHelpShown: this.#isHelpShown,
    };
    patch(this.#root, shell(state, this.#shellActs), PAINTERS);
    const dialog = this.#root.querySelector('dialog');
    if (dialog?.open === false) dialog.showModal();
    this.#live.follow(together([...page.asks(sight), STATUS]));
  }

  #sight(session: Session): Sight {
    const live = this.#live;
    return {
      address: this.#address,
      session,
      roomPx: innerWidth,
      read: (path) => live.read(path),
      readLike: (prefix) => live.readLike(prefix),
      problemOf: (path) => live.problemOf(path),
      acts: {
        go: (address) => {
          this.#go(address);
        },
        change: (address) => {
          this.#change(address);
        },
        ask: (question) => {
          this.#question = question;
          this.#questionKey = newKey();
          this.#questionFault = undefined;
          this.#show();
        },
      },
    };
  }

  readonly #shellActs: ShellActs = {
    find: (text) => void this.#find(text.trim()),
    logOut: () => {
      void post('/v1/session/end', {}).finally(() => {
        this.#leave('');
      });
    },
    changeTheme: () => {
      this.#changeTheme();
    },
    showHelp: (isShown) => {
      this.#isHelpShown = isShown;
      this.#show();
    },
    forget: () => {
      this.#notice = undefined;
      this.#show();
    },
    cancel: () => {
      this.#question = undefined;
      this.#show();
    },
    confirm: (deed) => void this.#confirm(deed),
  };

  async #confirm({ fields }: Deed): Promise<void> {
    const question = this.#question;
    const session = this.#session;
    if (question === undefined || session === undefined) return;
    const { reason = '' } = fields;
    const body = { ...question.body(fields), by: session.name, reason };
    try {
      await post(question.path, body, this.#questionKey);
    } catch (error) {
      const { detail, remedy } = this.#problemIn(error);
      if (this.#question !== question) return;
      this.#questionFault = `${detail}. ${remedy}`;
      this.#show();
      return;
    }
    if (this.#question === question) this.#question = undefined;
    this.#note({ tone: 'calm', text: question.done });
    this.#live.renew();
  }

  #note(notice: Notice): void {
    clearTimeout(this.#noticeEnd);
    this.#notice = notice;
    this.#noticeEnd = setTimeout(this.#shellActs.forget, NOTICE_MS);
    this.#show();
  }

  /** Goes where a name leads: a server, a resource, a plan; else to all resources whose names have it. */
  async #find(text: string): Promise<void> {
    if (text === '') return;
    const servers = this.#live.read<Status>(STATUS.path)?.servers ?? [];
    if (servers.some(({ id }) => id === text)) {
      this.#go(at('explain', ['server', text]));
      return;
    }
    const { resources } = JSON.parse(await ask('/v1/resources')) as Resources;
    const like = resources.filter(({ id }) => id.toLowerCase().includes(text.toLowerCase()));
    const [only] = resources.filter(({ id }) => id === text).concat(like.length === 1 ? like : []);
    if (only !== undefined) this.#go(at('explain', ['resource', only.id]));
    else if (/^\d+$/.test(text) && like.length === 0) this.#go(at('plan', [text]));
    else this.#go(at('explain', [], { find: text }));
  }
}

/** Each question once, with the shorter of its rests. */
function together(asks: readonly Ask[]): Ask[] {
  const shortest = new Map<string, Ask>();
  for (const each of asks) {
    const known = shortest.get(each.path);
    if (known === undefined || each.restMs < known.restMs) shortest.set(each.path, each);
  }
  return [...shortest.values()];
}

function problemIn(error: unknown): Problem {
  if (error instanceof Refusal) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { status: 0, code: '', detail, remedy: '' };
}

/** `crypto.randomUUID` is for secure pages only. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16)).join('-');
}

recallTheme();
const root = document.getElementById('console');
if (root !== null) void new Console(root).start();
