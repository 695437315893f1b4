/* Light or dark: as the system has it, unless the person wants the other on this machine. */

const KEY = 'foreshift-theme';
type Theme = 'light' | 'dark';

export function recallTheme(): void {
  apply(localStorage.getItem(KEY) ?? '');
}

/** The other of light and dark than is seen; what the system has goes on following it. */
export function changeTheme(): void {
  const system: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const own = document.documentElement.dataset.theme ?? '';
  const wanted: Theme = (own === '' ? system : own) === 'dark' ? 'light' : 'dark';
  const theme = wanted === system ? '' : wanted;
  localStorage.setItem(KEY, theme);
  apply(theme);
}

function apply(theme: string): void {
  document.documentElement.dataset.theme = theme;
}
