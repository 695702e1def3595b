/**
 * A readme as elements of a page: Markdown and whatever HTML its author has put there, of which only what says something is kept. Nothing of it
 * runs, looks like a part of the console, or is fetched from anywhere: an image is a link to itself.
 */
import DOMPurify from 'dompurify';
import { Marked } from 'marked';

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: { checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '), html: ({ text }) => quieter(text) },
});

/** No forms, no styles, no lists of definitions, whose parts make no sense without each other. */
const allowed = {
  ALLOWED_TAGS: [
    ...[
      'a',
      'b',
      'blockquote',
      'br',
      'code',
      'del',
      'details',
      'div',
      'em',
      'h1',
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
    ],
    ...[
      'hr',
      'i',
      'img',
      'ins',
      'kbd',
      'li',
      'ol',
      'p',
      'pre',
      's',
      'samp',
      'small',
      'span',
      'strong',
      'sub',
    ],
    ...['summary', 'sup', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'],
  ],
  // Neither `class`, `id` nor `style`: none of it can pass for something else on the page.
  ALLOWED_ATTR: ['align', 'alt', 'colspan', 'dir', 'href', 'lang', 'rowspan', 'src', 'start', 'title'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} as const;

/** What it says is not in any page until its caller puts it there. */
export function elementsOf(markdown: string): DocumentFragment {
  const html = marked.parse(markdown, { async: false });
  const fragment = DOMPurify.sanitize(html, {
    ...allowed,
    ALLOWED_TAGS: [...allowed.ALLOWED_TAGS],
    ALLOWED_ATTR: [...allowed.ALLOWED_ATTR],
  });
  // Before any of it is in a page: there, an image would be fetched.
  for (const image of fragment.querySelectorAll('img')) image.replaceWith(insteadOf(image));
  headings(fragment);
  for (const link of fragment.querySelectorAll('a')) tame(link);
  for (const block of fragment.querySelectorAll('pre')) block.tabIndex = 0;
  for (const table of fragment.querySelectorAll('table')) inScroll(table);
  return fragment;
}

/**
 * Without what browsers complain about as soon as they read it, wherever that is. It is the sanitiser that makes it harmless, and not
 * this.
 */
function quieter(html: string): string {
  return html
    .replaceAll(/<style\b[\s\S]*?(?:<\/style\s*>|$)/gi, '')
    .replaceAll(/<[a-z][^>]*>/gi, (tag) =>
      tag.replaceAll(/[\s/](?:on\w+|style)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/gi, ' '),
    );
}

function insteadOf(image: HTMLImageElement): Node {
  const said = image.alt.trim() || 'image';
  const address = webAddress(image.getAttribute('src'));
  if (address === null || image.closest('a') !== null) return document.createTextNode(said);
  const link = document.createElement('a');
  link.href = address;
  link.textContent = `${said} (image)`;
  return link;
}

/** The page has headings of its own above; and each has a name, by which links of the readme itself find it. */
function headings(fragment: DocumentFragment): void {
  const names = new Map<string, number>();
  for (const heading of fragment.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const level = Math.min(6, Number(heading.tagName.slice(1)) + 2);
    const lower = document.createElement(`h${level}`);
    const slug = slugOf(heading.textContent);
    const times = names.get(slug) ?? 0;
    names.set(slug, times + 1);
    lower.id = ownName(times === 0 ? slug : `${slug}-${times}`);
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
}

/** As common renderers make them of headings. */
function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

/** None that the console itself uses. */
function ownName(slug: string): string {
  return `readme-${slug}`;
}

function tame(link: HTMLAnchorElement): void {
  const given = link.getAttribute('href');
  const inside = /^#(.+)$/.exec(given ?? '')?.[1];
  const address = webAddress(given);
  if (link.textContent.trim() === '' || (inside === undefined && address === null)) {
    link.replaceWith(...link.childNodes); // a path of its sources, or nothing to press
    return;
  }
  if (inside !== undefined) {
    link.setAttribute('href', `#${ownName(inside)}`);
    return;
  }
  link.href = address ?? '';
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.className = 'external';
}

function webAddress(text: string | null): string | null {
  const url = text === null ? null : URL.parse(text);
  return url !== null && ['https:', 'http:', 'mailto:'].includes(url.protocol) ? url.href : null;
}

function inScroll(table: HTMLTableElement): void {
  const place = document.createElement('section');
  place.className = 'scroll';
  place.tabIndex = 0;
  place.setAttribute('aria-label', 'Table of the readme');
  table.replaceWith(place);
  place.append(table);
}
