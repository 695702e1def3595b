/** What has to be installed on the machine, and what to say when it is not. */

/** Command → the Debian package that has it. */
const packages = {
  nginx: 'nginx',
  varnishd: 'varnish',
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  openssl: 'openssl',
  taskset: 'util-linux',
  'docker-registry': 'docker-registry',
} as const;

export type Command = keyof typeof packages;

/** Debian keeps servers out of an ordinary user's PATH. */
export const searchPath = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Throws one message that names all that is missing. */
export function requireCommands(commands: readonly Command[]): void {
  const missing = [...new Set(commands)].filter((command) => !Bun.which(command, { PATH: searchPath }));
  if (missing.length === 0) return;
  const names = missing.map((command) => packages[command]).join(' ');
  throw new Error(`Not installed: ${missing.join(', ')}. On Debian: sudo apt-get install ${names}`);
}
