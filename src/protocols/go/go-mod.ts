/** The `module` line of a go.mod file (go.dev/ref/mod#go-mod-file-module): all that a registry has to know of it. */

/** The module's path; `null`: it does not say. */
export function moduleIn(goMod: string): string | null {
  const text = withoutComments(goMod);
  const found =
    /^[ \t]*module(?:[ \t]+|[ \t]*\([ \t\r\n]*)("[^"\n]*"|`[^`\n]*`|[^\s()]+)[ \t\r]*(?:$|\n|\))/m.exec(
      text,
    )?.[1];
  if (found === undefined) return null;
  return /^["`]/.test(found) ? found.slice(1, -1) : found;
}

/** How many modules it requires. */
export function requirementsIn(goMod: string): number {
  const text = withoutComments(goMod);
  const blocks = [...text.matchAll(/^[ \t]*require[ \t]*\(([^)]*)\)/gm)].flatMap(([, lines = '']) =>
    lines.split('\n'),
  );
  const alone = [...text.matchAll(/^[ \t]*require[ \t]+[^\s(]+[ \t]+\S+/gm)];
  return alone.length + blocks.filter((line) => line.trim() !== '').length;
}

function withoutComments(goMod: string): string {
  return goMod.replace(/\/\/[^\n]*/g, '');
}
