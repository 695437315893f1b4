/** Where an InfluxDB is, and as whom to speak to it. */
export interface Access {
  /** `http://host:port` or `https://…`, perhaps with a path before InfluxDB's own. */
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
  const { protocol: scheme, hostname, port, pathname } = new URL(url);
  const path = pathname === '/' ? '' : pathname;
  const host = hostname.replaceAll(/[[\]]/g, '');
  const [protocol, usualPort] =
    scheme === 'https:' ? (['https', 443] as const) : (['http', 80] as const);
  return { host, port: port === '' ? usualPort : Number(port), protocol, path };
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
