/**
 * Which rendering of an index a client gets (PEP 691, "Version + Format Selection"): what it likes best of three, by the weights of its
 * `Accept` field; `?format=` with one of the media types goes before that.
 */
export const renderings = {
  text: 'text/html',
  html: 'application/vnd.pypi.simple.v1+html',
  json: 'application/vnd.pypi.simple.v1+json',
} as const;

export type Rendering = keyof typeof renderings;

/** In the order in which they are given to whoever likes them all alike: whoever says nothing may be a client from before JSON. */
const offered: readonly Rendering[] = ['text', 'html', 'json'];

const latest: Readonly<Record<string, string>> = {
  'application/vnd.pypi.simple.latest+json': renderings.json,
  'application/vnd.pypi.simple.latest+html': renderings.html,
};

interface Range {
  readonly type: string;
  readonly weight: number;
}

/** @returns `null`: it takes none of them (406). */
export function chooseRendering(accept: string | null): Rendering | null {
  const ranges = readAccept(accept ?? '');
  if (ranges.length === 0) return 'text';
  let best: Rendering | null = null;
  let bestWeight = 0;
  for (const rendering of offered) {
    const weight = weightOf(renderings[rendering], ranges);
    if (weight <= bestWeight) continue;
    best = rendering;
    bestWeight = weight;
  }
  return best;
}

/** @param type the value of `format`. @returns `null`: there is no such rendering. */
export function renderingOf(type: string): Rendering | null {
  const wanted = latest[type] ?? type;
  return offered.find((rendering) => renderings[rendering] === wanted) ?? null;
}

/** Longer lists than any client sends: what comes after is not looked at. */
const mostRanges = 50;

function readAccept(accept: string): readonly Range[] {
  return accept
    .split(',', mostRanges)
    .map((item) => {
      const [type = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return { type: latest[type] ?? type, weight: weight === undefined ? 1 : readWeight(weight.slice(2)) };
    })
    .filter(({ type }) => type !== '');
}

/** RFC 9110 §12.4.2; what is no weight counts as none. */
function readWeight(text: string): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

/** The most specific range counts (RFC 9110 §12.5.1). */
function weightOf(type: string, ranges: readonly Range[]): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const wanted of [type, family, '*/*']) {
    const found = ranges.find((range) => range.type === wanted);
    if (found !== undefined) return found.weight;
  }
  return 0;
}
