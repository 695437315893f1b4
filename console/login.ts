import type { Session } from './answers.js';
import { ask } from './answers.js';
import { byId } from './elements.js';

/* Who looks at the page, where the API has a login: a token begins a session, which a cookie keeps that no script can read. */

const form = byId('login') as HTMLFormElement;
const token = byId('token') as HTMLInputElement;
const main = document.querySelector('main');

/** @param loggedIn called when a token was taken */
export function watchLogin(loggedIn: () => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    ask<Session>('/v1/session', { token: token.value.trim() }).then(
      () => {
        token.value = '';
        showPage();
        loggedIn();
      },
      (error: unknown) => {
        byId('login-fault').textContent = error instanceof Error ? error.message : String(error);
      },
    );
  });
  byId('logout').addEventListener('click', () => {
    void ask('/v1/session/end', {}).then(() => {
      showLogin('');
    });
  });
}

/** In place of everything else. */
export function showLogin(why: string): void {
  form.hidden = false;
  if (main !== null) main.hidden = true;
  byId('who').hidden = true;
  byId('login-fault').textContent = why;
  token.focus();
}

export async function showWho(): Promise<void> {
  const { name, role, hasLogin } = await ask<Session>('/v1/session');
  byId('who').hidden = !hasLogin;
  byId('who-name').textContent = `${name}, ${role}`;
}

function showPage(): void {
  form.hidden = true;
  if (main !== null) main.hidden = false;
  byId('login-fault').textContent = '';
}
