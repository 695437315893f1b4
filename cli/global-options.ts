/** Options that every verb has. */
export const GLOBAL_OPTIONS: readonly (readonly [flags: string, text: string])[] = [
  ['--config <file>', 'the config file (default: foreshift.yaml here)'],
  ['--api <url>', 'the API of a running Foreshift (default: that of the config)'],
  ['--api-token-file <file>', 'holds a token for the API (or FORESHIFT_TOKEN)'],
  ['--json', 'one JSON value on standard output'],
  ['--no-color', 'no colours'],
];
