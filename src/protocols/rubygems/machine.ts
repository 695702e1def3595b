/** What the `User-Agent` of `gem` and Bundler says of the machine, and which builds of gems are for it. */

export interface Machine {
  readonly client: 'bundler' | 'gem';
  /** `x86_64`, `arm64`. */
  readonly cpu: string;
  /** `linux-gnu`, `linux-musl`, `darwin`, `mingw-ucrt`, `java`. */
  readonly os: string;
  /** `3.1.7`. */
  readonly ruby: string;
}

/** `null`: neither of them, or one that does not say it. */
export function machineOf(userAgent: string | null): Machine | null {
  if (userAgent === null) return null;
  const [, ruby, host] =
    /^bundler\/\S+ rubygems\/\S+ ruby\/(\d+(?:\.\d+)*)\S* \(([\w.-]+)\)/.exec(userAgent) ?? [];
  if (ruby !== undefined && host !== undefined) return { client: 'bundler', ruby, ...platformOf(host) };
  const [, platform, version] = /RubyGems\/\S+ ([\w.-]+) Ruby\/(\d+(?:\.\d+)*)/.exec(userAgent) ?? [];
  return platform === undefined || version === undefined
    ? null
    : { client: 'gem', ruby: version, ...platformOf(platform) };
}

/** @param text as compilers (`x86_64-pc-linux-gnu`) or gems (`x86_64-linux`, `arm64-darwin-22`, `java`) write it. */
function platformOf(text: string): Pick<Machine, 'cpu' | 'os'> {
  if (/^(?:java|jruby)/.test(text)) return { cpu: 'any', os: 'java' };
  const [first = ''] = text.split('-');
  const os = text.includes('darwin')
    ? 'darwin'
    : text.includes('musl')
      ? 'linux-musl'
      : text.includes('linux')
        ? 'linux-gnu'
        : text.includes('ucrt')
          ? 'mingw-ucrt'
          : text.includes('mingw')
            ? 'mingw32'
            : text.slice(first.length + 1);
  const cpu = /^i\d86$/.test(first) ? 'x86' : first === 'x64' ? 'x86_64' : first;
  return { cpu: cpu === 'aarch64' && os === 'darwin' ? 'arm64' : cpu, os };
}

/** How well a build suits: 0 not at all, 1 as well as any, more where it is made for that. @param platform of a build: `ruby`, `x86_64-linux`. */
export function suits(platform: string, { cpu, os }: Pick<Machine, 'cpu' | 'os'>): number {
  if (platform === 'ruby') return 1;
  const build = platformOf(platform);
  if (build.os === 'java' || os === 'java') return build.os === os ? 2 : 0;
  if (build.cpu !== cpu && build.cpu !== 'universal') return 0;
  const plain = platform.endsWith('-linux');
  if (build.os === os) return plain ? 2 : 3;
  // Before they were told apart, all builds for Linux were for any.
  return plain && os === 'linux-musl' ? 2 : 0;
}
