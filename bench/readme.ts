/** Where results stand in the README: between two marks for each suite, so that a run can replace them. */

/** Throws when the marks are not there. */
export function intoReadme(readme: string, suite: string, text: string): string {
  const [open, close] = [`<!-- results: ${suite} -->`, `<!-- end of results: ${suite} -->`];
  const from = readme.indexOf(open);
  const to = readme.indexOf(close);
  if (from < 0 || to < from) throw new Error(`The README has no place for results: ${open} … ${close}`);
  return `${readme.slice(0, from + open.length)}\n\n${text.trim()}\n\n${readme.slice(to)}`;
}
