/**
 * What a browser asks for because a page's `Link` fields say so, before it has read the page (W3C Preload; HTML, "Link type preload",
 * "modulepreload", "prefetch"). Only what is surely asked for, at this route, by an address and an `Accept` that can be told from here:
 * what hangs on the size of a screen, or on what a browser can show, is left out.
 */
import type { Foreseen } from '../../foresight.ts';
import { type Link, parseLinks } from '../../http/link.ts';
import { isNavigation } from '../../http/navigation.ts';

/** Of one page. */
const mostForeseen = 32;
/** It is fetched when a browser has nothing else to do, which some never have. */
const prefetchLikelihood = 0.7;

interface Page {
  /** Scheme and host as the client uses them, and what he has asked for there. */
  readonly base: string;
  readonly target: string;
  /** Of his request. */
  readonly headers: Headers;
}

/** @param prefix of the route, without a trailing slash. @param link the field of the answer. */
export function preloads(link: string | null, page: Page, prefix: string): readonly Foreseen[] {
  if (link === null || !isNavigation(page.headers)) return [];
  const browser = browserOf(page.headers);
  const found = new Map<string, Foreseen>();
  const later = new Map<string, Foreseen>();
  for (const each of parseLinks(link)) {
    const target = targetOf(each.reference, page, prefix);
    const asked = target === null || !isForAll(each) ? null : askedOf(each, browser);
    if (target === null || asked === null || target === page.target) continue;
    const into = asked.likelihood === undefined ? found : later;
    if (!into.has(target)) into.set(target, { target, ...asked });
  }
  for (const target of found.keys()) later.delete(target);
  return [...found.values(), ...later.values()].slice(0, mostForeseen);
}

/** A browser resolves it against the address that it has asked for, whatever the upstream would make of it. */
function targetOf(reference: string, { base, target }: Page, prefix: string): string | null {
  const url = URL.parse(reference, base + target);
  if (url === null || url.origin !== URL.parse(base)?.origin) return null;
  const { pathname, search } = url;
  const isHere = pathname.startsWith(`${prefix}/`) && !pathname.startsWith('/.meridian/');
  return isHere ? pathname + search : null;
}

/** It says nothing of another page, and does not hang on the medium; of several images, nobody here knows which. */
function isForAll({ parameters }: Link): boolean {
  const media = parameters.get('media')?.trim().toLowerCase() ?? '';
  return !parameters.has('anchor') && !parameters.has('imagesrcset') && ['', 'all', 'screen'].includes(media);
}

interface Browser {
  readonly family: 'chromium' | 'firefox' | 'other';
  /** Types of images that it asks for by name, in its order. */
  readonly images: readonly string[];
}

function browserOf(headers: Headers): Browser {
  const agent = headers.get('user-agent') ?? '';
  const family = /\b(?:Headless)?Chrome\//.test(agent)
    ? 'chromium'
    : /\bFirefox\//.test(agent)
      ? 'firefox'
      : 'other';
  const images = (headers.get('accept') ?? '').split(',').map((each) => each.trim());
  return { family, images: images.filter((each) => /^image\/[a-z]+$/.test(each)) };
}

type Asked = Pick<Foreseen, 'accept' | 'likelihood'>;

const anything = '*/*';
const style = 'text/css,*/*;q=0.1';

/** `null`: it does not, or nobody can tell how. `crossorigin` makes no difference to what is of the same origin. */
function askedOf({ relations, parameters }: Link, browser: Browser): Asked | null {
  const destination = parameters.get('as')?.toLowerCase() ?? '';
  const type = parameters.get('type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (relations.includes('preload')) {
    const accept = acceptOf(destination, browser);
    return accept !== null && takes(destination, type, browser) ? { accept } : null;
  }
  const { family } = browser;
  if (relations.includes('modulepreload') && family === 'chromium') return moduleOf(destination);
  // Only Firefox goes by it.
  if (relations.includes('stylesheet') && family === 'firefox')
    return takes('style', type, browser) && !relations.includes('alternate') ? { accept: style } : null;
  // With the `Accept` of the page itself. Safari does not do it.
  if (relations.includes('prefetch') && family === 'chromium') return { likelihood: prefetchLikelihood };
  return null;
}

/** What it sends for what is preloaded as that (Fetch §2.2.5, "destination"); what no browser preloads has none. */
function acceptOf(destination: string, { family, images }: Browser): string | null {
  switch (destination) {
    case 'style':
      return style;
    case 'script':
    case 'font':
    case 'fetch':
      return anything;
    case 'track':
      return family === 'chromium' ? anything : null;
    case 'image':
      // It says with a page which images it knows.
      return family === 'chromium' ? [...images, 'image/svg+xml,image/*,*/*;q=0.8'].join(',') : null;
    default:
      return null;
  }
}

function moduleOf(destination: string): Asked | null {
  switch (destination) {
    case '':
    case 'script':
      return { accept: anything };
    case 'style':
      return { accept: style };
    case 'json':
      return { accept: 'application/json,*/*;q=0.5' };
    default:
      return null;
  }
}

const types: Readonly<Record<string, RegExp>> = {
  style: /^text\/css$/,
  script: /^(?:text|application)\/(?:x-)?(?:java|ecma)script$/,
  font: /^font\/(?:woff2?|ttf|otf)$/,
  image: /^image\/(?:png|jpeg|gif|svg\+xml)$/,
  track: /^text\/vtt$/,
  fetch: /^/,
};

/** A browser leaves alone what it says it cannot use. */
function takes(destination: string, type: string, { images }: Browser): boolean {
  if (type === '' || types[destination]?.test(type) === true) return true;
  return destination === 'image' && images.includes(type);
}
