/* What keys do everywhere; not while one types, nor while a question is open. */

export interface KeyActs {
  readonly page: (index: number) => void;
  readonly theme: () => void;
  readonly help: () => void;
}

export function watchKeys(acts: KeyActs): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (pressed(event.key, acts)) event.preventDefault();
  });
}

function pressed(key: string, acts: KeyActs): boolean {
  if (/^[1-8]$/.test(key)) {
    acts.page(Number(key) - 1);
    return true;
  }
  switch (key) {
    case '/':
      document.getElementById('find')?.focus();
      return true;
    case 'j':
      return step(1);
    case 'k':
      return step(-1);
    case 't':
      acts.theme();
      return true;
    case '?':
      acts.help();
      return true;
    default:
      return false;
  }
}

/** From row to row; the links of rows take the focus, so that Enter opens them. */
function step(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const { activeElement } = document;
  const present = rows.findIndex((row) => row === activeElement);
  const next = present < 0 ? rows.at(by > 0 ? 0 : -1) : rows[present + by];
  next?.focus();
  return next !== undefined;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) && !isTickBox(target);
}

function isTickBox(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && target.type === 'checkbox';
}
