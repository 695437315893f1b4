import { createHash } from 'node:crypto';
import { fail } from '../core/errors.js';
import { clip } from '../core/text.js';

/** A target of tgtd, as its file describes it. */
export interface TgtTarget {
  /** `iqn.2001-04.com.example:vol1` */
  readonly name: string;
  readonly units: readonly TgtUnit[];
  /** Who may log in: addresses and networks, or ALL. */
  readonly addresses: readonly string[];
  readonly initiators: readonly string[];
}

/** A logical unit (LUN). */
export interface TgtUnit {
  readonly lun: number;
  /** File or block device. */
  readonly store: string;
  /** Initiators know it by these: they must be the same on every server that may serve it. */
  readonly scsiId: string;
  readonly serial: string;
  readonly isReadOnly: boolean;
  /** False: each write is on the disk before it is answered. */
  readonly hasWriteCache: boolean;
  /** How tgtd reaches the store (`rdwr`, `aio`); undefined: its default. */
  readonly access: string | undefined;
  /** How it opens it: `sync`, `direct`, `sync:direct`. */
  readonly flags: string | undefined;
}

/** Of a file with a description. */
export const TARGET_BYTES_MAX = 64 << 10;
/** What LUNs of one level can tell apart. */
const LUN_MAX = 255;

const WORD = /^[A-Za-z0-9._:-]{1,36}$/;
const NAME = /^(?:iqn|eui|naa)\.[A-Za-z0-9.:_-]{1,219}$/;
/** tgtadm takes lists with commas, tgt-admin has < > and # for itself. */
const STORE = /^\/[^\s",<>#\\]{1,1023}$/;
const ADDRESS = /^[A-Za-z0-9.:/[\]]{1,64}$/;

/** What may be said of a unit, or of all units of a target, and which values it takes. */
const OF_UNITS = {
  'write-cache': /^(?:on|off)$/,
  readonly: /^[01]$/,
  'bs-type': /^(?:rdwr|aio)$/,
  bsoflags: /^(?:sync|direct|sync:direct)$/,
} as const;
const OF_UNIT = { ...OF_UNITS, lun: /^[0-9]{1,3}$/, scsi_id: WORD, scsi_sn: WORD } as const;
const OF_TARGET = {
  ...OF_UNITS,
  'backing-store': STORE,
  'initiator-address': ADDRESS,
  'initiator-name': NAME,
} as const;

type Said = Readonly<Partial<Record<keyof typeof OF_UNIT, string>>>;

interface Draft {
  name: string;
  readonly all: Record<string, string>;
  readonly units: { readonly store: string; readonly line: number; readonly said: Said }[];
  readonly addresses: string[];
  readonly initiators: string[];
  isOver: boolean;
}

/**
 * One `<target>` block in the words of tgt-admin's targets.conf, of which a part is known here: what is not is refused, since a server
 * that is let serve something must do so as it is written. Units without an identity get one by the name of their target
 * and their number: the same on every server. (tgtd's own comes from its count of targets.)
 * @param file by which errors name it
 * @throws ERR_TARGET_INVALID
 */
export function targetIn(text: string, file: string): TgtTarget {
  const draft: Draft = {
    ...{ name: '', all: {}, units: [], addresses: [], initiators: [], isOver: false },
  };
  let unit:
    { readonly store: string; readonly line: number; said: Record<string, string> } | undefined;
  let number = 0;
  const refuse = (why: string, line = number): never =>
    fail('ERR_TARGET_INVALID', { file, line, why });
  const checked = (
    known: Readonly<Record<string, RegExp>>,
    word: string,
    value: string,
  ): string => {
    const form = Object.hasOwn(known, word) ? known[word] : undefined;
    if (form === undefined) return refuse(`"${clip(word)}" may not stand there`);
    if (!form.test(value)) return refuse(`"${clip(value)}" is no value of ${word}`);
    return value;
  };
  for (const raw of text.split('\n')) {
    number += 1;
    const line = raw.replace(/(?:^|\s)#.*$/, '').trim();
    if (line === '') continue;
    const [, opened = '', opens = ''] = /^<([a-z-]+)\s+(\S+)\s*>$/.exec(line) ?? [];
    const [word = '', value = ''] = line.split(/\s+(.*)/);
    if (opened === 'target') {
      if (draft.name !== '') refuse('a second target');
      if (!NAME.test(opens))
        refuse(`"${clip(opens)}" is no name of a target (iqn.…, eui.…, naa.…)`);
      draft.name = opens;
    } else if (draft.name === '' || draft.isOver) {
      refuse('only <target NAME> … </target> may stand in it');
    } else if (opened !== '') {
      if (unit !== undefined || opened !== 'backing-store')
        refuse(`<${clip(opened)}> may not stand there`);
      unit = { store: checked(OF_TARGET, opened, opens), line: number, said: {} };
    } else if (line === '</backing-store>' && unit !== undefined) {
      draft.units.push(unit);
      unit = undefined;
    } else if (line === '</target>' && unit === undefined) {
      draft.isOver = true;
    } else if (unit !== undefined) {
      unit.said[word] = checked(OF_UNIT, word, value);
    } else {
      const given = checked(OF_TARGET, word, value);
      if (word === 'backing-store') draft.units.push({ store: given, line: number, said: {} });
      else if (word === 'initiator-address') draft.addresses.push(given);
      else if (word === 'initiator-name') draft.initiators.push(given);
      else draft.all[word] = given;
    }
  }
  if (!draft.isOver) refuse(draft.name === '' ? 'no <target NAME>' : 'its </target> is missing');
  if (draft.units.length === 0) refuse('no backing-store');
  return targetOf(draft, refuse);
}

function targetOf(draft: Draft, refuse: (why: string, line: number) => never): TgtTarget {
  const { name, all, addresses, initiators } = draft;
  const taken = new Set(
    draft.units.flatMap(({ said }) => (said.lun === undefined ? [] : [Number(said.lun)])),
  );
  const units: TgtUnit[] = [];
  let next = 1;
  for (const { store, line, said } of draft.units) {
    while (said.lun === undefined && taken.has(next)) next += 1;
    const lun = said.lun === undefined ? next : Number(said.lun);
    taken.add(lun);
    if (lun < 1 || lun > LUN_MAX) refuse(`LUN ${lun} is not one of 1 to ${LUN_MAX}`, line);
    if (units.some((other) => other.lun === lun)) refuse(`LUN ${lun} is there twice`, line);
    const own = createHash('sha256').update(`${name}/${lun}`).digest('hex').slice(0, 16);
    const has: Said = { ...all, ...said };
    units.push({
      ...{ lun, store, scsiId: has.scsi_id ?? `fs-${own}`, serial: has.scsi_sn ?? own },
      ...{ isReadOnly: has.readonly === '1', hasWriteCache: has['write-cache'] !== 'off' },
      ...{ access: has['bs-type'], flags: has.bsoflags },
    });
  }
  const isForAll = addresses.length === 0 && initiators.length === 0;
  return { name, units, addresses: isForAll ? ['ALL'] : addresses, initiators };
}

/** As tgt-admin reads it. */
export function targetText({ name, units, addresses, initiators }: TgtTarget): string {
  return [
    `<target ${name}>`,
    '  driver iscsi',
    ...units.flatMap((unit) => [
      `  <backing-store ${unit.store}>`,
      `    lun ${unit.lun}`,
      `    scsi_id ${unit.scsiId}`,
      `    scsi_sn ${unit.serial}`,
      `    readonly ${unit.isReadOnly ? 1 : 0}`,
      `    write-cache ${unit.hasWriteCache ? 'on' : 'off'}`,
      ...(unit.access === undefined ? [] : [`    bs-type ${unit.access}`]),
      ...(unit.flags === undefined ? [] : [`    bsoflags ${unit.flags}`]),
      '  </backing-store>',
    ]),
    ...addresses.map((address) => `  initiator-address ${address}`),
    ...initiators.map((initiator) => `  initiator-name ${initiator}`),
    '</target>',
    '',
  ].join('\n');
}
