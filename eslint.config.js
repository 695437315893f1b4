import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What each room may import of ours (docs/ARCHITECTURE.md); imports are relative, so the path names the room. */
const MAY_IMPORT = {
  core: [],
  collector: ['core'],
  models: ['core'],
  forecaster: ['core', 'models'],
  redirector: ['core'],
  agent: ['core'],
  replay: ['core', 'models', 'forecaster', 'redirector/switch'],
  api: ['core', 'forecaster/planner', 'forecaster/breaches.js', 'forecaster/scores.js'],
  console: [],
  grafana: ['core/metric-store/influx'],
};
const ROOMS = [...Object.keys(MAY_IMPORT), 'cli', 'demo', 'test', 'bench'];

/** Packages and parts of Node that touch the outside world, each with the places that may. */
const OWNER = [
  { regex: '^(pino|undici|prom-client|influx|ioredis|bullmq)$', owners: ['core'] },
  { regex: '^(@bull-board/.*|@fastify/.*|fastify)$', owners: ['api'] },
  { regex: '^node:(net|http|https|tls|dgram|dns)(/.*)?$', owners: ['core', 'api', 'demo'] },
  { regex: '^node:(fs|child_process)(/.*)?$', owners: ['core', 'demo', 'grafana'] },
  { regex: '^@grafana/', owners: ['grafana'] },
  { regex: '^@tensorflow/', owners: ['models'] },
];

const arrows = Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
  files: [`${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(\\.\\./)+(?!${[room, ...allowed].map((path) => (path.endsWith('.js') ? path : `${path}/`)).join('|')})(${ROOMS.join('|')})/`,
            message: `${room}/ may import ${allowed.join(', ') || 'no other room'}.`,
          },
          ...OWNER.filter(({ owners }) => !owners.includes(room)).map(({ regex, owners }) => ({
            regex,
            message: `Imported in ${owners.join(', ')} only.`,
          })),
        ],
      },
    ],
  },
}));

export default defineConfig(
  { ignores: ['dist/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch'].map((name) => ({
          name,
          message: 'Take a Clock, a Net.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take a Clock.' },
        { object: 'Math', property: 'random', message: 'Take an Rng.' },
        { object: 'AbortSignal', property: 'timeout', message: 'Take a Clock.' },
        { object: 'process', property: 'env', message: 'Take the parsed config.' },
        { object: 'process', property: 'hrtime', message: 'Take a Clock.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Take a Clock.',
        },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSEnumDeclaration', message: 'Use a string union.' },
      ],
    },
  },
  ...arrows,
  {
    // The edges of the world: the real clock, the terminal, what starts processes, what measures.
    files: [
      'core/clock/system.ts',
      'core/clock/simulated.ts',
      'cli/**/*.ts',
      'demo/**/*.ts',
      'console/**/*.ts',
      'test/**/*.ts',
      'bench/**/*.ts',
    ],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    // Numeric code reads typed arrays by indices whose bound is in sight; tests know what they made.
    files: [
      'models/**/*.ts',
      'forecaster/planner/**/*.ts',
      'forecaster/backtest/**/*.ts',
      'replay/rules/**/*.ts',
      'redirector/gate.ts',
      'redirector/counted-work.ts',
      'redirector/row-indices.ts',
      'core/placements.ts',
      'redirector/shared/**/*.ts',
      'core/metric-store/**/*.ts',
      'core/net/http/**/*.ts',
      'core/iscsi/**/*.ts',
      'core/onc-rpc/**/*.ts',
      'redirector/adapters/iscsi/**/*.ts',
      'redirector/adapters/nfs/**/*.ts',
      'test/**/*.ts',
      'bench/**/*.ts',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
