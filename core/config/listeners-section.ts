import { z } from 'zod';
import { USER } from '../credentials/credential-table.js';
import { isHeaderName } from '../net/http/header-list.js';
import { isConnectionName, isOwnName } from '../net/http/own-names.js';
import { resourceIdSchema } from '../schema.js';
import { iscsiNameSchema, iscsiUnitsSchema, refuseUnclearTargets } from './iscsi-units.js';
import {
  addressTextSchema,
  bytesSchema,
  globSchema,
  msSchema,
  networkSchema,
  portSchema,
} from './units.js';

/* Where clients come in, and how they are carried to servers. */

const routeSchema = z
  .union([
    z.literal('first-path-segment'),
    z.strictObject({ header: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'a header name') }),
    z.strictObject({ host: z.record(z.string().min(1).max(253), resourceIdSchema) }),
    z.strictObject({
      pathPrefix: z.record(
        z.string().regex(/^\/[^\s?#]*$/, 'a path that begins with /'),
        resourceIdSchema,
      ),
    }),
    z.strictObject({ resource: resourceIdSchema }),
    z.strictObject({
      serverName: z.record(
        z
          .string()
          .regex(/^(?:\*|(?:\*\.)?[a-z0-9_.-]{1,253})$/, 'a host name in lower case, *.name, or *'),
        resourceIdSchema,
      ),
    }),
  ])
  .describe(
    'How work names its resource. http: a request by its first path segment, a header, its host, or the longest path prefix. tcp: the listener has one (`resource`), or the name in the TLS hello says it (`serverName`), which goes to the server as it came.',
  );

const fileSchema = z.string().min(1).describe('PEM, relative to this file.');

export const certificateSchema = z.strictObject({
  certificateFile: fileSchema.describe('PEM: its own certificate, then those that signed it.'),
  keyFile: fileSchema,
});

const listenerTlsSchema = z.strictObject({
  certificates: z
    .array(certificateSchema)
    .min(1)
    .max(1000)
    .describe('By the names in them; the first for clients that ask for no name, or for another.'),
  clientCaFile: fileSchema
    .optional()
    .describe('PEM: clients must show a certificate that one of these signed.'),
  minVersion: z.enum(['1.2', '1.3']).default('1.2'),
});

export const serverLinkSchema = z.strictObject({
  match: globSchema.describe('Servers by name; the first that matches counts.'),
  tls: z
    .strictObject({
      caFile: fileSchema
        .optional()
        .describe(
          'PEM: who must have signed its certificate; left out: whoever the system trusts.',
        ),
      certificate: certificateSchema.optional().describe('What we show.'),
      serverName: z
        .string()
        .min(1)
        .max(253)
        .optional()
        .describe('The name that it must prove; left out: the host of its address.'),
    })
    .optional(),
  proxyProtocol: z
    .enum(['v1', 'v2'])
    .optional()
    .describe(
      'It is told whose each TCP connection is; of those for HTTP, NFS and iSCSI, that they are ours.',
    ),
  mountPort: portSchema
    .optional()
    .describe(
      'Of an NFS server: where its MOUNT program listens; left out: its portmapper, at port 111, is asked.',
    ),
});

export const listenerSchema = z
  .strictObject({
    listen: addressTextSchema.describe('Where clients connect.'),
    protocol: z
      .enum(['http', 'tcp', 'nfs', 'iscsi'])
      .default('http')
      .describe(
        'nfs: version 3, with MOUNT and portmapper at the same port; all that `nfs.exports` names. iscsi: all that `iscsi.targets` names.',
      ),
    route: routeSchema.default('first-path-segment'),
    tls: listenerTlsSchema.optional().describe('It ends TLS; left out: bytes go as they come.'),
    proxyProtocolFrom: z
      .array(networkSchema)
      .min(1)
      .optional()
      .describe('Peers there must say by the PROXY protocol (v1, v2) for whom they connect.'),
  })
  .superRefine(({ protocol, route, tls }, context) => {
    if (tls !== undefined && typeof route === 'object' && 'serverName' in route) {
      const message = 'not with `serverName`: that goes to its server still encrypted';
      context.addIssue({ code: 'custom', path: ['tls'], message });
    }
    const isOfTcp =
      route !== 'first-path-segment' && ('resource' in route || 'serverName' in route);
    if ((protocol === 'nfs' || protocol === 'iscsi') && route !== 'first-path-segment') {
      const message = `not of an ${protocol} listener: ${protocol === 'nfs' ? '`nfs.exports`' : '`iscsi.targets`'} says what is where`;
      context.addIssue({ code: 'custom', path: ['route'], message });
      return;
    }
    if (isOfTcp === (protocol === 'tcp')) return;
    const message =
      protocol === 'tcp'
        ? 'of a tcp listener: { resource: NAME } or { serverName: { … } }'
        : 'of an http listener: first-path-segment, header, host or pathPrefix';
    context.addIssue({ code: 'custom', path: ['route'], message });
  });

const retryBudgetSchema = z.strictObject({
  share: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Of the requests to a server: so many may be sent again.'),
  perSecond: z.number().min(0).default(10).describe('Beside these, for servers with few requests.'),
  savedMax: z
    .int()
    .min(0)
    .default(256)
    .describe(
      'What is not used is kept up to so many: what a server that breaks down loses at once.',
    ),
});

export const httpSchema = z.strictObject({
  connectionsMax: z.int().min(1).default(10_000),
  connectionsPerClientMax: z.int().min(1).default(10_000).describe('Of one IP.'),
  headTimeoutMs: msSchema.default(10_000),
  idleTimeoutMs: msSchema.default(60_000),
  stallTimeoutMs: msSchema.default(60_000),
  answerTimeoutMs: msSchema.default(60_000),
  tunnelIdleTimeoutMs: msSchema.default(3_600_000),
  connectTimeoutMs: msSchema.default(2000),
  serverConnectionsMax: z.int().min(1).default(256),
  serverIdleTimeoutMs: msSchema.default(4000),
  headBytesMax: bytesSchema.prefault('32KiB'),
  headersMax: z.int().min(1).default(100),
  resendBytesMax: bytesSchema.prefault('64KiB'),
  retryBudget: retryBudgetSchema
    .prefault({})
    .describe(
      'A request whose answer was lost is sent again, once, where that does no harm: within these limits, for each server.',
    ),
  errorPages: z
    .record(
      z.string().regex(/^[45](?:[0-9]{2}|xx)$/, 'a status from 400 to 599, 4xx or 5xx'),
      z.string().min(1),
    )
    .default({})
    .describe(
      'Status, or 4xx, 5xx: a file (.html, .txt, .json, .xml; relative to this file) whose content is the body of such answers of the redirector itself.',
    ),
  errorPageBytesMax: bytesSchema.prefault('64KiB').describe('Of one of these files.'),
  forwarded: z
    .enum(['replace', 'append', 'none'])
    .default('replace')
    .describe('X-Forwarded-*: our own word only, added to that of a trusted proxy, or none.'),
  forwardedStandard: z
    .boolean()
    .default(false)
    .describe('The same as `Forwarded` (RFC 7239), too.'),
  requestIdHeader: z
    .string()
    .min(1)
    .max(64)
    .transform((name) => name.toLowerCase())
    .refine(
      (name) => isHeaderName(name) && !isConnectionName(name) && !isOwnName(name),
      'a header name such as x-request-id, with no meaning for the connection',
    )
    .optional()
    .describe(
      'Each request gets a name, which its server is told in this header, the access log and the answers of the redirector itself have; with forwarded: append, one that it has already stays. Left out: none.',
    ),
});

export const tcpSchema = z.strictObject({
  connectionsMax: z.int().min(1).default(10_000).describe('One beyond a limit is reset unread.'),
  connectionsPerClientMax: z.int().min(1).default(10_000).describe('Of one IP.'),
  serverConnectionsMax: z.int().min(1).default(1000).describe('To one server.'),
  connectTimeoutMs: msSchema.default(2000),
  idleTimeoutMs: msSchema.default(3_600_000).describe('Without a byte in either direction.'),
  halfClosedTimeoutMs: msSchema.default(60_000).describe('The same once one side has finished.'),
  lifeMs: msSchema.optional().describe('Of a whole connection, however busy; left out: no limit.'),
  helloTimeoutMs: msSchema
    .default(5000)
    .describe('For the TLS hello, where it names the resource.'),
});

const exportSchema = z.strictObject({
  path: z
    .string()
    .max(1024)
    .regex(/^\/(?:[^\s/]+(?:\/[^\s/]+)*)?$/, 'a path from / on, without a slash at its end')
    .describe('What clients mount; and what lies below it.'),
  resource: resourceIdSchema,
  serverPath: z
    .string()
    .regex(/^\//, 'a path from / on')
    .max(1024)
    .optional()
    .describe('What servers export it as; left out: by the same path.'),
  clients: z
    .array(networkSchema)
    .min(1)
    .optional()
    .describe('Who may use it, since servers see the redirector only; left out: everybody.'),
  access: z.enum(['rw', 'ro']).default('rw'),
  squash: z
    .enum(['none', 'root', 'all'])
    .default('root')
    .describe('Whose calls servers take for those of nobody: of root, of all users, of none.'),
  anonymousUid: z.int().min(0).max(0xffff_ffff).default(65_534),
  anonymousGid: z.int().min(0).max(0xffff_ffff).default(65_534),
});

export const nfsSchema = z.strictObject({
  exports: z
    .array(exportSchema)
    .max(10_000)
    .default([])
    .superRefine((exports, context) => {
      for (const key of ['path', 'resource'] as const) {
        const seen = new Set<string>();
        for (const [at, one] of exports.entries()) {
          if (seen.has(one[key])) {
            const message = `${one[key]} is exported twice`;
            context.addIssue({ code: 'custom', path: [at, key], message });
          }
          seen.add(one[key]);
        }
      }
    })
    .describe('What clients see as one tree of exports, each a resource that moves by itself.'),
  connectionsMax: z.int().min(1).default(10_000).describe('One beyond a limit is reset unread.'),
  connectionsPerClientMax: z.int().min(1).default(10_000).describe('Of one IP.'),
  callsPerConnectionMax: z
    .int()
    .min(1)
    .default(256)
    .describe('Not answered yet; a client that has more is not read.'),
  callBytesPerConnectionMax: bytesSchema.prefault('8MiB').describe('The same in bytes.'),
  callBytesMax: bytesSchema.prefault('256MiB').describe('The same of all clients.'),
  idleTimeoutMs: msSchema.default(3_600_000).describe('A client without a call is let go.'),
  connectTimeoutMs: msSchema.default(2000),
  answerTimeoutMs: msSchema
    .default(60_000)
    .describe('Without a byte from a server that owes an answer: what it owes is asked anew.'),
  transferBytesMax: bytesSchema
    .prefault('1MiB')
    .describe('Clients read and write so much at once; the least that any of the servers can do.'),
  handlesMax: z
    .int()
    .min(1000)
    .max(190_000)
    .default(150_000)
    .describe('Files that clients have handles of; beyond, those that are not used go first.'),
  uncommittedMax: z
    .int()
    .min(1)
    .default(10_000)
    .describe('Files of an export, written and not on the disk yet, that a move commits.'),
});

const chapSchema = z.strictObject({
  user: z.string().regex(USER, 'a user: 1 to 128 of the characters A-Z a-z 0-9 . _ : @ + -'),
  secretFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Holds the secret, 12 to 255 printable characters in one line; relative to this file. Left out: it is the one of `foreshift credential set USER`, with `--kind server-chap` at servers.',
    ),
});

const serverLoginSchema = z
  .strictObject({
    match: globSchema.default('*').describe('Servers by name; left out: all.'),
    target: globSchema
      .default('*')
      .describe('Targets by the name that servers have them by; left out: all.'),
    chap: chapSchema.describe('Who the redirector is to them, if they ask.'),
    mutualChap: chapSchema
      .optional()
      .describe(
        'Who they must prove to be; their secret is another than ours. One that cannot is told of no command.',
      ),
  })
  .superRefine(({ chap, mutualChap }, context) => {
    const isSame =
      mutualChap !== undefined &&
      (chap.secretFile === undefined
        ? mutualChap.secretFile === undefined && mutualChap.user === chap.user
        : mutualChap.secretFile === chap.secretFile);
    if (!isSame) return;
    const message = 'not the secret of `chap`: each direction has its own';
    context.addIssue({ code: 'custom', path: ['mutualChap'], message });
  });

const targetSchema = z.strictObject({
  name: iscsiNameSchema.describe('What clients log in to.'),
  resource: resourceIdSchema
    .optional()
    .describe('All of it, with the LUNs that its server shows; or `units` says what each LUN is.'),
  serverName: iscsiNameSchema
    .optional()
    .describe('The name that servers have it by; left out: the same.'),
  units: iscsiUnitsSchema
    .optional()
    .describe('LUNs of several resources, each with a server of its own at any time.'),
  clients: z
    .array(networkSchema)
    .min(1)
    .optional()
    .describe('Who may use it, since servers see the redirector only; left out: everybody.'),
  initiators: z
    .array(iscsiNameSchema)
    .min(1)
    .max(10_000)
    .optional()
    .describe('The same by the names that they log in with.'),
  chap: chapSchema.optional().describe('Clients must prove that they know this secret.'),
  mutualChap: chapSchema
    .optional()
    .describe('By which the redirector proves to clients that ask who it is.'),
});

export const iscsiSchema = z.strictObject({
  targets: z
    .array(targetSchema)
    .max(10_000)
    .default([])
    .superRefine((targets, context) => {
      const seen = new Set<string>();
      for (const [at, { name }] of targets.entries()) {
        if (seen.has(name)) {
          const message = `${name} is a target twice`;
          context.addIssue({ code: 'custom', path: [at, 'name'], message });
        }
        seen.add(name);
      }
      refuseUnclearTargets(targets, context);
      for (const [at, { chap, mutualChap }] of targets.entries()) {
        if (mutualChap === undefined || chap !== undefined) continue;
        const message = 'not without `chap`: nobody asks who has not been asked';
        context.addIssue({ code: 'custom', path: [at, 'mutualChap'], message });
      }
    })
    .describe('What clients find by discovery: each a resource that moves by itself, or several.'),
  serverLogins: z
    .array(serverLoginSchema)
    .max(1000)
    .default([])
    .describe(
      'How the redirector logs on to servers that ask who it is (CHAP); the first that matches counts. Others must trust its address.',
    ),
  connectionsMax: z.int().min(1).default(10_000).describe('One beyond a limit is reset unread.'),
  connectionsPerClientMax: z.int().min(1).default(10_000).describe('Of one IP.'),
  commandsMax: z
    .int()
    .min(1)
    .max(1024)
    .default(128)
    .describe('Commands of a session without a status; one beyond is dropped, as iSCSI has it.'),
  dataSegmentBytesMax: bytesSchema
    .prefault('64KiB')
    .describe('What clients may send in one PDU: 512 B to 16 MiB.')
    .refine((bytes) => bytes >= 512 && bytes < 1 << 24, 'from 512 B to 16 MiB'),
  keptBytesPerSessionMax: bytesSchema
    .prefault('32MiB')
    .describe('Written and kept until the status: with more, commands are not repeated.'),
  keptBytesMax: bytesSchema.prefault('256MiB').describe('The same of all sessions.'),
  compositeBytesPerSessionMax: bytesSchema
    .prefault('32MiB')
    .describe('Data of LUNs made of parts, under way: with more, commands wait for their turn.'),
  compositeBytesMax: bytesSchema.prefault('256MiB').describe('The same of all sessions.'),
  loginTimeoutMs: msSchema.default(10_000),
  idleTimeoutMs: msSchema
    .default(600_000)
    .describe('A client that is silent is asked whether it is there, then let go.'),
  connectTimeoutMs: msSchema.default(2000),
  answerTimeoutMs: msSchema
    .default(15_000)
    .describe('The same of a server that owes an answer: what it owes is asked anew.'),
  retryForMs: msSchema
    .default(20_000)
    .describe('For a command that no server takes: then the client hears that it is busy.'),
  chapFailuresMax: z
    .int()
    .min(1)
    .default(5)
    .describe('Wrong answers of one IP; then its logins are refused for `chapPauseMs`.'),
  chapPauseMs: msSchema.default(30_000),
});

export const accessLogSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .optional()
    .describe('Relative to this file, `-`: standard output; left out: none is written.'),
  format: z
    .enum(['json', 'common'])
    .default('json')
    .describe('common: as NCSA wrote it; TCP connections are JSON in any case.'),
  share: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Of what is logged; what failed, but by its client, always is.'),
  query: z.boolean().default(false).describe('Queries too: they may hold what nobody should read.'),
  bufferBytesMax: bytesSchema
    .prefault('4MiB')
    .describe('Of lines that wait for the disk; beyond they are dropped and counted.'),
});
