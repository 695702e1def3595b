/** Names of gems and of their files, as RubyGems allows them: what a file's name says of name, version and platform. */

/** `Gem::Specification::VALID_NAME_PATTERN`, without the two names that mean folders. */
const namePattern = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;
/** `Gem::Version::VERSION_PATTERN` of what stands in file names: a dash begins the platform there. */
const versionPattern = /^[0-9]+(?:\.[0-9A-Za-z]+)*$/;
const platformPattern = /^[A-Za-z][A-Za-z0-9._-]{0,99}$/;
/** Platforms as gems have them: a processor, a system, its version; or one word. */
const knownPlatform =
  /^(?:ruby|java|jruby|dalvik|mswin\d*|mingw\d*|(?:x86|x64|x86_64|i\d86|universal|arm|armv\w+|arm64|aarch64|ppc\w*|powerpc\w*|s390x?|sparc\w*|riscv64|mips\w*|loongarch64|wasm32)-[a-z0-9_.-]+)$/;

export function isGemName(text: string): boolean {
  return namePattern.test(text);
}

export function isGemVersion(text: string): boolean {
  return text.length <= 100 && versionPattern.test(text);
}

export function isPlatform(text: string): boolean {
  return platformPattern.test(text);
}

/** One build of a version. */
export interface Build {
  readonly name: string;
  readonly version: string;
  /** `ruby`: for all. */
  readonly platform: string;
}

/** `nokogiri-1.16.0-x86_64-linux`: what files, and lines of indexes, are called by. */
export function fullName({ name, version, platform }: Build): string {
  return `${name}-${numberOf({ version, platform })}`;
}

/** `1.16.0-x86_64-linux`: as lines of the compact index begin. */
export function numberOf({ version, platform }: Pick<Build, 'version' | 'platform'>): string {
  return platform === 'ruby' ? version : `${version}-${platform}`;
}

/** The other way round. @returns `null` for what is none. */
export function readNumber(text: string): Pick<Build, 'version' | 'platform'> | null {
  const dash = text.indexOf('-');
  const version = dash < 0 ? text : text.slice(0, dash);
  const platform = dash < 0 ? 'ruby' : text.slice(dash + 1);
  return isGemVersion(version) && isPlatform(platform) ? { version, platform } : null;
}

/**
 * What a full name says. Names have dashes and digits, too, so it may be read in several ways: the first one counts that ends in a platform
 * which there is, then the one whose name is the longest.
 */
export function readFullName(text: string): Build | null {
  const found: Build[] = [];
  for (let dash = text.indexOf('-'); dash >= 0; dash = text.indexOf('-', dash + 1)) {
    const name = text.slice(0, dash);
    const number = readNumber(text.slice(dash + 1));
    if (number !== null && isGemName(name)) found.push({ name, ...number });
  }
  return (
    found.find(({ platform }) => platform !== 'ruby' && knownPlatform.test(platform)) ??
    found.findLast(({ platform }) => platform === 'ruby') ??
    found[0] ??
    null
  );
}
