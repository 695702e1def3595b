/** How to point a client at a route, for people at a terminal. */
import type { ClientRoutes } from '../../access/api/clients-message.ts';

type Route = ClientRoutes['routes'][number];
type Client = Route['clients'][number];
type Step = Client['setUp'][number];

export function guideText({
  route,
  url,
  isOpen,
  client,
}: Pick<Route, 'route' | 'url' | 'isOpen'> & { readonly client: Client }): string {
  const { id, title, setUp, trust, logIn, check, undo } = client;
  const isWritable = setUp.some((step) => step.do === 'set');
  const parts = [
    `${title}: route ${route} at ${url}`,
    section(isWritable ? `Set up (or: meridian setup ${id} --write)` : 'Set up', setUp),
    section('Trust', trust),
    section(isOpen ? 'Log in, for what is not for everybody' : 'Log in', logIn),
    section('Check', check),
    section('Undo', undo),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function section(heading: string, steps: readonly Step[]): string {
  return steps.length === 0 ? '' : [heading, ...steps.flatMap(linesOf)].join('\n');
}

/** As people write it. */
export function shownPath(path: string): string {
  return path.startsWith('/') ? path : `~/${path}`;
}

function linesOf(step: Step): readonly string[] {
  if (step.do === 'run') return [`  $ ${step.command}`, `    ${step.why}`];
  const { text, file, why } = step;
  const lines = text.trimEnd().split('\n');
  return [`  in ${shownPath(file.path)}:`, ...lines.map((line) => `    ${line}`), `    (${why})`];
}
