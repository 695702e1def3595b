/**
 * A source file as the rules see it: the text, and the same text with comments and the contents of strings
 * blanked out, so that a pattern finds code only. Offsets and lines are the same in both.
 *
 * The scanner knows just enough of TypeScript's lexical grammar: comments, strings, templates (code inside
 * `${}` stays code) and regular expressions, which it tells from division by what comes before.
 */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
}

/** What a rule found, where, and what to do about it. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export function source(path: string, text: string): Source {
  return { path, text, code: isCode(path) ? blank(text) : text };
}

export function isCode(path: string): boolean {
  return /\.(ts|tsx|mts|mjs|cjs|js)$/.test(path);
}

/** Code that is run in production: everything in src/ but the tests and contracts beside it. */
export function isProduct(path: string): boolean {
  return path.startsWith('src/') && isCode(path) && !isTest(path);
}

export function isTest(path: string): boolean {
  return /\.(test|contract)\.ts$/.test(path);
}

/** The line that an offset lies on, 1-based, as editors count. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Every match of `pattern` in code, as violations. */
export function violations(file: Source, pattern: RegExp, message: string): Violation[] {
  const all = new RegExp(pattern, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`);
  return [...file.code.matchAll(all)].map((match) => ({
    path: file.path,
    line: lineAt(file.text, match.index + match[0].search(/\S/)),
    message,
  }));
}

/** Blanks comments and the contents of strings, templates and regular expressions; keeps their delimiters. */
export function blank(text: string): string {
  const out = text.split('');
  /** For each open `${`, how many braces are open inside it. */
  const holes: number[] = [];
  let at = 0;

  const erase = (from: number, to: number) => {
    for (let i = from; i < to && i < out.length; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  const template = (from: number) => {
    const end = endOfTemplateText(text, from);
    erase(from, end);
    if (text[end] === '$') holes.push(0);
    return text[end] === '$' ? end + 2 : end + 1;
  };

  while (at < text.length) {
    const c = text[at];
    const next = text[at + 1];
    if (c === '/' && (next === '/' || next === '*')) {
      const end = endOfComment(text, at);
      erase(at, end);
      at = end;
    } else if (c === "'" || c === '"') {
      const end = endOfString(text, at);
      erase(at + 1, end);
      at = end + 1;
    } else if (c === '`') {
      at = template(at + 1);
    } else if (c === '}' && holes.at(-1) === 0) {
      holes.pop();
      at = template(at + 1);
    } else if (c === '/' && startsRegExp(out, at)) {
      const end = endOfRegExp(text, at);
      erase(at + 1, end);
      at = end + 1;
    } else {
      if (holes.length > 0 && c === '{') holes[holes.length - 1]! += 1;
      if (holes.length > 0 && c === '}') holes[holes.length - 1]! -= 1;
      at += 1;
    }
  }
  return out.join('');
}

function endOfComment(text: string, from: number): number {
  const lineComment = text[from + 1] === '/';
  const end = text.indexOf(lineComment ? '\n' : '*/', from + 2);
  if (end < 0) return text.length;
  return lineComment ? end : end + 2;
}

/** The offset of the closing quote, or of the line's end where there is none. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== text[from] && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** The offset of the closing backtick or of the next `${`. */
function endOfTemplateText(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '`' && !(text[at] === '$' && text[at + 1] === '{')) {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

/** The offset of the closing slash; one inside a character class does not close. */
function endOfRegExp(text: string, from: number): number {
  let inClass = false;
  let at = from + 1;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

/** A slash after a value divides; after an operator, an opening bracket or a keyword it starts a pattern. */
function startsRegExp(blanked: readonly string[], at: number): boolean {
  const before = blanked
    .slice(Math.max(0, at - 200), at)
    .join('')
    .trimEnd();
  if (before === '') return true;
  if (/(?:^|[^\w$.])(?:return|typeof|case|in|of|void|delete|throw|await|yield|else|do)$/.test(before))
    return true;
  return !/[\w$)\]}'"`]$/.test(before);
}
