/** Which packages are of use on which platform. */

/** In the words of Node.js: `process.platform`, `process.arch`. */
export interface Platform {
  readonly os: string;
  readonly cpu: string;
  readonly libc: string;
}

/** A list of a manifest: one of these, or none of those that have a `!`. Absent: any. */
function allows(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined) return true;
  if (list.includes(`!${value}`)) return false;
  const wanted = list.filter((each) => !each.startsWith('!'));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes('any');
}

export interface Fit {
  readonly os?: readonly string[] | undefined;
  readonly cpu?: readonly string[] | undefined;
  readonly libc?: readonly string[] | undefined;
}

export function fits(needs: Fit, platform: Platform): boolean {
  return (
    allows(needs.os, platform.os) &&
    allows(needs.cpu, platform.cpu) &&
    (platform.os !== 'linux' || allows(needs.libc, platform.libc))
  );
}

const systems = new Set([
  ...['darwin', 'linux', 'win32', 'windows', 'android', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix'],
  ...['openharmony', 'cygwin', 'wasm32', 'wasi', 'linuxmusl'],
]);
const processors = new Set([
  ...['x64', 'arm64', 'ia32', 'arm', 'ppc64', 'ppc64le', 'ppc', 's390x', 'riscv64', 'loong64', 'mips64el'],
  ...['universal', 'wasm32', 'wasi', 'gnueabihf', 'armhf', 'armv6', 'armv7', 'mipsel', 'mips64'],
]);

/**
 * Whether a package is for other platforms, by its name: those that have a build for each platform in a package of its own name it there
 * (`@esbuild/darwin-arm64`). Where one cannot tell, it is not.
 */
export function isForOthers(name: string, { os, cpu, libc }: Platform): boolean {
  if (name === 'fsevents') return os !== 'darwin';
  const words = name.split(/[-/_.@]/);
  const system = words.find((word) => systems.has(word));
  const processor = words.find((word) => processors.has(word));
  if (system === undefined || processor === undefined) return false;
  const isMusl = system === 'linuxmusl' || words.includes('musl') || words.includes('musleabihf');
  const own = system === 'linuxmusl' ? 'linux' : system === 'windows' ? 'win32' : system;
  if (own !== os || (processor !== cpu && processor !== 'universal')) return true;
  return os === 'linux' && isMusl !== (libc === 'musl');
}
