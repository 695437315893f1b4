/* Where one is: the whole state of the console stands behind the # of its address, so that a link shows what its sender saw. */

export const PAGES = [
  'cluster',
  'forecast',
  'plan',
  'switches',
  'explain',
  'servers',
  'settings',
  'audit',
] as const;
export type PageName = (typeof PAGES)[number];

export interface Address {
  readonly page: PageName;
  /** What it is about: `resource`, `vol-7`. */
  readonly parts: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

const START: Address = { page: 'cluster', parts: [], query: {} };

/** @param hash `#/forecast/resource/vol-7?metric=cpu`; what there is not leads to the first page */
export function parseAddress(hash: string): Address {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name = '', ...parts] = path.split('/').map(decoded);
  const page = PAGES.find((each) => each === name);
  if (page === undefined) return START;
  return {
    page,
    parts: parts.filter((part) => part !== ''),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

export function formatAddress({ page, parts, query }: Address): string {
  const path = [page, ...parts].map(encodeURIComponent).join('/');
  const search = new URLSearchParams(query).toString();
  return `#/${path}${search === '' ? '' : `?${search}`}`;
}

/** The address of a page. */
export function at(
  page: PageName,
  parts: readonly string[] = [],
  query: Readonly<Record<string, string>> = {},
): Address {
  return { page, parts, query };
}

/** The same with some of its query changed; undefined takes it away. */
export function withQuery(
  address: Address,
  changes: Readonly<Record<string, string | undefined>>,
): Address {
  const query = { ...address.query, ...changes };
  const kept = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...address, query: Object.fromEntries(kept) };
}

/** One of what is allowed, as the address has it; else the first. */
export function choiceIn<Choice extends string>(
  { query }: Address,
  name: string,
  choices: readonly Choice[],
  otherwise: Choice,
): Choice {
  return choices.find((choice) => choice === query[name]) ?? otherwise;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
