/** Where an InfluxDB is, and as whom to speak to it. */
export interface Access {
  /** `http://host:port`, perhaps with a path before InfluxDB's own. */
  readonly url: string;
  /** Of letters, digits, `.`, `_` and `-` (the config's promise). */
  readonly database: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** How messages name it: no secrets. */
  readonly name: string;
}

export function accessOf({
  url,
  database,
  username,
  password,
}: Pick<Access, 'url' | 'database'> & Partial<Access>): Access {
  return { url: url.replace(/\/+$/, ''), database, username, password, name: `InfluxDB at ${url}` };
}

/** As the client of InfluxDB takes it. */
export function hostOf({ url }: Access) {
  const { hostname, port, pathname } = new URL(url);
  const path = pathname === '/' ? '' : pathname;
  const host = hostname.replaceAll(/[[\]]/g, '');
  return { host, port: port === '' ? 80 : Number(port), protocol: 'http' as const, path };
}

/** The header of HTTP's basic authentication. */
export function authorizationOf({
  username,
  password,
}: Pick<Access, 'username' | 'password'>): Record<string, string> {
  if (username === undefined) return {};
  const credentials = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  return { authorization: `Basic ${credentials}` };
}
