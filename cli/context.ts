import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { SystemClock } from '../core/clock/system.js';
import type { LoadedConfig } from '../core/config/load.js';
import { loadConfig } from '../core/config/load.js';
import { isNotFound } from '../core/disk/codes.js';
import { formatAddress } from '../core/domain.js';
import { fail } from '../core/errors.js';
import { ApiClient } from './api-client.js';
import { readText } from './read-text.js';
import type { Terminal } from './terminal.js';

/** The options that every verb has. */
export interface GlobalOptions {
  readonly config?: string;
  readonly api?: string;
  readonly apiTokenFile?: string;
  readonly json?: boolean;
}

/** The config with where it stands: relative paths in it are relative to that. */
export interface FoundConfig extends LoadedConfig {
  /** Undefined: there is none, these are the defaults. */
  readonly file: string | undefined;
  readonly folder: string;
}

const CONFIG_FILE = 'foreshift.yaml';
/** A token for the API may come this way, so that it stands in no process list. */
const TOKEN_VARIABLE = 'FORESHIFT_TOKEN';

/** What a verb may use. */
export class Context {
  readonly terminal: Terminal;
  readonly clock: SystemClock;
  readonly options: GlobalOptions;

  constructor(terminal: Terminal, clock: SystemClock, options: GlobalOptions) {
    this.terminal = terminal;
    this.clock = clock;
    this.options = options;
  }

  get isJson(): boolean {
    return this.options.json === true;
  }

  /** Who is named as the actor of a change. */
  get actor(): string {
    return userInfo().username;
  }

  /** One JSON value, or what is for people. */
  show(value: unknown, words: () => string): void {
    this.terminal.print(this.isJson ? jsonText(value) : words());
  }

  /** The API named by `--api`, else by the config, else the default one. */
  async api(): Promise<ApiClient> {
    const { api } = this.options;
    const token = await this.#token();
    if (api !== undefined) return new ApiClient(api, token);
    const { listen, tls } = (await this.config()).config.api;
    const scheme = tls === undefined ? 'http' : 'https';
    return new ApiClient(`${scheme}://${formatAddress(listen)}`, token);
  }

  /** The token of `--api-token-file`, else of the environment. @throws ERR_FILE_UNREADABLE */
  async #token(): Promise<string | undefined> {
    const file = this.options.apiTokenFile;
    if (file === undefined) return process.env[TOKEN_VARIABLE]?.trim();
    return (await readText(file)).trim();
  }

  /** The file of `--config`, else `foreshift.yaml` here, else the defaults. @throws ERR_CONFIG_INVALID, ERR_FILE_UNREADABLE */
  async config(): Promise<FoundConfig> {
    const named = this.options.config;
    const file = named ?? CONFIG_FILE;
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (named === undefined && isNotFound(error)) return undefined;
      const why = isNotFound(error) ? 'there is no such file' : 'it cannot be read';
      return fail('ERR_FILE_UNREADABLE', { file, why });
    });
    const loaded = loadConfig({ file, text: text ?? '', environment: process.env });
    return {
      ...loaded,
      file: text === undefined ? undefined : file,
      folder: dirname(resolve(file)),
    };
  }
}

/** What a terminal would take for a command is escaped, as JSON may: it is then the same value, and harmless to print. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f]/g,
    (control) => `\\u00${control.charCodeAt(0).toString(16)}`,
  );
}
