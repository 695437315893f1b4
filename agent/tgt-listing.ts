/** A target as tgtd lists it. */
export interface ListedTarget {
  readonly tid: number;
  readonly name: string;
  readonly isReady: boolean;
  readonly units: readonly ListedUnit[];
  readonly connections: readonly ListedConnection[];
  /** Who may log in: addresses, networks and names of initiators. */
  readonly admitted: readonly string[];
}

export interface ListedUnit {
  readonly lun: number;
  readonly store: string;
  readonly scsiId: string;
  readonly serial: string;
  readonly isReadOnly: boolean;
}

export interface ListedConnection {
  readonly session: number;
  /** Undefined: a session that has none, or none any more. */
  readonly connection: number | undefined;
}

const TARGET = /^Target (\d+): (.*)$/m;

/**
 * What `tgtadm --mode target --op show` says. Undefined: it cannot be believed. Names of initiators stand in it as they sent
 * them, with line ends if they like: a target that is there twice is made up by one of them.
 */
export function targetsIn(said: string): readonly ListedTarget[] | undefined {
  const [, ...pieces] = `\n${said}`.split(/\n(?=Target \d+: )/);
  const targets = pieces.map(targetIn);
  const isSound =
    new Set(targets.map(({ tid }) => tid)).size === targets.length &&
    new Set(targets.map(({ name }) => name)).size === targets.length;
  return isSound && (said === '' || said.startsWith('Target ')) ? targets : undefined;
}

function targetIn(piece: string): ListedTarget {
  const [, tid = '', name = ''] = TARGET.exec(piece) ?? [];
  return {
    ...{ tid: Number(tid), name, isReady: /^ {8}State: ready$/m.test(piece) },
    connections: sectionOf(piece, 'I_T nexus')
      .split(/^ {8}(?=I_T nexus: )/m)
      .flatMap(connectionsIn),
    units: sectionOf(piece, 'LUN')
      .split(/^ {8}(?=LUN: )/m)
      .flatMap(unitsIn),
    admitted: sectionOf(piece, 'ACL')
      .split('\n')
      .flatMap((line) => (line.trim() === '' ? [] : [line.trim()])),
  };
}

function connectionsIn(text: string): ListedConnection[] {
  const session = Number(/^I_T nexus: (\d+)$/m.exec(text)?.[1] ?? NaN);
  if (Number.isNaN(session)) return [];
  const found = [...text.matchAll(/^ {12}Connection: (\d+)$/gm)];
  if (found.length === 0) return [{ session, connection: undefined }];
  return found.map(([, connection = '']) => ({ session, connection: Number(connection) }));
}

/** LUN 0 is tgtd's own: it stands for the target. */
function unitsIn(text: string): ListedUnit[] {
  const said = (what: string): string =>
    new RegExp(`^ {12}${what}: (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const lun = Number(/^LUN: (\d+)$/m.exec(text)?.[1] ?? 0);
  if (lun === 0) return [];
  return [
    {
      ...{ lun, store: said('Backing store path'), isReadOnly: said('Readonly') === 'Yes' },
      ...{ scsiId: said('SCSI ID'), serial: said('SCSI SN') },
    },
  ];
}

/** The lines under `    <title> information:`; the last of that name, since what stands before may be made up. */
function sectionOf(piece: string, title: string): string {
  const head = `\n    ${title} information:\n`;
  const at = piece.lastIndexOf(head);
  if (at === -1) return '';
  const rest = piece.slice(at + head.length);
  const end = /^ {4}\S/m.exec(rest)?.index;
  return rest.slice(0, end);
}
