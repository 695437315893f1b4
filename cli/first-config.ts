import { stringify } from 'yaml';
import { loadConfig } from '../core/config/load.js';
import type { Mode } from '../core/domain.js';

/** What a first config says; the rest are defaults, which `foreshift config print` shows. */
export interface FirstAnswers {
  readonly mode: Mode;
  readonly listen: string;
  /** `s1=10.0.0.11:80, s2=10.0.0.12:80`; empty: agents announce them. */
  readonly servers: string;
  /** `vol-1, vol-2`; empty: agents announce them. */
  readonly resources: string;
  /** Of node_exporter on each server; empty: nothing is read. */
  readonly exporterPort: string;
  /** Of each server; empty: not known. */
  readonly cores: string;
  readonly memory: string;
}

const HEADER = `# Foreshift: a first config. \`foreshift doctor\` says whether it works, \`foreshift up\` starts it,
# docs/CONFIG.md has every key. Nothing is moved in mode observe; propose asks you first; auto does not.
`;

/**
 * The text of a config file.
 * @param schema the file of the schema, as the config's folder knows it, by which editors complete keys
 * @throws ERR_CONFIG_INVALID
 */
export function firstConfig(
  answers: FirstAnswers,
  { file = 'foreshift.yaml', schema = '' },
): string {
  const { mode, listen, exporterPort, cores, memory } = answers;
  const capacity = {
    ...(cores !== '' && { cpu: Number(cores) }),
    ...(memory !== '' && { memory }),
  };
  const servers = listOf(answers.servers).map((text, at) => {
    const [id = '', address = ''] = text.includes('=') ? text.split('=') : [`s${at + 1}`, text];
    return {
      id,
      address,
      ...(Object.keys(capacity).length > 0 && { capacity }),
      ...(exporterPort !== '' && {
        metrics: { source: 'prometheus', url: `http://${hostOf(address)}:${exporterPort}/metrics` },
      }),
    };
  });
  const names = listOf(answers.resources);
  const config = {
    mode,
    listeners: [{ listen, route: 'first-path-segment' }],
    ...(servers.length > 0 && { servers }),
    ...(names.length > 0 && { resources: { names } }),
  };
  const text = `# yaml-language-server: $schema=${schema}\n${HEADER}${stringify(config, { aliasDuplicateObjects: false })}`;
  loadConfig({ file, text, environment: {} });
  return text;
}

function listOf(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** `[::1]:80` → `[::1]` */
function hostOf(address: string): string {
  return address.replace(/:[0-9]+$/, '');
}
