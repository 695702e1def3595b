/**
 * Where each function of a file begins and ends, for the rules about their length and about the hit path.
 *
 * Found by brackets alone: each opening brace is judged by the code before it on its own level, in which
 * everything between brackets is left out (`function f({ a }: Options): Set<A> {` reads `function f(): Set<A>`).
 */
import { lineAt, type Source } from './source.ts';

export interface FunctionSpan {
  readonly name: string;
  /** Offsets of the first character of the head and of the closing brace. */
  readonly from: number;
  readonly to: number;
  /** Lines of the head and of the closing brace, 1-based. */
  readonly firstLine: number;
  readonly lastLine: number;
}

type Kind = 'function' | 'block' | 'literal' | 'bracket';

interface Level {
  readonly kind: Kind;
  readonly name: string;
  /** Where the head of what this level is the body of begins. */
  readonly headFrom: number;
  /** The code on this level since the last statement ended, without what lies between brackets. */
  head: string;
  headStart: number;
}

export function functionsOf(file: Source): FunctionSpan[] {
  const { code } = file;
  const found: FunctionSpan[] = [];
  const levels: Level[] = [{ kind: 'block', name: '', headFrom: 0, head: '', headStart: -1 }];

  for (let at = 0; at < code.length; at++) {
    const c = code[at]!;
    const level = levels.at(-1)!;
    if (level.headStart < 0 && /\S/.test(c)) level.headStart = at;

    if (c === '(' || c === '[' || c === '{') {
      const { kind, name } = c === '{' ? judge(level.head) : { kind: 'bracket' as const, name: '' };
      levels.push({ kind, name, headFrom: level.headStart, head: '', headStart: -1 });
    } else if ((c === ')' || c === ']' || c === '}') && levels.length > 1) {
      levels.pop();
      const outer = levels.at(-1)!;
      if (level.kind === 'function') found.push(span(file, level, at));
      outer.head += c === ')' ? '()' : c === ']' ? '[]' : '{}';
      const endsStatement = level.kind === 'function' || level.kind === 'block';
      if (endsStatement && outer.kind !== 'bracket') restart(outer);
    } else if (c === ';') {
      restart(level);
    } else {
      level.head += c;
    }
  }
  return found.sort((a, b) => a.from - b.from);
}

function restart(level: Level): void {
  level.head = '';
  level.headStart = -1;
}

function span(file: Source, level: Level, to: number): FunctionSpan {
  return {
    name: level.name,
    from: level.headFrom,
    to,
    firstLine: lineAt(file.text, level.headFrom),
    lastLine: lineAt(file.text, to),
  };
}

/** What an opening brace opens, told by the head before it. */
function judge(head: string): { kind: Kind; name: string } {
  const h = head.trimEnd();
  if (h.endsWith('=>')) return { kind: 'function', name: arrowName(h) };
  if (/(?:[:|&<,=?(]|\b(?:return|extends|in|of|as|satisfies))$/.test(h)) return { kind: 'literal', name: '' };
  if (/(?:^|[\s;})])(?:if|for|for\s+await|while|switch|catch|with)\s*\(\)$/.test(h))
    return { kind: 'block', name: '' };
  const declared = /\bfunction\b\s*\*?\s*([\w$]*)\s*(?:<[^()]*>)?\s*\(\)(?:\s*:[\s\S]*)?$/.exec(h);
  if (declared) return { kind: 'function', name: declared[1] || '(anonymous)' };
  const method =
    /(?:^|[,\n;}])\s*(?:(?:private|protected|public|static|override|async|get|set)\s+|\*\s*)*(#?[\w$]+|\[\])\s*(?:<[^()]*>)?\(\)(?:\s*:[^=]*)?$/.exec(
      h,
    );
  if (method) return { kind: 'function', name: method[1]! };
  return { kind: 'block', name: '' };
}

/** The name that an arrow function is given: `const name = () => {`, `name: () => {`. */
function arrowName(head: string): string {
  return (
    /([\w$]+)\s*(?::[^=]*)?[=:]\s*(?:async\s*)?(?:<[^()]*>)?(?:\(\)|[\w$]+)(?:\s*:[^=]*)?\s*=>$/.exec(
      head,
    )?.[1] ?? '(callback)'
  );
}
