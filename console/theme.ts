/* Light or dark: as the system has it, unless the person wants otherwise on this machine. */

const KEY = 'foreshift-theme';
const THEMES = ['', 'light', 'dark'] as const;

export function recallTheme(): void {
  apply(localStorage.getItem(KEY) ?? '');
}

/** The next of light, dark, and what the system has. */
export function changeTheme(): void {
  const former = THEMES.findIndex((theme) => theme === document.documentElement.dataset.theme);
  const theme = THEMES[(Math.max(0, former) + 1) % THEMES.length] ?? '';
  localStorage.setItem(KEY, theme);
  apply(theme);
}

function apply(theme: string): void {
  document.documentElement.dataset.theme = theme;
}
