/**
 * Parameters whose values are never shown: not in messages, not in a printed config.
 */
export const credentialNames: ReadonlySet<string> = new Set([
  'secret',
  'authorization',
  'password',
  'token',
  'credentials',
  'secretAccessKey',
  'sessionToken',
  'headers',
]);
