import type { XdrCursor } from '../../../core/onc-rpc/xdr.js';
import type { Field } from './grammar.js';
import { walk } from './grammar.js';
import type { Marks } from './marks.js';

/*
 * NFS v3 as a table (RFC 1813 §3): what each procedure's arguments and results are made of, so that handles are found and
 * changed by one piece of code, and what it does when it is sent twice.
 */

export const NFS_PROGRAM = 100_003;
export const NFS_VERSION = 3;

/**
 * What a call does that is sent again since its answer was lost: `same` – the same; `removes`, `renames`, `makes`, `links` – the
 * server of the second may say that it is done already, which is then looked into.
 */
export type Again = 'same' | 'removes' | 'renames' | 'makes' | 'links';

export interface Procedure {
  readonly name: string;
  readonly arguments: readonly Field[];
  readonly results: readonly Field[];
  /** Of a status other than OK. */
  readonly failure: readonly Field[];
  readonly again: Again;
  /** Not on what is exported to be read only. */
  readonly changes: boolean;
  /** There may be handles in its results. */
  readonly issues: boolean;
  /** What it reads or writes stands last and may lie beyond the front. */
  readonly isBulk: 'arguments' | 'results' | undefined;
}

const ISSUING: ReadonlySet<Field> = new Set<Field>(['handle', 'optionalHandle', 'entriesPlus']);

function procedure(
  name: string,
  fields: Pick<Procedure, 'arguments' | 'results' | 'failure'>,
  others: Partial<Pick<Procedure, 'again' | 'changes' | 'isBulk'>> = {},
): Procedure {
  const issues = fields.results.some((field) => ISSUING.has(field));
  return { name, ...fields, again: 'same', changes: false, issues, isBulk: undefined, ...others };
}

const ATTR = ['optionalAttributes'] as const;
const WCC = ['wcc'] as const;
const MADE = ['optionalHandle', 'optionalAttributes', 'wcc'] as const;
const MAKES = { again: 'makes', changes: true } as const;
const REMOVES = { again: 'removes', changes: true } as const;

/** rtmax, rtpref, rtmult, wtmax, wtpref, wtmult, dtpref, maxfilesize, time_delta, properties */
const FS_INFO: readonly Field[] = [
  ...(['optionalAttributes', 'sizeMax', 'sizeMax', 'number', 'sizeMax', 'sizeMax'] as const),
  ...(['number', 'sizeMax', 'long', 'long', 'number'] as const),
];

export const PROCEDURES: readonly Procedure[] = [
  procedure('NULL', { arguments: [], results: [], failure: [] }),
  procedure('GETATTR', { arguments: ['handle'], results: ['attributes'], failure: [] }),
  procedure(
    'SETATTR',
    { arguments: ['handle', 'newAttributes', 'guard'], results: WCC, failure: WCC },
    { changes: true },
  ),
  procedure('LOOKUP', {
    arguments: ['handle', 'name'],
    results: ['handle', 'optionalAttributes', 'optionalAttributes'],
    failure: ATTR,
  }),
  procedure('ACCESS', {
    arguments: ['handle', 'number'],
    results: ['optionalAttributes', 'number'],
    failure: ATTR,
  }),
  procedure('READLINK', {
    arguments: ['handle'],
    results: ['optionalAttributes', 'path'],
    failure: ATTR,
  }),
  procedure(
    'READ',
    {
      arguments: ['handle', 'long', 'number'],
      results: ['optionalAttributes', 'number', 'bool', 'data'],
      failure: ATTR,
    },
    { isBulk: 'results' },
  ),
  procedure(
    'WRITE',
    {
      arguments: ['handle', 'long', 'number', 'stability', 'data'],
      results: ['wcc', 'number', 'stability', 'writeVerifier'],
      failure: WCC,
    },
    { changes: true, isBulk: 'arguments' },
  ),
  procedure(
    'CREATE',
    { arguments: ['handle', 'name', 'howToCreate'], results: MADE, failure: WCC },
    MAKES,
  ),
  procedure(
    'MKDIR',
    { arguments: ['handle', 'name', 'newAttributes'], results: MADE, failure: WCC },
    MAKES,
  ),
  procedure(
    'SYMLINK',
    { arguments: ['handle', 'name', 'newAttributes', 'path'], results: MADE, failure: WCC },
    MAKES,
  ),
  procedure('MKNOD', { arguments: ['handle', 'name', 'node'], results: MADE, failure: WCC }, MAKES),
  procedure('REMOVE', { arguments: ['handle', 'name'], results: WCC, failure: WCC }, REMOVES),
  procedure('RMDIR', { arguments: ['handle', 'name'], results: WCC, failure: WCC }, REMOVES),
  procedure(
    'RENAME',
    {
      arguments: ['handle', 'name', 'handle', 'name'],
      results: ['wcc', 'wcc'],
      failure: ['wcc', 'wcc'],
    },
    { again: 'renames', changes: true },
  ),
  procedure(
    'LINK',
    {
      arguments: ['handle', 'handle', 'name'],
      results: ['optionalAttributes', 'wcc'],
      failure: ['optionalAttributes', 'wcc'],
    },
    { again: 'links', changes: true },
  ),
  procedure('READDIR', {
    arguments: ['handle', 'long', 'verifier', 'number'],
    results: ['optionalAttributes', 'verifier', 'entries'],
    failure: ATTR,
  }),
  procedure('READDIRPLUS', {
    arguments: ['handle', 'long', 'verifier', 'number', 'number'],
    results: ['optionalAttributes', 'verifier', 'entriesPlus'],
    failure: ATTR,
  }),
  procedure('FSSTAT', {
    arguments: ['handle'],
    // tbytes, fbytes, abytes, tfiles, ffiles, afiles, invarsec
    results: ['optionalAttributes', 'long', 'long', 'long', 'long', 'long', 'long', 'number'],
    failure: ATTR,
  }),
  procedure('FSINFO', {
    arguments: ['handle'],
    results: FS_INFO,
    failure: ATTR,
  }),
  procedure('PATHCONF', {
    arguments: ['handle'],
    results: ['optionalAttributes', 'number', 'number', 'bool', 'bool', 'bool', 'bool'],
    failure: ATTR,
  }),
  procedure('COMMIT', {
    arguments: ['handle', 'long', 'number'],
    results: ['wcc', 'writeVerifier'],
    failure: WCC,
  }),
];

/** Numbers of those that the code knows by name. */
export const NULL = 0;
export const GETATTR = 1;
export const LOOKUP = 3;
export const REMOVE = 12;
export const RMDIR = 13;
export const RENAME = 14;
export const LINK = 15;
export const FSINFO = 19;
export const COMMIT = 21;

/** RFC 1813 `nfsstat3`: those that the redirector says or understands itself. */
export const OK = 0;
export const NOENT = 2;
export const ACCES = 13;
export const EXIST = 17;
export const XDEV = 18;
export const ROFS = 30;
export const STALE = 70;
export const BADHANDLE = 10_001;
export const SERVERFAULT = 10_006;
/** Not now: the client tries again by itself. */
export const JUKEBOX = 10_008;

/** Over what a server says, from its status on, which is returned. Undefined: it is not to be understood. */
export function walkResults(
  cursor: XdrCursor,
  { results, failure }: Procedure,
  marks: Marks,
): number | undefined {
  const status = cursor.number();
  walk(cursor, status === OK ? results : failure, marks.clear());
  return cursor.isRead ? status : undefined;
}
