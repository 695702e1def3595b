/** Version numbers as semver.org 2.0.0 has them, without build metadata, which npm drops when it publishes. */
const number = '(?:0|[1-9]\\d{0,15})';
const word = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const version = new RegExp(`^${number}\\.${number}\\.${number}(?:-${word}(?:\\.${word})*)?$`);

/** npm's own bound. */
const MAX_LENGTH = 256;

export function isExactVersion(text: string): boolean {
  return text.length <= MAX_LENGTH && version.test(text);
}

/** Of these, the highest that is no pre-release; of pre-releases alone, the highest. `null` of none. */
export function highest(versions: readonly string[]): string | null {
  const stable = versions.filter((each) => !each.includes('-'));
  const from = stable.length > 0 ? stable : versions;
  return from.reduce<string | null>(
    (best, each) => (best === null || Bun.semver.order(each, best) > 0 ? each : best),
    null,
  );
}

/** What a tag could be mistaken for: `npm install pkg@1` means versions. */
export function looksLikeRange(text: string): boolean {
  return /^[v=~^<>]*\s*\d/.test(text) || /^[xX*]$/.test(text);
}

/** As package.json may spell it: `v1.0.0`, `=1.0.0`, with build metadata. */
export function cleaned(text: string): string {
  return text
    .trim()
    .replace(/^[v=\s]+/, '')
    .replace(/\+.*$/, '');
}
